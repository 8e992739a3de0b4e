// The writer: batches, undoing one job alone, order of answers, bounds of the queue, the stop.
#include "fake_participant.hpp"
#include "fixture.hpp"

#include <atomic>
#include <thread>

using namespace kith;
using namespace kith::db_test;

namespace {

task<void> insert_noting(store& on, fake_participant& part, std::int64_t id, bool fail) {
    auto answer = on.data->write([&part, id, fail](transaction& t) {
        t.execute("INSERT INTO items VALUES(?, ?)", id, "body " + std::to_string(id));
        const std::int64_t pos = part.note();
        if (fail) {
            throw error(error_code::forbidden, "not here");
        }
        return pos;
    });
    const std::int64_t pos = co_await std::move(answer);
    part.seen.push_back("answer " + std::to_string(pos));
}

double metric(store& on, const std::string& name) {
    const std::string text = on.numbers->text();
    const std::size_t at = text.find("\n" + name + " ");
    REQUIRE(at != std::string::npos);
    return std::stod(text.substr(at + name.size() + 2));
}

}  // namespace

TEST_CASE("jobs that wait together share one commit") {
    fake_participant part;
    store on({}, &part);
    const double batches = metric(on, "kith_db_batches_total");
    latch go;
    on.hold_writer(go);
    std::vector<std::shared_ptr<outcome>> ends;
    for (int i = 1; i <= 50; ++i) {
        ends.push_back(on.start(on.insert(i, "body " + std::to_string(i))));
    }
    on.poll();
    go.open();
    on.turn();
    for (const auto& end : ends) {
        CHECK(end->ok());
    }
    CHECK(metric(on, "kith_db_batches_total") == batches + 2);
    CHECK(on.run(on.count()) == 50);
}

TEST_CASE("a job that throws is undone alone, with its positions") {
    fake_participant part;
    store on({}, &part);
    latch go;
    on.hold_writer(go);
    std::vector<std::shared_ptr<outcome>> ends;
    for (int i = 1; i <= 4; ++i) {
        ends.push_back(on.start(insert_noting(on, part, i, i == 2)));
    }
    on.poll();
    part.calls.clear();
    go.open();
    on.turn();

    CHECK(ends[0]->ok());
    CHECK(ends[1]->code == error_code::forbidden);
    CHECK(ends[1]->text == "not here");
    CHECK(ends[2]->ok());
    CHECK(ends[3]->ok());
    // First everything that the batch pushes, then the answers in order; the positions are dense.
    CHECK(
        part.seen
        == std::vector<std::string>{"pushed 1", "pushed 2", "pushed 3", "answer 1", "answer 2", "answer 3"});
    CHECK(on.run(on.count()) == 3);
    CHECK(on.run(on.data->read([](snapshot& s) { return s.integer("SELECT pos FROM head").value(); })) == 3);
    CHECK(part.calls
          == std::vector<std::string>{"end_batch", "committed", "begin_batch", "begin_job", "begin_job",
                                      // It had changed something: the batch runs once more, with savepoints.
                                      "abandoned", "begin_batch", "begin_job", "begin_job", "undo_job",
                                      "begin_job", "begin_job", "end_batch", "committed"});
}

TEST_CASE("only a job that fails after its first change makes its batch run twice") {
    store on;
    const auto runs = std::make_shared<std::atomic<int>>(0);
    const auto batch = [&](bool changes_first) {
        latch go;
        on.hold_writer(go);
        runs->store(0);
        const auto good = on.start(on.data->write([runs](transaction&) { ++*runs; }));
        const auto bad = on.start(on.data->write([changes_first](transaction& t) {
            if (changes_first) {
                t.execute("INSERT INTO items VALUES(9, 'x')");
            }
            throw error(error_code::forbidden, "no");
        }));
        on.poll();
        go.open();
        on.turn();
        CHECK(good->ok());
        CHECK(bad->code == error_code::forbidden);
        CHECK(on.run(on.count()) == 0);
        return runs->load();
    };
    CHECK(batch(false) == 1);
    CHECK(batch(true) == 2);
    // From now on a while with savepoints: a failure that comes late costs nobody a second run.
    CHECK(batch(true) == 1);
}

TEST_CASE("any exception undoes a job, and its text reaches the caller") {
    store on;
    const auto odd = on.start(on.data->write([](transaction& t) {
        t.execute("INSERT INTO items VALUES(1, 'x')");
        throw std::runtime_error("a fault");
    }));
    on.turn();
    CHECK(odd->other);
    CHECK(odd->text == "a fault");
    CHECK(on.run(on.count()) == 0);
    CHECK(on.data->health() == db::health::ok);
}

TEST_CASE("a deferred foreign key that does not hold fails its own job only", "[sqlite]") {
    store on;
    on.run(on.data->write([](transaction& t) {
        t.execute_script(
            "CREATE TABLE parts(item INTEGER REFERENCES items(id) DEFERRABLE INITIALLY DEFERRED) STRICT");
    }));
    const auto bad =
        on.start(on.data->write([](transaction& t) { t.execute("INSERT INTO parts VALUES(77)"); }));
    const auto good = on.start(on.insert(1, "one"));
    on.turn();
    CHECK(bad->other);
    CHECK(good->ok());
    CHECK(on.data->health() == db::health::ok);
}

TEST_CASE("a batch ends after its time, and the rest is the next batch in the same order") {
    db::options settings;
    settings.batch_time = std::chrono::milliseconds(0);
    fake_participant part;
    store on(settings, &part);
    const double batches = metric(on, "kith_db_batches_total");
    std::vector<std::shared_ptr<outcome>> ends;
    for (int i = 1; i <= 5; ++i) {
        ends.push_back(on.start(insert_noting(on, part, i, false)));
    }
    on.turn();
    CHECK(metric(on, "kith_db_batches_total") == batches + 5);
    CHECK(part.seen.back() == "answer 5");
    CHECK(part.seen[part.seen.size() - 3] == "answer 4");
}

TEST_CASE("a batch holds no more bytes than it may, but always one job") {
    db::options settings;
    settings.batch_bytes = 1000;
    store on(settings);
    const double batches = metric(on, "kith_db_batches_total");
    latch go;
    on.hold_writer(go);
    for (int i = 1; i <= 3; ++i) {
        on.start(on.insert(i, std::string(2000, static_cast<char>('a' + i))));
    }
    on.poll();
    go.open();
    on.turn();
    CHECK(metric(on, "kith_db_batches_total") == batches + 4);
}

TEST_CASE("a full queue answers overloaded, later and with a time to wait") {
    db::options settings;
    SECTION("in jobs") {
        settings.queue_jobs = 3;
    }
    SECTION("in bytes") {
        settings.queue_bytes = 256;
    }
    store on(settings);
    latch go;
    on.hold_writer(go);
    std::vector<std::shared_ptr<outcome>> ends;
    for (int i = 1; i <= 5; ++i) {
        ends.push_back(on.start(on.insert(i, "b" + std::to_string(i))));
    }
    on.poll();
    CHECK(ends[3]->code == error_code::overloaded);
    CHECK(ends[4]->code == error_code::overloaded);
    CHECK_FALSE(ends[0]->done);
    go.open();
    on.turn();
    CHECK(ends[0]->ok());
    CHECK(ends[2]->ok());
    CHECK(on.run(on.count()) == 3);
}

TEST_CASE("a participant that fails takes its batch with it and no other") {
    fake_participant part;
    store on({}, &part);
    SECTION("at the beginning") {
        part.fail_begin = true;
    }
    SECTION("at the end") {
        part.fail_end = true;
    }
    part.calls.clear();
    const auto lost = on.start(on.insert(1, "one"));
    on.turn();
    CHECK(lost->other);
    CHECK(part.calls.back() == "abandoned");
    part.fail_begin = false;
    part.fail_end = false;
    CHECK(on.data->health() == db::health::ok);
    on.run(on.insert(2, "two"));
    CHECK(on.run(on.count()) == 1);
}

TEST_CASE("the stop finishes the writes that were handed over and takes no more") {
    store on;
    std::vector<std::shared_ptr<outcome>> ends;
    for (int i = 1; i <= 300; ++i) {
        ends.push_back(on.start(on.insert(i, "body " + std::to_string(i))));
    }
    on.io.restart();
    on.io.poll();  // hands them over
    on.data->stop_blocking();
    const auto late = on.start(on.insert(1000, "late"));
    const auto late_read = on.start(on.count());
    on.turn();
    for (const auto& end : ends) {
        CHECK(end->ok());
    }
    CHECK(late->code == error_code::overloaded);
    CHECK(late_read->code == error_code::overloaded);
    if (!testing::on_server()) {
        CHECK(std::filesystem::file_size(on.settings.path + "-wal") == 0);
    }
    on.data.reset();
    on.open();
    CHECK(on.run(on.count()) == 300);
}

TEST_CASE("jobs may return text and are destroyed on the reactor") {
    struct tracer {
        explicit tracer(std::thread::id& at) : where(&at) {}
        tracer(tracer&& other) noexcept : where(std::exchange(other.where, nullptr)) {}
        tracer(const tracer&) = delete;
        tracer& operator=(const tracer&) = delete;
        tracer& operator=(tracer&&) = delete;
        ~tracer() {
            if (where != nullptr) {
                *where = std::this_thread::get_id();
            }
        }
        std::thread::id* where;
    };
    store on;
    std::thread::id died;
    auto made = on.data->write([t = tracer(died)](transaction&) { return std::string("hello"); });
    CHECK(on.run(std::move(made)) == "hello");
    CHECK(died == std::this_thread::get_id());
}
