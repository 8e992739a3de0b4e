// The readers: snapshots, the deadline, the thread kept for quick reads, the queue of resumes.
#include "fixture.hpp"

#include <mutex>

using namespace kith;
using namespace kith::db_test;

namespace {

task<void> hold(store& on, db::read_kind kind, latch running, latch go) {
    return on.data->read(
        [running, go](snapshot& s) {
            (void)s.integer("SELECT count(*) FROM items");
            running.open();
            go.wait();
        },
        kind);
}

std::int64_t read_endlessly(snapshot& s) {
    return s
        .integer(
            s.dialect() == db::dialect::mysql
                // Not SLEEP(), which ends without an error on MySQL.
                ? "SELECT count(*) FROM information_schema.COLLATIONS a, information_schema.COLLATIONS b, "
                  "information_schema.COLLATIONS c, information_schema.COLLATIONS d, information_schema.COLLATIONS e"
                : "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
        .value_or(0);
}

}  // namespace

TEST_CASE("a read sees one state however long it takes") {
    store on;
    on.run(on.insert(1, "one"));
    latch first_read;
    latch written;
    auto counted = std::make_shared<std::pair<std::int64_t, std::int64_t>>();
    const auto reader = on.start(on.data->read([=](snapshot& s) {
        counted->first = s.integer("SELECT count(*) FROM items").value();
        first_read.open();
        written.wait();
        counted->second = s.integer("SELECT count(*) FROM items").value();
    }));
    on.poll();
    first_read.wait();
    const auto write = on.start(on.insert(2, "two"));
    REQUIRE(on.wait_until([&] { return write->done; }));
    written.open();
    on.turn();
    CHECK(reader->ok());
    CHECK(write->ok());
    CHECK(counted->first == 1);
    CHECK(counted->second == 1);
    CHECK(on.run(on.count()) == 2);
}

TEST_CASE("a read that passes its deadline ends as overloaded, and its connection serves the next") {
    db::options settings;
    settings.read_timeout = std::chrono::milliseconds(50);
    settings.readers = 1;
    store on(settings);
    const auto slow = on.start(on.data->read(&read_endlessly));
    on.turn();
    CHECK(slow->code == error_code::overloaded);
    CHECK(on.run(on.count()) == 0);
    const auto again = on.start(on.data->read(&read_endlessly));
    on.turn();
    CHECK(again->code == error_code::overloaded);
}

TEST_CASE("a read that waited too long is refused without running") {
    db::options settings;
    settings.read_timeout = std::chrono::milliseconds(30);
    settings.readers = 1;
    store on(settings);
    const auto slow = on.start(on.data->read(&read_endlessly));
    auto ran = std::make_shared<bool>(false);
    const auto late = on.start(on.data->read([ran](snapshot& s) {
        *ran = true;
        return read_endlessly(s);
    }));
    const auto later = on.start(on.data->read([ran](snapshot&) { *ran = true; }));
    on.turn();
    CHECK(slow->code == error_code::overloaded);
    CHECK(late->code == error_code::overloaded);
    CHECK(later->code == error_code::overloaded);
}

TEST_CASE("quick reads keep a thread of their own while resumes hold the others") {
    store on;
    latch a;
    latch b;
    latch go;
    on.start(hold(on, db::read_kind::resume, a, go));
    on.start(hold(on, db::read_kind::resume, b, go));
    on.poll();
    a.wait();
    b.wait();
    const auto waiting = on.start(on.data->read([](snapshot&) {}, db::read_kind::resume));
    const auto quick = on.start(on.count());
    CHECK(on.wait_until([&] { return quick->done; }));
    CHECK_FALSE(waiting->done);
    go.open();
    on.turn();
    CHECK(quick->ok());
    CHECK(waiting->ok());
}

TEST_CASE("resumes are served in the order in which they came") {
    db::options settings;
    settings.readers = 2;
    store on(settings);
    latch running;
    latch go;
    on.start(hold(on, db::read_kind::resume, running, go));
    on.poll();
    running.wait();
    auto order = std::make_shared<std::vector<int>>();
    for (int i = 0; i < 20; ++i) {
        on.start(on.data->read([order, i](snapshot&) { order->push_back(i); }, db::read_kind::resume));
        on.start(on.count());
    }
    on.poll();
    go.open();
    on.turn();
    REQUIRE(order->size() == 20);
    CHECK(std::is_sorted(order->begin(), order->end()));
}

TEST_CASE("full queues of reads answer overloaded") {
    db::options settings;
    settings.readers = 2;
    settings.queue_jobs = 2;
    store on(settings);
    latch running;
    latch held;
    latch go;
    on.start(hold(on, db::read_kind::resume, running, go));
    on.start(hold(on, db::read_kind::quick, held, go));
    on.poll();
    running.wait();
    held.wait();
    std::vector<std::shared_ptr<outcome>> quick;
    std::vector<std::shared_ptr<outcome>> resume;
    for (int i = 0; i < 3; ++i) {
        quick.push_back(on.start(on.count()));
    }
    for (int i = 0; i < 9; ++i) {  // four times as many as quick reads
        resume.push_back(on.start(on.data->read([](snapshot&) {}, db::read_kind::resume)));
    }
    on.poll();
    CHECK(quick[2]->code == error_code::overloaded);
    CHECK(resume[8]->code == error_code::overloaded);
    CHECK_FALSE(quick[1]->done);
    CHECK_FALSE(resume[7]->done);
    go.open();
    on.turn();
    CHECK(quick[1]->ok());
    CHECK(resume[7]->ok());
}

TEST_CASE("a read cannot write, and its exception reaches the caller") {
    store on;
    const auto wrong =
        on.start(on.data->read([](snapshot& s) { (void)s.integer("SELECT nothing FROM nowhere"); }));
    const auto refused =
        on.start(on.data->read([](snapshot&) { throw error(error_code::not_found, "no such item"); }));
    on.turn();
    CHECK(wrong->other);
    CHECK(refused->code == error_code::not_found);
}

TEST_CASE("the stop refuses reads that wait and finishes those that run") {
    db::options settings;
    settings.readers = 1;
    store on(settings);
    latch running;
    latch go;
    const auto runs = on.start(hold(on, db::read_kind::quick, running, go));
    on.poll();
    running.wait();
    const auto waits = on.start(on.count());
    on.poll();
    go.open();
    on.data->stop_blocking();
    on.turn();
    CHECK(runs->ok());
    CHECK((waits->ok() || waits->code == error_code::overloaded));
}
