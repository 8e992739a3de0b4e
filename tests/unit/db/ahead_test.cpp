// Questions that are said ahead, and changes that go out together: whatever order jobs do things in, each reads what it would
// have read without them. A model in memory says what that is.
#include "fixture.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <random>

using namespace kith;
using namespace kith::db_test;

namespace {

constexpr std::int64_t keys = 5;  // few, so that jobs meet
constexpr int jobs_each = 40;
constexpr int batches = 60;
/// From this batch on some jobs fail. Those behind a failure run one by one, so it comes late.
constexpr int first_with_failures = 40;

constexpr std::string_view thing_sql = "SELECT n, word FROM things WHERE a = ? AND b = ?";
constexpr std::string_view row_sql = "SELECT b, n FROM things WHERE a = ?";  // several rows
constexpr std::string_view word_sql = "SELECT a, b FROM things WHERE word = ? AND a = ?";
constexpr std::string_view counter_sql = "SELECT n, m FROM counters WHERE id = ?";
constexpr std::string_view both_sql =
    "SELECT t.n, c.m FROM things t JOIN counters c ON c.id = t.a WHERE t.a = ? AND t.b = ?";

struct thing {
    std::int64_t n = 0;
    std::string word;
};
struct counter {
    std::int64_t n = 0;
    std::int64_t m = 0;
};
struct rows {
    std::map<std::pair<std::int64_t, std::int64_t>, thing> things;
    std::map<std::int64_t, counter> counters;
};

/// What the tables hold, undone with their changes.
class model final : public db::batch_participant {
public:
    void begin_batch(transaction&) override { now = committed_; }
    void begin_job() override { before_job_ = now; }
    void undo_job() override { now = before_job_; }
    void end_batch(transaction&) override {}
    std::function<void()> committed() override {
        committed_ = now;
        return nullptr;
    }
    void abandoned() override {}

    void expect(bool holds, const std::string& what) {
        const std::lock_guard lock(mutex_);
        if (!holds && wrong_.empty()) {
            wrong_ = what;
        }
        ++expected_;
    }
    [[nodiscard]] std::string wrong() {
        const std::lock_guard lock(mutex_);
        return wrong_;
    }
    [[nodiscard]] int expected() {
        const std::lock_guard lock(mutex_);
        return expected_;
    }

    rows now;  ///< on the writer thread

private:
    rows committed_;
    rows before_job_;
    std::mutex mutex_;
    std::string wrong_;
    int expected_ = 0;
};

class random_job {
public:
    random_job(model& rows, unsigned seed, bool may_fail) : rows_(&rows), seed_(seed), may_fail_(may_fail) {}

    void ask(db::questions& q) const {
        std::mt19937 chance(seed_);
        for (int i = 0; i < 3; ++i) {
            const std::int64_t a = any_key(chance);
            const std::int64_t b = any_key(chance);
            switch (chance() % 6) {
            case 3: q.ask_ahead(row_sql, a); break;
            case 4: q.ask_ahead(word_sql, std::to_string(b), a); break;
            case 0: q.ask_ahead(thing_sql, a, b); break;
            case 1: q.ask_ahead(counter_sql, a); break;
            case 2: q.ask_ahead(both_sql, a, b); break;
            default: break;
            }
        }
    }

    void operator()(transaction& t) const {
        std::mt19937 chance(seed_ + 1);
        for (int i = 0; i < 5; ++i) {
            const std::int64_t a = any_key(chance);
            const std::int64_t b = any_key(chance);
            change(t, chance, a, b);
            // What was said ahead first, then anything.
            std::mt19937 asked(seed_);
            for (std::mt19937* const by : {&asked, &chance}) {
                const std::int64_t c = any_key(*by);
                const std::int64_t d = any_key(*by);
                if (chance() % 8 == 0) {
                    t.ask_ahead(thing_sql, c, d);  // again, or late
                    t.ask_ahead(counter_sql, d);
                }
                if (chance() % 4 == 0) {  // what is read goes out at once
                    read(t, c, d);
                }
            }
        }
        if (may_fail_ && chance() % 10 == 0) {
            throw error(error_code::conflict, "undone");
        }
    }

private:
    static std::int64_t any_key(std::mt19937& chance) { return static_cast<std::int64_t>(chance()) % keys; }

    void change(transaction& t, std::mt19937& chance, std::int64_t a, std::int64_t b) const {
        rows& now = rows_->now;
        const auto value = static_cast<std::int64_t>(chance() % 10);  // few, so that words meet
        // Rarely what makes everything be forgotten.
        switch (const auto kind = chance() % 40; kind < 10 ? 0 : kind < 20 ? 1 : kind < 24 ? 2 : kind - 21) {
        case 0:
            if (now.things.try_emplace({a, b}, thing{value, std::to_string(value)}).second) {
                t.insert_together("INSERT INTO things (a, b, n, word) VALUES (?, ?, ?, ?)", a, b, value,
                                  std::to_string(value));
            }
            break;
        case 1:
            t.update_together("UPDATE counters SET n = ?, m = ? WHERE id = ?", value, value + 1, a);
            if (const auto known = now.counters.find(a); known != now.counters.end()) {
                known->second = {value, value + 1};
            }
            break;
        case 2:
            if (now.counters.try_emplace(a, counter{value, 0}).second) {
                t.insert_together("INSERT INTO counters (id, n, m) VALUES (?, ?, ?)", a, value, 0);
            }
            break;
        case 3:
            rows_->expect(t.execute("DELETE FROM things WHERE a = ? AND b = ?", a, b)
                              == static_cast<std::int64_t>(now.things.erase({a, b})),
                          "the count of a DELETE");
            break;
        case 4:
            t.execute("UPDATE counters SET m = m + 1 WHERE id = ?", a);
            if (const auto known = now.counters.find(a); known != now.counters.end()) {
                ++known->second.m;
            }
            break;
        case 5:
            t.execute("UPDATE things SET word = ? WHERE a = ?", std::to_string(value), a);
            for (auto& [key, one] : now.things) {
                if (key.first == a) {
                    one.word = std::to_string(value);
                }
            }
            break;
        case 6: {
            const bool is_new = now.things.try_emplace({a, b}, thing{value, "tried"}).second;
            rows_->expect(
                t.try_insert("INSERT INTO things (a, b, n, word) VALUES (?, ?, ?, 'tried')", a, b, value)
                    == is_new,
                "whether a row was new");
            break;
        }
        case 7:
            t.update_together("UPDATE counters SET n = ? WHERE id = ?", value, a);
            if (const auto known = now.counters.find(a); known != now.counters.end()) {
                known->second.n = value;
            }
            break;
        case 8:
            t.execute("DELETE FROM counters WHERE id = ?", a);
            now.counters.erase(a);
            break;
        default: break;
        }
    }

    void read(transaction& t, std::int64_t a, std::int64_t b) const {
        const rows& now = rows_->now;
        const auto known = now.things.find({a, b});
        {
            db::cursor row = t.query(thing_sql, a, b);
            const bool is_there = row.next();
            rows_->expect(is_there == (known != now.things.end()), "whether there is a thing");
            if (is_there && known != now.things.end()) {
                rows_->expect(row.integer(0) == known->second.n && row.text(1) == known->second.word,
                              "what a thing holds");
                rows_->expect(!row.next(), "one thing only");
            }
        }
        {
            std::map<std::int64_t, std::int64_t> found;
            db::cursor row = t.query(row_sql, a);
            while (row.next()) {
                found.emplace(row.integer(0), row.integer(1));
            }
            std::map<std::int64_t, std::int64_t> wanted;
            for (const auto& [key, one] : now.things) {
                if (key.first == a) {
                    wanted.emplace(key.second, one.n);
                }
            }
            rows_->expect(found == wanted, "the things of a row");
        }
        {
            const std::string word = std::to_string(b);
            std::int64_t found = 0;
            db::cursor row = t.query(word_sql, word, a);
            while (row.next()) {
                ++found;
            }
            const auto wanted = std::count_if(now.things.begin(), now.things.end(), [&](const auto& one) {
                return one.first.first == a && one.second.word == word;
            });
            rows_->expect(found == wanted, "the things of a word");
        }
        const auto counted = now.counters.find(a);
        {
            db::cursor row = t.query(both_sql, a, b);
            const bool wanted = known != now.things.end() && counted != now.counters.end();
            const bool is_there = row.next();
            rows_->expect(is_there == wanted, "whether there are both");
            if (is_there && wanted) {
                rows_->expect(row.integer(0) == known->second.n && row.integer(1) == counted->second.m,
                              "what both hold");
            }
        }
        db::cursor row = t.query(counter_sql, a);
        const bool is_there = row.next();
        rows_->expect(is_there == (counted != now.counters.end()), "whether there is a counter");
        if (is_there && counted != now.counters.end()) {
            rows_->expect(row.integer(0) == counted->second.n && row.integer(1) == counted->second.m,
                          "what a counter holds");
        }
    }

    model* rows_;
    unsigned seed_;
    bool may_fail_;
};

}  // namespace

TEST_CASE("jobs that ask ahead read what they would have read alone") {
    model rows;
    store on({}, &rows);
    on.run(on.data->write([&rows](transaction& t) {
        const bool server = t.dialect() == db::dialect::mysql;
        t.execute_script(
            server ? "CREATE TABLE things (a BIGINT, b BIGINT, n BIGINT NOT NULL, word VARCHAR(20) NOT NULL, "
                     "PRIMARY KEY (a, b)); CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, "
                     "m BIGINT NOT NULL)"
                   : "CREATE TABLE things (a INTEGER, b INTEGER, n INTEGER NOT NULL, word TEXT NOT NULL, "
                     "PRIMARY KEY (a, b)) STRICT; CREATE TABLE counters (id INTEGER PRIMARY KEY, "
                     "n INTEGER NOT NULL, m INTEGER NOT NULL) STRICT");
        for (std::int64_t id = 0; id < keys; ++id) {
            t.execute("INSERT INTO counters (id, n, m) VALUES (?, 0, 0)", id);
            rows.now.counters[id] = {};
        }
    }));
    const unsigned seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : std::random_device()();  // --rng-seed
    unsigned next = seed;
    int failures = 0;
    for (int batch = 0; batch < batches; ++batch) {
        on.run(on.data->write([&rows](transaction& t) {
            t.execute("DELETE FROM things");
            rows.now.things.clear();
        }));
        latch go;
        on.hold_writer(go);
        std::vector<std::shared_ptr<outcome>> ends;
        for (int i = 0; i < jobs_each; ++i) {
            ends.push_back(
                on.start(on.data->write(random_job(rows, next += 2, batch >= first_with_failures))));
        }
        on.poll();
        go.open();
        on.turn();
        for (const auto& end : ends) {
            CHECK((end->ok() || end->code == error_code::conflict));
            failures += end->ok() ? 0 : 1;
        }
        INFO("seed " << seed << ", batch " << batch);
        REQUIRE(rows.wrong() == std::string());
    }
    CHECK(failures > 0);
    CHECK(rows.expected() > batches * jobs_each);
}

TEST_CASE("the questions of a snapshot that were said ahead are answered as alone") {
    store on;
    for (std::int64_t id = 0; id < 10; ++id) {
        on.run(on.insert(id, "body " + std::to_string(id)));
    }
    const auto read = [](snapshot& s) {
        std::string all;
        for (std::int64_t id = 0; id < 12; id += 2) {
            s.ask_ahead("SELECT body FROM items WHERE id = ?", id);
        }
        s.ask_ahead("SELECT id FROM items WHERE body = ?", "body 3");
        for (std::int64_t id = 0; id < 13; ++id) {
            db::cursor row = s.query("SELECT body FROM items WHERE id = ?", id);
            all += row.next() ? row.text(0) + ";" : "none;";
        }
        return all + std::to_string(s.integer("SELECT id FROM items WHERE body = ?", "body 3").value());
    };
    std::string wanted;
    for (int id = 0; id < 13; ++id) {
        wanted += id < 10 ? "body " + std::to_string(id) + ";" : "none;";
    }
    CHECK(on.run(on.data->read(read)) == wanted + "3");
    on.run(on.data->write(
        [](transaction& t) { t.execute("UPDATE items SET body = ? WHERE id = ?", "new", 4); }));
    // The next snapshot takes no answer from the one before.
    CHECK(on.run(on.data->read(read)).find("new;") != std::string::npos);
}
