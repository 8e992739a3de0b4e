// What the tests of messages share: a database on a real file, people with sessions, the service, what was pushed.
#pragma once

#include "service.hpp"
#include "store.hpp"

#include "../store_place.hpp"

#include <kith/core/config.hpp>
#include <kith/core/id_source.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/gateway/registry.hpp>
#include <kith/journal_tx.hpp>
#include <kith/messages_tx.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kith::messages_test {

using namespace kith::messages;

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

/// Everyone is online for everyone.
class all_online final : public users::presence {
public:
    void fill(users::user& who) const override { who.presence = users::presence_state::online; }
};

/// One pushed event as a socket would get it.
struct pushed {
    std::string type;
    std::int64_t pos = 0;
    std::int64_t thing = 0;
    std::int64_t seq = 0;
    std::vector<journal::topic> topics;
    json::value data;
    std::vector<gateway::effect> effects;
};

/// Keeps every committed change, encoded by the table.
class ear final : public journal::tail {
public:
    explicit ear(const gateway::registry& table) : table_(table) {}
    void committed(journal::batch changes) override {
        for (const journal::published& one : changes.changes) {
            const gateway::event* type = table_.find_event(one.change);
            if (type == nullptr || *type->content != *one.type) {
                throw std::logic_error("a change that the table does not know");
            }
            pushed heard{std::string(one.change),
                         one.pos,
                         one.thing,
                         one.seq,
                         one.topics,
                         json::parse(type->encode(one.content.get())),
                         {}};
            if (type->effects) {
                heard.effects = type->effects(one.content.get(), one.topics);
            }
            all.push_back(std::move(heard));
        }
    }
    /// What came since the last call.
    std::vector<pushed> take() { return std::exchange(all, {}); }
    std::vector<pushed> all;

private:
    const gateway::registry& table_;
};

/// A hub that knows who follows what by hand and keeps what was sent.
class hand_hub final : public gateway::hub {
public:
    struct note {
        journal::topic where;
        std::string type;
        std::string data;
        user_id except;
    };
    void send_ephemeral(journal::topic where, std::string_view type, std::string_view data,
                        user_id except) override {
        told.push_back(note{where, std::string(type), std::string(data), except});
    }
    void send_ephemeral(gateway::connection_id, std::string_view, std::string_view) override {}
    [[nodiscard]] bool connected(user_id) const override { return true; }
    [[nodiscard]] bool follows(user_id user, journal::topic where) const override {
        return following.contains({user.value(), where.packed()});
    }
    [[nodiscard]] std::size_t connection_count() const noexcept override { return 0; }
    [[nodiscard]] std::vector<gateway::connection> connections() const override { return {}; }
    void observe(gateway::connection_observer&) override {}

    std::vector<note> told;
    std::map<std::pair<std::int64_t, std::int64_t>, bool> following;
};

/// The service on a migrated database, with three people: ada, bob and eve.
class house {
public:
    house() : ids(clock, 0) {
        const db::options options = place.options();
        db::migrate_blocking(options, clock, *log);
        data = db::open(options, db::deps(io.get_executor(), clock, *log, *numbers, notes.get()));
        service = std::make_unique<messages_service>(deps{*data, *notes, unused, people, ids, settings});
        service->set_hub(hub);
        made = messages::create(deps{*data, *notes, table, people, ids, settings});
        heard = std::make_unique<ear>(table);
        notes->set_tail(*heard);
        ada = add_person(11, "ada");
        bob = add_person(22, "bob");
        eve = add_person(33, "eve");
    }
    ~house() {
        data->stop_blocking();
        io.restart();
        io.run();
    }
    house(const house&) = delete;
    house& operator=(const house&) = delete;

    gateway::principal add_person(std::int64_t number, const std::string& name) {
        gateway::principal who;
        who.user = user_id(number);
        who.session = session_id(number + 1000);
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
    void end_session(const gateway::principal& who) {
        run(data->write([who](transaction& t) {
            t.execute("UPDATE users_sessions SET ended_at = 1 WHERE id = ?", who.session);
        }));
    }

    /// Runs the reactor until `work` has ended and returns its result.
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
    /// Starts `work` and keeps how it ends; to be followed by finish().
    template <class T>
    void start(task<T> work, std::vector<std::pair<std::exception_ptr, T>>& into) {
        boost::asio::co_spawn(io, std::move(work), [&into](std::exception_ptr e, T value) {
            into.emplace_back(e, std::move(value));
        });
    }
    void finish() { turn(nullptr); }
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

    task<sent> send(const gateway::principal& who, conversation_id where, const std::string& text,
                    const std::string& client_id = {}) {
        outgoing input;
        input.conversation = where;
        input.client_id = client_id.empty() ? new_uuid() : client_id;
        input.content = body(text);
        return service->send(who, std::move(input));
    }
    conversation_id open() {
        const conversation opened = run(service->open_direct(ada, bob.user));
        heard->take();
        return opened.id;
    }
    /// As a fresh client would see it.
    conversation see(const gateway::principal& who, conversation_id which) {
        return run(service->get(who, which));
    }
    std::string new_uuid() {
        std::string digits = std::to_string(++uuids);
        return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
    }

    testing::store_place place;
    hand_clock clock;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    boost::asio::io_context io{1};
    std::unique_ptr<journal::writer> notes = journal::make_writer();
    config settings;
    all_online people;
    id_source ids;
    hand_hub hub;
    gateway::registry table;
    gateway::registry unused;
    std::unique_ptr<database> data;
    std::unique_ptr<messages_service> service;
    std::unique_ptr<messages::service> made;  ///< registered in `table`
    std::unique_ptr<ear> heard;
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

}  // namespace kith::messages_test
