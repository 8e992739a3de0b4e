// Two writers on one MariaDB: whoever reads position n + 1 can read n as well, however slow a transaction is.
#include "../core/support.hpp"
#include "../store_place.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/journal_tx.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace kith;

namespace {

constexpr int writers = 2;
constexpr int changes_each = 150;

/// One process, as it were: a database of its own on the same server, with a reactor thread.
class node {
public:
    node(const testing::store_place& place, std::uint8_t number, bool lock_head) {
        db::options options = place.options();
        options.server->node = number;
        options.server->lock_head = lock_head;
        store = db::open(options, db::deps(io.get_executor(), clock, *log, *numbers, writer.get()));
    }
    ~node() {
        store->stop_blocking();
        io.restart();
        io.poll();
    }
    node(const node&) = delete;
    node& operator=(const node&) = delete;

    /// Runs the reactor until `work` is done; false when it failed.
    bool run(task<void> work) {
        std::exception_ptr failed;
        boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) { failed = e; });
        io.restart();
        io.run();
        return !failed;
    }
    /// A change whose transaction takes its time before, between and after its writes.
    task<void> change(std::int64_t thing) {
        return store->write([this, thing](transaction& t) {
            const auto slow = std::chrono::microseconds((thing * 7919) % 2000);
            std::this_thread::sleep_for(slow);
            journal::note(*writer, t, "thing.changed", thing, 0,
                          {journal::topic::of_user(user_id(1 + thing))}, thing);
            journal::note(*writer, t, "thing.changed", thing, 0,
                          {journal::topic::of_user(user_id(1 + thing))}, thing);
            std::this_thread::sleep_for(slow);
        });
    }

    boost::asio::io_context io{1};
    system_clock_source clock;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    std::unique_ptr<journal::writer> writer = journal::make_writer();
    std::unique_ptr<database> store;
};

struct findings {
    int gaps = 0;  ///< positions that a follower passed over
    int failed = 0;  ///< changes that were refused
    std::int64_t reached = 0;
};

/// Follows the journal as another node would, from one snapshot to the next.
void follow(node& by, const std::atomic<int>& busy, findings& found) {
    bool last = false;
    while (!last) {
        last = busy == 0;  // once more after everybody has ended
        by.run(by.store->read([&found](snapshot& s) {
            const std::int64_t head = journal::read_state(s).pos;
            for (const journal::note_row& note : journal::notes_after(s, found.reached, 1000)) {
                found.gaps += note.pos == found.reached + 1 ? 0 : 1;
                found.gaps += note.pos <= head ? 0 : 1;
                found.reached = note.pos;
            }
        }));
    }
}

findings race(bool lock_head) {
    const testing::store_place place;
    const std::unique_ptr<logger> log = make_null_logger();
    const system_clock_source clock;
    db::migrate_blocking(place.options(), clock, *log);
    std::vector<std::unique_ptr<node>> nodes;
    for (std::uint8_t i = 0; i <= writers; ++i) {
        nodes.push_back(std::make_unique<node>(place, i, lock_head));
    }
    findings found;
    std::atomic<int> busy{writers};
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i) {
        threads.emplace_back([&, i] {
            for (int made = 0; made < changes_each; ++made) {
                failed += nodes[static_cast<std::size_t>(i)]->run(
                              nodes[static_cast<std::size_t>(i)]->change(made * writers + i))
                              ? 0
                              : 1;
            }
            --busy;
        });
    }
    follow(*nodes.back(), busy, found);
    for (std::thread& one : threads) {
        one.join();
    }
    found.failed = failed;
    return found;
}

}  // namespace

TEST_CASE("two writers: a follower passes over no late commit, and no position is missing", "[mariadb]") {
    const findings found = race(true);
    CHECK(found.gaps == 0);
    CHECK(found.failed == 0);
    CHECK(found.reached == std::int64_t{writers} * changes_each * 2);
}

TEST_CASE("without the lock of the head the same test sees it", "[mariadb]") {
    const findings found = race(false);
    CHECK(found.gaps + found.failed > 0);
}
