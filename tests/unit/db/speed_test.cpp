// Measures, run by hand: db_test "[speed]". Writes a second by the number of callers that wait at a time, each beside
// what the same thread of SQLite does without executor on the same disk at the same time.
#include "fixture.hpp"
#include "sqlite.hpp"

#include <cstdio>

using namespace kith;
using namespace kith::db_test;

namespace {

constexpr const char* table = "CREATE TABLE speed(conversation INTEGER, seq INTEGER, body TEXT NOT NULL,"
                              " PRIMARY KEY(conversation, seq)) STRICT, WITHOUT ROWID";
constexpr std::string_view insert = "INSERT INTO speed(conversation, seq, body) VALUES(?, ?, ?)";
constexpr std::string_view body =
    "a message of usual length, about as long as people write them, a hundred bytes or so, no more";

/// Writes a second with `rows_each` rows in a commit, on this thread.
double bare(int rows_each, int rows) {
    temp_folder folder;
    db::connection on(folder.file("bare.db"), db::access::create, "FULL");
    on.run_script(table);
    db::sqlite_transaction t(on, timestamp());
    const auto begin = std::chrono::steady_clock::now();
    for (std::int64_t id = 0; id < rows; ++id) {
        if (id % rows_each == 0) {
            on.run_script("BEGIN IMMEDIATE");
        }
        t.execute(insert, id % 100, id, body);
        if (id % rows_each == rows_each - 1) {
            on.run_script("COMMIT");
        }
    }
    return rows / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

task<void> send_on(store& on, std::int64_t first, int rows) {
    for (std::int64_t id = first; id < first + rows; ++id) {
        auto done = on.data->write([id](transaction& t) { t.execute(insert, id % 100, id, body); });
        co_await std::move(done);
    }
}

void measure(int callers, int rows) {
    store on;
    const double floor = bare(std::min(callers, static_cast<int>(on.settings.batch_jobs)), rows);
    on.run(on.data->write([](transaction& t) { t.execute_script(table); }));
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < callers; ++i) {
        on.start(send_on(on, 1 + static_cast<std::int64_t>(i) * 1'000'000, rows / callers));
    }
    on.turn();
    const double span = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%5d callers: %8.0f writes/s, bare SQLite %8.0f, ratio %.2f\n", callers, rows / span, floor,
                rows / span / floor);
    CHECK(on.run(on.data->read([](snapshot& s) { return s.integer("SELECT count(*) FROM speed").value(); }))
          == rows);
}

}  // namespace

TEST_CASE("writes a second", "[.][speed][sqlite]") {
    measure(1, 10'000);
    measure(10, 40'000);
    measure(100, 100'000);
    measure(1000, 200'000);
}
