// The write-ahead log: it stays bounded under load with readers, refuses writes at its bound, and takes them again.
#include "fixture.hpp"

#include <algorithm>
#include <utility>
#include <vector>

using namespace kith;
using namespace kith::db_test;

namespace {

constexpr std::size_t mib = 1 << 20;

double wal_gauge(store& on) {
    const std::string text = on.numbers->text();
    const std::string name = "\nkith_db_wal_bytes ";
    return std::stod(text.substr(text.find(name) + name.size()));
}

struct load {
    bool over = false;
    double wal_max = 0;
    double wal_now = 0;
    std::vector<double> laps;  ///< the sizes from which the log began anew
    std::int64_t written = 0;
    std::int64_t refused = 0;
};

task<void> write_rows(store& on, load& sum, std::int64_t first, int rows, std::size_t bytes = 32 << 10) {
    for (std::int64_t id = first; id < first + rows; ++id) {
        try {
            co_await on.insert(id, std::to_string(id) + std::string(bytes, 'w'));
            ++sum.written;
        } catch (const error& e) {
            ++sum.refused;
        }
        const double before = std::exchange(sum.wal_now, wal_gauge(on));
        sum.wal_max = std::max(sum.wal_max, sum.wal_now);
        if (sum.wal_now < before) {
            sum.laps.push_back(before);
        }
    }
}

task<void> read_on(store& on, load& sum) {
    while (!sum.over) {
        co_await on.count();
    }
}

task<void> write_all(store& on, load& sum, int writers, int rows, std::size_t bytes = 32 << 10) {
    std::vector<std::shared_ptr<outcome>> ends;
    for (int i = 1; i < writers; ++i) {
        ends.push_back(on.start(write_rows(on, sum, 1 + i * 100'000, rows, bytes)));
    }
    co_await write_rows(on, sum, 1, rows, bytes);
    sum.over = true;
}

}  // namespace

TEST_CASE("the log stays bounded under a long load with readers that never pause", "[sqlite]") {
    db::options settings;
    settings.wal_bytes_max = 64 * mib;
    store on(settings);
    load sum;
    for (int i = 0; i < 6; ++i) {
        on.start(read_on(on, sum));
    }
    const auto all = on.start(write_all(on, sum, 8, 300));
    on.turn();
    REQUIRE(all->ok());
    CHECK(sum.refused == 0);
    CHECK(sum.written == 2400);  // 150 MB in the log, the index included
    INFO("largest: " << sum.wal_max / mib << " MB");
    CHECK(sum.wal_max < 56.0 * mib);
    CHECK(sum.wal_max > 4.0 * mib);
    on.close();
    CHECK(std::filesystem::file_size(on.settings.path + "-wal") == 0);
}

TEST_CASE("the log begins anew long before half its bound, whatever the size of the batches", "[sqlite]") {
    struct shape {
        const char* name;
        int writers;
        int rows;
        std::size_t bytes;
    };
    const shape of =
        GENERATE(shape{"batches of 64 KB", 4, 3000, 16 << 10}, shape{"batches of 1 MB", 16, 150, 64 << 10});
    INFO(of.name);
    store on;
    load sum;
    const auto all = on.start(write_all(on, sum, of.writers, of.rows, of.bytes));
    on.turn();
    REQUIRE(all->ok());
    CHECK(sum.refused == 0);
    CHECK(sum.wal_max > 16.0 * mib);
    // At 128 the writer stops for whatever is left. The one in the middle: a disk may stall for long.
    REQUIRE(sum.laps.size() >= 2);
    std::sort(sum.laps.begin(), sum.laps.end());
    CHECK(sum.laps[sum.laps.size() / 2] < 100.0 * mib);
}

TEST_CASE("at the bound of the log writes are refused, and taken again when the reader that held it has gone",
          "[sqlite]") {
    db::options settings;
    settings.wal_bytes_max = 24 * mib;
    settings.read_timeout = std::chrono::seconds(60);
    store on(settings);
    latch running;
    latch go;
    const auto reader = on.start(on.data->read([running, go](snapshot& s) {
        (void)s.integer("SELECT count(*) FROM items");
        running.open();
        go.wait();
    }));
    on.io.restart();
    on.io.poll();
    running.wait();
    std::shared_ptr<outcome> last;
    std::int64_t id = 0;
    do {
        ++id;
        last = on.start(on.insert(id, std::to_string(id) + std::string(mib, 'w')));
        REQUIRE(on.wait_until([&] { return last->done; }));
    } while (last->ok() && id < 100);
    CHECK(last->code == error_code::overloaded);
    CHECK(wal_gauge(on) < 28.0 * mib);
    CHECK(on.data->health() == db::health::ok);
    go.open();
    CHECK(on.wait_until([&] {
        ++id;
        const auto again = on.start(on.insert(id, "again " + std::to_string(id)));
        return on.wait_until([&] { return again->done; }) && again->ok();
    }));
    on.turn();
    CHECK(reader->ok());
    CHECK(wal_gauge(on) < 1.0 * mib);
}
