// The journal on a real file: positions, failed jobs, notes of a viewer, pruning, readers, remembered answers.
#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/random.hpp>
#include <kith/journal_tx.hpp>

#include "../core/support.hpp"
#include "../store_place.hpp"
#include "run.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

using namespace kith;
using journal::topic;

namespace {

class heard final : public journal::tail {
public:
    void committed(journal::batch changes) override { batches.push_back(std::move(changes)); }
    std::vector<journal::batch> batches;
};

/// A database of its own with the journal's writer, driven to the end of each call.
class bench {
public:
    bench() {
        const db::options options = place.options();
        db::migrate_blocking(options, clock, *log);
        writer->set_tail(tail);
        store = db::open(options, db::deps(io.get_executor(), clock, *log, *numbers, writer.get()));
    }
    ~bench() {
        store->stop_blocking();
        io.restart();
        io.poll();
        store.reset();
    }

    /// Runs one coroutine until it is done and hands back what it threw.
    void run(task<void> work) { testing::run_to_end(io, std::move(work)); }
    /// Writes by `job` and waits.
    template <class Job>
    void write(Job job) {
        run(store->write([job](transaction& t) { job(t); }));
    }
    std::int64_t note(transaction& t, std::int64_t thing, std::int64_t seq,
                      std::initializer_list<topic> topics) {
        return journal::note(*writer, t, "thing.changed", thing, seq, topics, thing);
    }
    std::vector<std::int64_t> seen(std::vector<journal::subscription> followed, std::int64_t after,
                                   std::int64_t up_to, std::size_t limit = 100) {
        std::vector<std::int64_t> positions;
        write([&](transaction& t) {
            for (const journal::note_row& note : journal::notes_between(t, followed, after, up_to, limit)) {
                positions.push_back(note.pos);
            }
        });
        return positions;
    }
    journal::state state() {
        journal::state now;
        write([&](transaction& t) { now = journal::read_state(t); });
        return now;
    }

    testing::store_place place;
    testing::hand_clock clock;
    testing::seeded_random random;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    boost::asio::io_context io;
    heard tail;
    std::unique_ptr<journal::writer> writer = journal::make_writer();
    std::unique_ptr<database> store;
};

topic room(std::int64_t id) {
    return {journal::topic_kind::conversation, id};
}
topic own(std::int64_t id) {
    return {journal::topic_kind::user, id};
}

}  // namespace

TEST_CASE("a topic keeps kind and id") {
    const topic made = topic::of_card(user_id((std::int64_t{1} << 61) - 1));
    CHECK(made.kind() == journal::topic_kind::card);
    CHECK(made.id() == (std::int64_t{1} << 61) - 1);
    CHECK(topic::from_packed(made.packed()) == made);
    CHECK(made.packed() > 0);
}

TEST_CASE("positions are dense, and a failed job gives its own back") {
    bench b;
    b.write([&](transaction& t) { CHECK(b.note(t, 7, 0, {own(1)}) == 1); });
    CHECK_THROWS_AS(b.write([&](transaction& t) {
        b.note(t, 8, 0, {own(1)});
        b.note(t, 9, 0, {own(1)});
        throw error(error_code::conflict, "on purpose");
    }),
                    error);
    b.write([&](transaction& t) { CHECK(b.note(t, 10, 0, {own(1), room(2)}) == 2); });
    CHECK(b.state().pos == 2);
    REQUIRE(b.tail.batches.size() == 2);
    CHECK(b.tail.batches[1].first == 2);
    CHECK(b.tail.batches[1].last == 2);
    REQUIRE(b.tail.batches[1].changes.size() == 1);
    CHECK(b.tail.batches[1].changes[0].topics.size() == 2);
    CHECK(*static_cast<const std::int64_t*>(b.tail.batches[1].changes[0].content.get()) == 10);
}

TEST_CASE("a viewer's notes are those of the topics followed, from first_seq on, by either way of reading") {
    bench b;
    b.write([&](transaction& t) {
        for (std::int64_t seq = 1; seq <= 40; ++seq) {
            b.note(t, 5, seq, {room(5)});
            b.note(t, 6, seq, {room(6)});
        }
    });
    std::vector<journal::subscription> few{{room(5), 39}};
    CHECK(b.seen(few, 0, 80) == std::vector<std::int64_t>{77, 79});
    CHECK(b.seen(few, 77, 80) == std::vector<std::int64_t>{79});
    CHECK(b.seen(few, 0, 78) == std::vector<std::int64_t>{77});
    std::vector<journal::subscription> many{{room(5), 39}};
    for (std::int64_t other = 100; other < 120; ++other) {
        many.emplace_back(room(other), 1);  // so many topics that the range is scanned instead
    }
    CHECK(b.seen(many, 0, 80) == std::vector<std::int64_t>{77, 79});
    many.emplace_back(room(6), 1);
    CHECK(b.seen(many, 0, 80, 3)
          == std::vector<std::int64_t>{2, 4, 6, 8});  // one more than the limit: there are more
    CHECK(b.seen({{room(5), 1}, {room(6), 1}}, 0, 80, 3) == std::vector<std::int64_t>{1, 2, 3, 4});
}

TEST_CASE(
    "nothing from before a topic was followed is told, and what stands behind much that is not told is found") {
    bench b;
    b.write([&](transaction& t) {
        for (std::int64_t seq = 1; seq <= 20; ++seq) {
            b.note(t, 5, seq, {room(5)});
        }
        b.note(t, 5, 0, {room(5)});  // 21: of no message, as a renaming is
        b.note(t, 5, 2, {room(5)});  // 22: an old message changes
        b.note(t, 5, 0, {room(5)});  // 23
    });
    CHECK(b.seen({{room(5), 19, 0}}, 0, 23) == std::vector<std::int64_t>{19, 20, 21, 23});
    CHECK(b.seen({{room(5), 19, 21}}, 0, 23) == std::vector<std::int64_t>{23});
    CHECK(b.seen({{room(5), 19, 21}}, 22, 23) == std::vector<std::int64_t>{23});
    std::vector<journal::subscription> many{{room(5), 19, 21}};
    for (std::int64_t other = 100; other < 120; ++other) {
        many.emplace_back(room(other), 1);
    }
    CHECK(b.seen(many, 0, 23) == std::vector<std::int64_t>{23});
    // The limit counts what may be seen, not the 18 notes before it.
    CHECK(b.seen({{room(5), 19, 0}}, 0, 23, 1) == std::vector<std::int64_t>{19, 20});
    CHECK(b.seen({{room(5), 19, 0}}, 0, 23, 3) == std::vector<std::int64_t>{19, 20, 21, 23});
}

TEST_CASE("pruning goes by age, in steps, and raises the horizon") {
    bench b;
    b.write([&](transaction& t) {
        for (int i = 0; i < 10; ++i) {
            b.note(t, 5, 0, {room(5)});
        }
    });
    const journal::prune_limits limits(std::chrono::hours(1), 1000);
    b.write([&](transaction& t) { CHECK(journal::prune(t, limits) == 0); });  // marks where the head stands
    b.clock.turn(std::chrono::minutes(61));
    b.write([&](transaction& t) { b.note(t, 5, 0, {room(5)}); });
    journal::prune_limits small = limits;
    small.step_max = 4;
    b.write([&](transaction& t) { CHECK(journal::prune(t, small) == 4); });
    CHECK(b.state().horizon == 4);
    b.write([&](transaction& t) { CHECK(journal::prune(t, limits) == 6); });
    CHECK(b.state().horizon == 10);
    CHECK(b.seen({{room(5), 1}}, 0, 100) == std::vector<std::int64_t>{11});
}

TEST_CASE("pruning keeps what is within the size, and never passes a reader") {
    bench b;
    std::vector<std::int64_t> handled;
    journal::reader_options options;
    options.name = "search";
    options.holder = "one";
    options.notes_max = 3;
    const auto reader =
        journal::make_reader(*b.store, options, [&](transaction&, std::span<const journal::note_row> notes) {
            for (const journal::note_row& note : notes) {
                handled.push_back(note.pos);
            }
        });
    std::size_t count = 0;
    const auto step = [&](journal::reader& one) -> task<void> { count = co_await one.step(); };
    b.write([&](transaction& t) {
        for (int i = 0; i < 5; ++i) {
            b.note(t, 5, 0, {room(5), own(1)});
        }
    });
    b.run(step(*reader));
    CHECK(handled == std::vector<std::int64_t>{1, 1, 2, 2});  // a position is never split
    b.write([&](transaction& t) {
        CHECK(journal::prune(t, journal::prune_limits(std::chrono::hours(1), 1)) == 2);
    });
    b.run(step(*reader));
    b.run(step(*reader));
    CHECK(handled.size() == 10);
    CHECK(count == 2);
    b.run(step(*reader));
    CHECK(count == 0);
    b.write([&](transaction& t) {
        CHECK(journal::prune(t, journal::prune_limits(std::chrono::hours(1), 1)) == 2);
    });
}

TEST_CASE("a reader's lease keeps others away until it ends, and a failed step moves nothing") {
    bench b;
    bool fail = false;
    int calls = 0;
    const auto handle = [&](transaction&, std::span<const journal::note_row>) {
        if (fail) {
            throw error(error_code::internal, "on purpose");
        }
        ++calls;
    };
    journal::reader_options options;
    options.name = "hooks";
    options.holder = "one";
    const auto one = journal::make_reader(*b.store, options, handle);
    options.holder = "two";
    const auto two = journal::make_reader(*b.store, options, handle);
    std::size_t count = 0;
    const auto step = [&](journal::reader& which) -> task<void> { count = co_await which.step(); };
    b.write([&](transaction& t) { b.note(t, 5, 0, {room(5)}); });
    fail = true;
    CHECK_THROWS_AS(b.run(step(*one)), error);
    fail = false;
    b.run(step(*one));
    CHECK(count == 1);
    b.write([&](transaction& t) { b.note(t, 5, 0, {room(5)}); });
    b.run(step(*two));
    CHECK(count == 0);
    b.clock.turn(std::chrono::seconds(31));
    b.run(step(*two));
    CHECK(count == 1);
    CHECK(calls == 2);
}

TEST_CASE("a new epoch raises the head and resets everyone") {
    bench b;
    b.write([&](transaction& t) { b.note(t, 5, 0, {room(5)}); });
    const journal::state before = b.state();
    b.write([&](transaction& t) { journal::begin_epoch(t, b.random); });
    const journal::state after = b.state();
    CHECK(after.epoch != before.epoch);
    CHECK(after.epoch.size() == 8);
    CHECK(after.pos > before.pos);
    CHECK(after.horizon == after.pos - 1);  // every older cursor is at or below it, a new one is not
}

TEST_CASE("the notes of an earlier epoch are pruned in steps") {
    bench b;
    b.write([&](transaction& t) {
        for (int i = 0; i < 10; ++i) {
            b.note(t, 5, 0, {room(5)});
        }
    });
    b.write([&](transaction& t) { journal::begin_epoch(t, b.random); });
    b.write([&](transaction& t) { b.note(t, 5, 0, {room(5)}); });
    journal::prune_limits limits(std::chrono::hours(1), 1000);
    limits.step_max = 4;
    std::vector<std::int64_t> steps;
    for (std::int64_t went = 1; went > 0;) {
        b.write([&](transaction& t) { went = journal::prune(t, limits); });
        steps.push_back(went);
    }
    CHECK(steps == std::vector<std::int64_t>{4, 4, 2, 0});
    CHECK(b.seen({{room(5), 1}}, 0, 100) == std::vector<std::int64_t>{12});
    CHECK(b.state().horizon == 10);
}

TEST_CASE("an answer is remembered by user and key, and another input is a conflict") {
    bench b;
    b.write([&](transaction& t) {
        CHECK_FALSE(journal::remembered_answer(t, user_id(1), "key", "hash"));
        journal::remember_answer(t, user_id(1), "key", "hash", "{\"seq\":1}");
    });
    b.write([&](transaction& t) {
        CHECK(journal::remembered_answer(t, user_id(1), "key", "hash") == "{\"seq\":1}");
        CHECK_FALSE(journal::remembered_answer(t, user_id(2), "key", "hash"));
        CHECK_THROWS_AS(journal::remembered_answer(t, user_id(1), "key", "other"), error);
    });
}

TEST_CASE("answers are forgotten after their time, in steps over all of them") {
    bench b;
    const auto remember = [&](std::int64_t user, std::string_view key) {
        b.write([&](transaction& t) { journal::remember_answer(t, user_id(user), key, "hash", "{}"); });
    };
    const auto known = [&](std::int64_t user, std::string_view key) {
        bool found = false;
        b.write([&](transaction& t) {
            found = journal::remembered_answer(t, user_id(user), key, "hash").has_value();
        });
        return found;
    };
    journal::answers_walk at;
    const auto step = [&] {
        std::size_t deleted = 0;
        b.write([&](transaction& t) {
            const journal::answers_pruned done = journal::prune_answers(t, at, 2);
            at = done.next;
            deleted = done.deleted;
        });
        return deleted;
    };
    remember(1, "a");
    remember(2, "a");
    remember(3, "a");
    remember(1, "c");
    b.clock.turn(journal::idempotency_kept);
    remember(1, "b");
    CHECK(step() == 0);
    CHECK(known(1, "a"));  // not yet over
    b.clock.turn(std::chrono::seconds(1));
    at = journal::answers_walk();
    CHECK(step() == 2);
    CHECK_FALSE(known(1, "a"));
    CHECK_FALSE(known(2, "a"));
    CHECK(known(3, "a"));  // behind the step
    CHECK(step() == 1);
    CHECK_FALSE(known(3, "a"));
    CHECK(known(1, "b"));
    CHECK(at.key == "b");
    (void)step();
    CHECK_FALSE(known(1, "c"));
    CHECK(at.key.empty());  // and round again
}

TEST_CASE("an answer of a job that failed is not remembered") {
    bench b;
    CHECK_THROWS_AS(b.write([&](transaction& t) {
        journal::remember_answer(t, user_id(1), "key", "hash", "{}");
        throw error(error_code::forbidden, "on purpose");
    }),
                    error);
    b.write([&](transaction& t) { CHECK_FALSE(journal::remembered_answer(t, user_id(1), "key", "hash")); });
}
