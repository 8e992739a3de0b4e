// What the tests of groups share: a database on a real file, people with sessions, messages and groups on one table, what
// was pushed and what a resume would render.
#pragma once

#include "service.hpp"

#include "../store_place.hpp"

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

namespace kith::groups_test {

using namespace kith::groups;
using messages::member_role;

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

class nobody_here final : public users::presence {
public:
    void fill(users::user&) const override {}
};

/// One pushed event as a socket would get it.
struct pushed {
    std::string type;
    std::int64_t pos = 0;
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

/// Messages and groups on a migrated database, with four people: ada, bob, cid and eve.
class house {
public:
    house() : ids(clock, 0) {
        const db::options options = place.options();
        db::migrate_blocking(options, clock, *log);
        data = db::open(options, db::deps(io.get_executor(), clock, *log, *numbers, notes.get()));
        talk = messages::create(messages::deps{*data, *notes, table, people, ids, settings});
        service = std::make_unique<groups_service>(deps{*data, *notes, table, ids, settings});
        heard = std::make_unique<ear>(table);
        notes->set_tail(*heard);
        ada = add_person(1'000'011, "ada");
        bob = add_person(1'000'022, "bob");
        cid = add_person(1'000'033, "cid");
        eve = add_person(1'000'044, "eve");
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
        who.session = session_id(number + 1'000'000);
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

    task<group> make(const gateway::principal& who, const std::string& name,
                     const std::vector<gateway::principal>& members, const std::string& key = {}) {
        new_group input;
        input.name = name;
        for (const gateway::principal& one : members) {
            input.members.push_back(one.user);
        }
        input.key = key;
        return service->create(who, std::move(input));
    }
    task<std::vector<messages::member>> invite(const gateway::principal& who, group_id id,
                                               const std::vector<gateway::principal>& people_invited) {
        std::vector<user_id> ids_invited;
        for (const gateway::principal& one : people_invited) {
            ids_invited.push_back(one.user);
        }
        return service->invite(who, id, std::move(ids_invited));
    }
    /// An operation of the table, as a door runs it.
    json::value call(const gateway::principal& who, const std::string& operation, const json::value& input) {
        gateway::call c;
        c.who = who;
        const gateway::operation* found = table.find(operation);
        REQUIRE(found != nullptr);
        return json::parse(run(found->run(c, input)));
    }
    /// The error of the same.
    std::optional<error_code> call_refusal(const gateway::principal& who, const std::string& operation,
                                           const json::value& input) {
        try {
            call(who, operation, input);
        } catch (const error& e) {
            return e.code();
        }
        return std::nullopt;
    }
    std::int64_t say(const gateway::principal& who, group_id where, const std::string& text) {
        const std::string digits = std::to_string(++uuids);
        json::value input = {
            {"conversation", to_string(where)}, {"kind", "text"}, {"body", {{"text", text}}}};
        input["client_id"] = "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
        return call(who, "message.send", input)["seq"].get<std::int64_t>();
    }
    /// The conversation as a fresh client would see it.
    json::value see(const gateway::principal& who, group_id which) {
        return call(who, "conversation.get", {{"conversation", to_string(which)}});
    }
    /// Texts of the whole history as `who` may read it.
    std::vector<std::string> texts(const gateway::principal& who, group_id which) {
        std::vector<std::string> found;
        const json::value page =
            call(who, "message.history", {{"conversation", to_string(which)}, {"after", 0}, {"limit", 100}});
        for (const json::value& one : page["items"]) {
            found.push_back(one["body"].is_null() ? "-" : one["body"]["text"].get<std::string>());
        }
        return found;
    }
    std::vector<std::pair<user_id, member_role>> roster(const gateway::principal& who, group_id id) {
        std::vector<std::pair<user_id, member_role>> found;
        for (const messages::member& one :
             run(service->members(who, id, messages::member_cursor(), page_max)).items) {
            found.emplace_back(one.user.id, one.role);
        }
        return found;
    }
    /// What a resume from `after` on would tell `who`, in order: every note, none replaced by a later one.
    std::vector<pushed> replay(const gateway::principal& who, std::int64_t after) {
        return run(data->read([this, who, after](snapshot& s) {
            std::vector<journal::subscription> followed = table.followed(s, who.user);
            followed.emplace_back(journal::topic::of_user(who.user), 0);
            std::vector<pushed> told;
            for (const journal::note_row& note :
                 journal::notes_between(s, followed, after, journal::read_state(s).pos, 1000)) {
                const auto text = table.find_event(note.change)->render(s, who.user, note);
                if (text && (told.empty() || told.back().pos != note.pos)) {
                    told.push_back(pushed{note.change, note.pos, {note.where}, json::parse(*text), {}});
                }
            }
            return told;
        }));
    }
    std::int64_t head() {
        return run(data->read([](snapshot& s) { return journal::read_state(s).pos; }));
    }

    testing::store_place place;
    hand_clock clock;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    boost::asio::io_context io{1};
    std::unique_ptr<journal::writer> notes = journal::make_writer();
    config settings;
    nobody_here people;
    id_source ids;
    gateway::registry table;
    std::unique_ptr<database> data;
    std::unique_ptr<messages::service> talk;
    std::unique_ptr<groups_service> service;
    std::unique_ptr<ear> heard;
    gateway::principal ada, bob, cid, eve;
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

}  // namespace kith::groups_test
