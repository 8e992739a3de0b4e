// Measures, run by hand: journal_test "[speed]" with KITH_TEST_MARIADB. Jobs of the statements of a send, by one, two and four
// writers, each with many callers that wait; and what the lock of the head costs them.
#include "../core/support.hpp"
#include "../store_place.hpp"
#include "node.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/journal_tx.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <thread>

using namespace kith;

namespace {

constexpr int people = 800;  // so that no two callers write to one conversation
constexpr std::string_view standing_sql =
    "SELECT s.user, u.role, u.state, s.ended_at FROM users_sessions s JOIN users u ON u.id = s.user WHERE s.id = ?";
constexpr std::string_view membership_sql =
    "SELECT first_seq FROM messages_members WHERE conversation = ? AND user = ?";
constexpr std::string_view last_seq_sql = "SELECT last_seq FROM messages_conversations WHERE id = ?";
constexpr std::string_view body =
    R"({"text":"a message of usual length, about as long as people write them, a hundred bytes or so, no more"})";

/// `people` with a session and a conversation each.
void fill(transaction& t) {
    for (std::int64_t id = 1; id <= people; ++id) {
        const std::string name = "user" + std::to_string(id);
        t.execute(
            "INSERT INTO users (id, username, username_key, username_look, folded_look, nickname, nickname_key, "
            "bio, role, state, password, created_at) VALUES (?, ?, ?, ?, ?, '', '', '', 0, 0, '', 0)",
            id, name, name, name, name);
        t.execute(
            "INSERT INTO users_sessions (id, user, device_kind, device_name, address, user_agent, refresh_hash, "
            "generation, refreshed_at, created_at, last_seen) VALUES (?, ?, 3, '', '', '', '', 0, 0, 0, 0)",
            id, id);
        t.execute(
            "INSERT INTO messages_conversations (id, kind, last_seq, last_pos, created_at) VALUES (?, 0, 0, 0, 0)",
            id);
        t.execute(
            "INSERT INTO messages_members (conversation, user, role, first_seq, read_seq, delivered_seq, pinned, "
            "notify, joined_at, joined_pos, draft) VALUES (?, ?, 0, 1, 0, 0, 0, 0, 0, 0, '')",
            id, id);
    }
}

/// The statements of a send.
class send_job {
public:
    send_job(journal::writer& notes, std::int64_t who, std::int64_t number) : notes_(&notes), who_(who) {
        char key[64];
        std::snprintf(key, sizeof key, "%012lld-%06lld", static_cast<long long>(number),
                      static_cast<long long>(who));
        key_ = key;
    }

    void ask(db::questions& q) const {
        journal::ask_remembered_answer(q, user_id(who_), key_);
        q.ask_ahead(standing_sql, who_);
        q.ask_ahead(membership_sql, who_, who_);
        q.ask_ahead(last_seq_sql, who_);
    }
    void operator()(transaction& t) const {
        {
            db::cursor standing = t.query(standing_sql, who_);
            KITH_ASSERT(standing.next());
        }
        KITH_ASSERT(!journal::remembered_answer(t, user_id(who_), key_, "hash"));
        KITH_ASSERT(t.integer(membership_sql, who_, who_));
        const std::int64_t seq = t.integer(last_seq_sql, who_).value() + 1;
        const std::int64_t pos =
            journal::note(*notes_, t, "message.created", who_, seq,
                          {journal::topic(journal::topic_kind::conversation, who_)}, who_);
        t.update_together("UPDATE messages_conversations SET last_seq = ?, last_pos = ? WHERE id = ?", seq,
                          pos, who_);
        t.insert_together(
            "INSERT INTO messages (conversation, seq, pos, sender, client_id, kind, sent_at, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            who_, seq, pos, who_, key_, 0, t.now(), body);
        journal::remember_answer(t, user_id(who_), key_, "hash", body);
    }

private:
    journal::writer* notes_;
    std::int64_t who_;
    std::string key_;
};

/// As the server has it.
db::options with_batch_time(db::options at) {
    if (at.server) {
        at.batch_time = std::chrono::milliseconds(25);
    }
    return at;
}

/// One process with people who send.
class crowd : public testing::node {
public:
    crowd(const db::options& at, std::uint8_t number, int callers, int sends, testing::numbering how)
        : node(with_batch_time(at), number, how) {
        const int first = number * callers;
        for (int i = 0; i < callers; ++i) {
            boost::asio::co_spawn(io, send_all(1 + (first + i) % people, first + i, sends),
                                  [](std::exception_ptr e) {
                                      if (e) {
                                          std::rethrow_exception(e);
                                      }
                                  });
        }
    }

    task<void> send_all(std::int64_t who, std::int64_t caller, int sends) {
        for (int i = 0; i < sends; ++i) {
            co_await store->write(send_job(*notes, who, caller * 1'000'000 + i));
        }
    }
};

/// Sends a second of all writers together.
double measure(int writers, int callers, int sends, testing::numbering how = testing::numbering::locked) {
    const testing::store_place place;
    const std::unique_ptr<logger> log = make_null_logger();
    const system_clock_source clock;
    db::migrate_blocking(place.options(), clock, *log);
    {
        testing::node first(place.options(), 0, testing::numbering::locked);
        first.run(first.store->write(&fill));
    }
    std::vector<std::unique_ptr<crowd>> nodes;
    for (int i = 0; i < writers; ++i) {
        nodes.push_back(
            std::make_unique<crowd>(place.options(), static_cast<std::uint8_t>(i), callers, sends, how));
    }
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (const auto& one : nodes) {
        threads.emplace_back([&one] { one->io.run(); });
    }
    for (std::thread& one : threads) {
        one.join();
    }
    const double span = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return writers * callers * sends / span;
}

}  // namespace

TEST_CASE("sends a second", "[.][speed]") {
    const int most = testing::on_server() ? 4 : 1;  // a file has one writer
    (void)measure(1, 20, 20);  // warm up
    for (int writers = 1; writers <= most; writers *= 2) {
        for (const int callers : {1, 20, 200}) {
            const int sends = callers == 1 ? 200 : 24000 / callers / writers;
            std::printf("%d writers, %3d callers each: %6.0f sends/s\n", writers, callers,
                        measure(writers, callers, sends));
            std::fflush(stdout);
        }
    }
}

TEST_CASE("what the lock of the head costs", "[.][lock-cost]") {
    (void)measure(1, 20, 20);  // warm up
    for (const int writers : {1, 2, 4}) {
        for (const int callers : {1, 20, 200}) {
            const int sends = callers == 1 ? 300 : 24000 / callers / writers;
            const double without = measure(writers, callers, sends, testing::numbering::unlocked);
            const double with = measure(writers, callers, sends);
            std::printf("%d writers, %3d callers each: %6.0f sends/s, %6.0f without the lock: %+.0f %%\n",
                        writers, callers, with, without, 100 * (with / without - 1));
            std::fflush(stdout);
        }
    }
}
