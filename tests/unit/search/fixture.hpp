// What the tests of search share: a database on a real file, people with sessions, messages sent through the table.
#pragma once

#include "indexer.hpp"
#include "service.hpp"
#include "store.hpp"

#include <kith/core/config.hpp>
#include <kith/core/id_source.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/gateway/registry.hpp>
#include <kith/journal_tx.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kith::search_test {

using namespace kith::search;
using messages::conversation_id;

/// A clock turned by hand.
class hand_clock final : public clock_source {
public:
    [[nodiscard]] timestamp now() const noexcept override { return now_; }
    [[nodiscard]] steady_time steady_now() const noexcept override {
        return steady_time(now_.time_since_epoch());
    }
    void turn(std::chrono::seconds by) { now_ += by; }

private:
    timestamp now_ = from_micros(1'800'000'000'000'000);
};

class nobody_online final : public users::presence {
public:
    void fill(users::user&) const override {}
};

class folder {
public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "kith-search-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("mkdtemp failed");
        }
        path = name;
    }
    ~folder() { std::filesystem::remove_all(path); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    std::string path;
};

/// The services on a migrated database, with three people: ada, bob and eve.
class house {
public:
    house() : ids(clock, 0) {
        const std::string path = place.path + "/kith.db";
        db::migrate_blocking(path, clock, *log);
        db::options options;
        options.path = path;
        data = db::open(options, db::deps(io.get_executor(), clock, *log, *numbers, notes.get()));
        talk = messages::create(messages::deps{*data, *notes, table, people, ids, settings});
        index_file = open_index(place.path + "/search.db",
                                db::deps(io.get_executor(), clock, *log, *numbers, nullptr));
        index = std::make_unique<search_service>(deps_of());
        ada = add_person(11, "ada");
        bob = add_person(22, "bob");
        eve = add_person(33, "eve");
    }
    ~house() {
        index.reset();
        data->stop_blocking();
        index_file->stop_blocking();
        io.restart();
        io.run();
    }
    house(const house&) = delete;
    house& operator=(const house&) = delete;

    search::deps deps_of() { return deps_of(clock); }
    search::deps deps_of(const clock_source& by) {
        return search::deps{*data, *index_file, table, by, *log, *numbers};
    }

    gateway::principal add_person(std::int64_t number, const std::string& name) {
        gateway::principal who;
        who.user = user_id(number);
        who.session = session_id(number + 100'000);
        run(data->write([who, name](transaction& t) {
            t.execute(
                "INSERT INTO users (id, username, username_key, username_look, folded_look, nickname, nickname_key, bio, "
                "role, state, password, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, 0, '', 0)",
                who.user, name, name, name, name, "Nick " + name, name);
            t.execute(
                "INSERT INTO users_sessions (id, user, device_kind, device_name, address, user_agent, refresh_hash, "
                "generation, refreshed_at, created_at, last_seen) VALUES (?, ?, 3, '', '', '', '', 0, 0, 0, 0)",
                who.session, who.user);
        }));
        return who;
    }

    template <class T>
    T run(task<T> work) {
        std::exception_ptr failed;
        std::optional<T> result;
        boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T value) {
            failed = e;
            result = std::move(value);
        });
        turn(failed);
        return std::move(*result);
    }
    void run(task<void> work) {
        std::exception_ptr failed;
        boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) { failed = e; });
        turn(failed);
    }
    void write(const std::string& sql) {
        run(data->write([sql](transaction& t) { t.execute_script(sql); }));
    }
    std::int64_t count(const std::string& sql) {
        return run(data->read([sql](snapshot& s) { return s.integer(sql).value_or(0); }));
    }
    /// Which error `work` ended with; nullopt when it succeeded.
    template <class T>
    std::optional<error_code> refusal(task<T> work) {
        wrong.clear();
        try {
            run(std::move(work));
        } catch (const error& e) {
            for (const error_detail& one : e.pointers()) {
                wrong.push_back(one.pointer);
            }
            return e.code();
        }
        return std::nullopt;
    }

    /// Calls an operation as the gateway would.
    json::value call(const gateway::principal& who, const char* operation, const json::value& input) {
        gateway::call made;
        made.who = who;
        return json::parse(run(table.find(operation)->run(made, input)));
    }
    conversation_id open(const gateway::principal& one, const gateway::principal& other) {
        json::value input = json::value::object();
        input["user"] = to_string(other.user);
        return conversation_id(
            parse_id(call(one, "conversation.open_direct", input)["id"].get<std::string>()));
    }
    /// Returns the seq.
    std::int64_t say(const gateway::principal& who, conversation_id where, const std::string& text) {
        json::value input = json::value::object();
        input["conversation"] = to_string(where);
        std::string digits = std::to_string(++uuids);
        input["client_id"] = "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
        input["kind"] = "text";
        input["body"]["text"] = text;
        return call(who, "message.send", input)["seq"].get<std::int64_t>();
    }
    void recall(const gateway::principal& who, conversation_id where, std::int64_t seq) {
        json::value input = json::value::object();
        input["conversation"] = to_string(where);
        input["seq"] = seq;
        call(who, "message.recall", input);
    }

    /// What the loop does first.
    void check() {
        const standing now = run(data->read(&read_standing));
        run(index_file->write([now](transaction& t) { check_index(t, now); }));
    }
    void write_index(const std::string& sql) {
        run(index_file->write([sql](transaction& t) { t.execute_script(sql); }));
    }
    /// Of the index.
    std::int64_t indexed(const std::string& sql) {
        return run(index_file->read([sql](snapshot& s) { return s.integer(sql).value_or(0); }));
    }
    /// Steps until nothing is left to do.
    void follow() {
        indexer steps(deps_of());
        while (run(steps.step())) {
        }
    }
    static search_query query(const std::string& text) {
        search_query asked;
        asked.text = text;
        return asked;
    }
    search_page search(const gateway::principal& who, const search_query& asked) {
        return run(index->search(who, asked));
    }
    std::vector<std::string> texts(const gateway::principal& who, const std::string& words) {
        std::vector<std::string> found;
        for (const found_message& one : search(who, query(words)).items) {
            found.push_back(one.message.body->text);
        }
        return found;
    }

    folder place;
    hand_clock clock;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    boost::asio::io_context io{1};
    std::unique_ptr<journal::writer> notes = journal::make_writer();
    config settings;
    nobody_online people;
    id_source ids;
    gateway::registry table;
    std::unique_ptr<database> data;
    std::unique_ptr<database> index_file;
    std::unique_ptr<messages::service> talk;
    std::unique_ptr<search_service> index;
    gateway::principal ada, bob, eve;
    std::vector<std::string> wrong;  ///< the pointers of the last refusal

private:
    void turn(const std::exception_ptr& failed) {
        io.restart();
        io.run();
        if (failed) {
            std::rethrow_exception(failed);
        }
    }
    std::int64_t uuids = 0;
};

}  // namespace kith::search_test
