// What a job asks ahead still holds at the position that it gets: two writers on one MariaDB, one that takes a permission away
// and gives it back, and one that acts on it.
#include "../store_place.hpp"
#include "node.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace kith;

namespace {

constexpr int toggles = 120;
constexpr int toggles_max = 20'000;
constexpr int passes_wanted = 200;
constexpr int senders = 4;
constexpr int lines_each = 60;

/// What a change of the journal was about.
enum class told : std::int64_t { gate_closed, gate_open, passed };

constexpr std::string_view gate_sql = "SELECT open_now FROM gates WHERE id = ?";
constexpr std::string_view last_sql = "SELECT last_seq FROM rooms WHERE id = ?";

void tell(journal::writer& notes, transaction& t, told what) {
    (void)journal::note(notes, t, "test.told", static_cast<std::int64_t>(what), 0,
                        {journal::topic(journal::topic_kind::user, 1)}, what);
}

/// The journal's own, and beside it whether the gate was open before the lock: a check that nobody keeps fresh.
class early_reader final : public journal::writer {
public:
    void set_tail(journal::tail& hub) override { inner_->set_tail(hub); }
    std::int64_t append(transaction& t, journal::change what) override {
        return inner_->append(t, std::move(what));
    }
    void begin_batch(transaction& t) override {
        open_ = t.integer(gate_sql, 1) == 1;
        inner_->begin_batch(t);
    }
    void begin_job() override { inner_->begin_job(); }
    void undo_job() override { inner_->undo_job(); }
    void end_batch(transaction& t) override { inner_->end_batch(t); }
    std::function<void()> committed() override { return inner_->committed(); }
    void abandoned() override { inner_->abandoned(); }

    [[nodiscard]] bool open() const noexcept { return open_; }

private:
    std::unique_ptr<journal::writer> inner_ = journal::make_writer();
    bool open_ = false;
};

/// Passes when the gate is open.
class pass_job {
public:
    explicit pass_job(journal::writer& notes) : notes_(&notes) {}
    void ask(db::questions& q) const { q.ask_ahead(gate_sql, 1); }
    bool operator()(transaction& t) const {
        const bool open = t.integer(gate_sql, 1) == 1;
        if (open) {
            tell(*notes_, t, told::passed);
        }
        return open;
    }

private:
    journal::writer* notes_;
};

/// Writes the next line of the room.
class line_job {
public:
    explicit line_job(journal::writer& notes) : notes_(&notes) {}
    void ask(db::questions& q) const { q.ask_ahead(last_sql, 1); }
    void operator()(transaction& t) const {
        const std::int64_t seq = t.integer(last_sql, 1).value() + 1;
        t.update_together("UPDATE rooms SET last_seq = ? WHERE id = ?", seq, 1);
        t.insert_together("INSERT INTO room_lines (room, seq) VALUES (?, ?)", 1, seq);
        tell(*notes_, t, told::passed);
    }

private:
    journal::writer* notes_;
};

class two_nodes {
public:
    explicit two_nodes(std::unique_ptr<journal::writer> of_second = journal::make_writer()) {
        const std::unique_ptr<logger> log = make_null_logger();
        db::migrate_blocking(place_.options(), system_clock_source(), *log);
        nodes.push_back(std::make_unique<testing::node>(place_.options(), 0, testing::numbering::locked));
        nodes.push_back(std::make_unique<testing::node>(place_.options(), 1, std::move(of_second)));
        nodes[0]->run(nodes[0]->store->write([](transaction& t) {
            t.execute_script(
                "CREATE TABLE gates (id BIGINT PRIMARY KEY, open_now INT NOT NULL) ENGINE = InnoDB;"
                "CREATE TABLE rooms (id BIGINT PRIMARY KEY, last_seq BIGINT NOT NULL) ENGINE = InnoDB;"
                "CREATE TABLE room_lines (room BIGINT, seq BIGINT, PRIMARY KEY (room, seq)) ENGINE = InnoDB;"
                "INSERT INTO gates VALUES (1, 1); INSERT INTO rooms VALUES (1, 0)");
        }));
    }

    /// Lets both work at the same time.
    void run(task<void> first, std::vector<task<void>> second) {
        std::thread other([&] {
            for (task<void>& one : second) {
                boost::asio::co_spawn(nodes[1]->io, std::move(one), [](std::exception_ptr e) {
                    if (e) {
                        std::rethrow_exception(e);
                    }
                });
            }
            nodes[1]->io.restart();
            nodes[1]->io.run();
        });
        nodes[0]->run(std::move(first));
        other.join();
    }

    /// Until there were some passes beside many changes.
    task<void> toggle() {
        for (int i = 0; i < toggles_max && (i < toggles || passes < passes_wanted); ++i) {
            const std::int64_t open = i % 2;
            co_await toggle_once(open);
        }
        done = true;
    }
    /// Whoever acts as the journal says, or as somebody read before the lock.
    template <class Job>
    task<void> pass(Job job) {
        while (!done) {
            const bool passed = co_await nodes[1]->store->write(job);
            passes += passed ? 1 : 0;
        }
    }
    task<void> write_lines(int node) {
        for (int i = 0; i < lines_each; ++i) {
            co_await write_line(*nodes[static_cast<std::size_t>(node)]);
        }
    }

    /// How often somebody passed whom the changes before had shut out.
    int passes_of_a_closed_gate() {
        int wrong = 0;
        bool open = true;
        nodes[0]->run(nodes[0]->store->read([&](snapshot& s) {
            for (const journal::note_row& note : journal::notes_after(s, 0, 1'000'000)) {
                switch (static_cast<told>(note.thing)) {
                case told::passed: wrong += open ? 0 : 1; break;
                case told::gate_open: open = true; break;
                case told::gate_closed: open = false; break;
                }
            }
        }));
        return wrong;
    }

    std::vector<std::unique_ptr<testing::node>> nodes;
    std::atomic<bool> done{false};
    std::atomic<int> passes{0};

private:
    static task<void> write_line(testing::node& on) { return on.store->write(line_job(*on.notes)); }
    task<void> toggle_once(std::int64_t open) {
        journal::writer& notes = *nodes[0]->notes;
        return nodes[0]->store->write([&notes, open](transaction& t) {
            t.execute("UPDATE gates SET open_now = ? WHERE id = 1", open);
            tell(notes, t, open == 1 ? told::gate_open : told::gate_closed);
        });
    }

    testing::store_place place_;
};

}  // namespace

TEST_CASE("a check that was asked ahead still holds under the lock", "[mariadb]") {
    two_nodes both;
    std::vector<task<void>> passing;
    for (int i = 0; i < senders; ++i) {
        passing.push_back(both.pass(pass_job(*both.nodes[1]->notes)));
    }
    both.run(both.toggle(), std::move(passing));
    CHECK(both.passes >= passes_wanted);
    CHECK(both.passes_of_a_closed_gate() == 0);
}

TEST_CASE("a check that was read before the lock and not kept: the same test sees it", "[mariadb]") {
    auto notes = std::make_unique<early_reader>();
    early_reader* const early = notes.get();
    two_nodes both(std::move(notes));
    std::vector<task<void>> passing;
    for (int i = 0; i < senders; ++i) {
        passing.push_back(both.pass([early](transaction& t) {
            if (early->open()) {
                tell(*early, t, told::passed);
            }
            return early->open();
        }));
    }
    both.run(both.toggle(), std::move(passing));
    CHECK(both.passes >= passes_wanted);
    CHECK(both.passes_of_a_closed_gate() > 0);
}

TEST_CASE("numbers that were asked ahead are given once, without a gap", "[mariadb]") {
    two_nodes both;
    std::vector<task<void>> second;
    second.push_back(both.write_lines(1));
    second.push_back(both.write_lines(1));
    both.run(both.write_lines(0), std::move(second));
    both.nodes[0]->run(both.nodes[0]->store->read([](snapshot& s) {
        CHECK(s.integer("SELECT COUNT(*) FROM room_lines") == 3 * lines_each);
        CHECK(s.integer("SELECT MAX(seq) FROM room_lines") == 3 * lines_each);
        CHECK(s.integer(last_sql, 1) == 3 * lines_each);
    }));
}
