// Two writers on one MariaDB, each a process of its own: whoever reads position n + 1 can read n as well, however slow a
// transaction is, and when a writer is killed in the middle of one.
#include "../store_place.hpp"
#include "node.hpp"

#include <catch2/catch.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <set>
#include <string>
#include <vector>

using namespace kith;

namespace {

constexpr int writers = 2;
constexpr int changes_each = 150;
/// A killed writer has this much of its work done or more, and is killed that often.
constexpr std::size_t notes_before_kill = 60;
constexpr int kills = 3;

/// A process of tests/unit/journal/writer.
class writer_process {
public:
    writer_process(const testing::store_place& place, int number, std::string numbering) {
        const auto server = place.options().server.value();
        std::array<std::string, 7> words{KITH_TEST_WRITER,
                                         server.where.socket,
                                         server.where.name,
                                         std::to_string(number),
                                         std::move(numbering),
                                         std::to_string(writers),
                                         std::to_string(changes_each)};
        std::array<char*, words.size() + 1> raw{};
        std::transform(words.begin(), words.end(), raw.begin(),
                       [](std::string& word) { return word.data(); });
        REQUIRE(::posix_spawn(&pid_, raw[0], nullptr, nullptr, raw.data(), environ) == 0);
    }
    ~writer_process() { kill(); }
    writer_process(const writer_process&) = delete;
    writer_process& operator=(const writer_process&) = delete;

    [[nodiscard]] bool has_ended() {
        if (pid_ != 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) {
            pid_ = 0;
        }
        return pid_ == 0;
    }
    /// kill -9, and waits for its end.
    void kill() {
        if (!has_ended()) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, &status_, 0);
            pid_ = 0;
        }
    }
    /// Of one that has ended.
    [[nodiscard]] bool made_all() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

private:
    pid_t pid_ = 0;
    int status_ = 0;
};

using seen_note = std::pair<std::int64_t, std::int64_t>;  ///< its position and what changed

struct findings {
    std::vector<seen_note> followed;  ///< in the order in which a follower got them
    std::vector<seen_note> stored;
    std::int64_t head = 0;
    int refused = 0;  ///< writers that could not make all of their changes
    int ahead_of_head = 0;  ///< notes beyond the head of the same snapshot

    /// Stored, and never shown to the follower.
    [[nodiscard]] std::size_t passed_over() const {
        const std::set<seen_note> shown(followed.begin(), followed.end());
        return static_cast<std::size_t>(std::count_if(
            stored.begin(), stored.end(), [&](const seen_note& one) { return !shown.contains(one); }));
    }
    /// Positions up to the head without a note.
    [[nodiscard]] std::int64_t missing() const {
        std::set<std::int64_t> there;
        for (const seen_note& one : stored) {
            there.insert(one.first);
        }
        return head - static_cast<std::int64_t>(there.size());
    }
    /// Whether each position is that of one note.
    [[nodiscard]] bool single() const {
        return std::adjacent_find(stored.begin(), stored.end(),
                                  [](const seen_note& a, const seen_note& b) { return a.first == b.first; })
               == stored.end();
    }
    /// How often one writer's change came after the other's.
    [[nodiscard]] int turns() const {
        int found = 0;
        for (std::size_t i = 1; i < stored.size(); ++i) {
            found += stored[i].second % writers == stored[i - 1].second % writers ? 0 : 1;
        }
        return found;
    }
};

/// The database, a follower in this process, and the writers.
class race {
public:
    explicit race(std::string numbering) : numbering_(std::move(numbering)) {
        const std::unique_ptr<logger> log = make_null_logger();
        db::migrate_blocking(place_.options(), system_clock_source(), *log);
        const std::string name = place_.options().server->where.name;
        testing::run_on_server("CREATE TABLE " + name + ".test_ready (number BIGINT PRIMARY KEY)");
        if (numbering_ == "sequence") {
            testing::run_on_server("CREATE SEQUENCE " + name + ".test_positions");
        }
        follower_ = std::make_unique<testing::node>(place_.options(), writers, testing::numbering::locked);
        for (int i = 0; i < writers; ++i) {
            started_.push_back(start(i));
        }
    }

    /// Follows until every writer has ended, and then compares with what is stored.
    findings run(int kills_left = 0) {
        for (bool last = false; !last;) {
            last = std::all_of(started_.begin(), started_.end(), [](auto& one) { return one->has_ended(); });
            follow();
            if (kills_left > 0 && found_.followed.size() >= next_kill_ && !started_[0]->has_ended()) {
                --kills_left;
                next_kill_ = found_.followed.size() + notes_before_kill;
                started_[0]->kill();
                started_[0] = start(0);
            }
        }
        CHECK(kills_left == 0);
        for (const auto& one : started_) {
            found_.refused += one->made_all() ? 0 : 1;
        }
        follower_->run(follower_->store->read([this](snapshot& s) {
            found_.head = journal::read_state(s).pos;
            for (const journal::note_row& note : journal::notes_after(s, 0, 1'000'000)) {
                found_.stored.emplace_back(note.pos, note.thing);
            }
        }));
        return found_;
    }

private:
    std::unique_ptr<writer_process> start(int number) {
        return std::make_unique<writer_process>(place_, number, numbering_);
    }
    /// What came since the last time, as another node would read it.
    void follow() {
        follower_->run(follower_->store->read([this](snapshot& s) {
            const std::int64_t head = journal::read_state(s).pos;
            for (const journal::note_row& note : journal::notes_after(s, reached_, 1000)) {
                found_.ahead_of_head += note.pos <= head ? 0 : 1;
                found_.followed.emplace_back(note.pos, note.thing);
                reached_ = note.pos;
            }
        }));
    }

    std::string numbering_;
    testing::store_place place_;
    std::unique_ptr<testing::node> follower_;
    std::vector<std::unique_ptr<writer_process>> started_;
    findings found_;
    std::int64_t reached_ = 0;
    std::size_t next_kill_ = notes_before_kill;
};

void check(const findings& found) {
    CHECK(found.passed_over() == 0);
    CHECK(found.missing() == 0);
    CHECK(found.single());
    CHECK(found.ahead_of_head == 0);
    CHECK(std::is_sorted(found.followed.begin(), found.followed.end()));
    CHECK(found.refused == 0);
    CHECK(found.stored.size() == std::size_t{writers} * changes_each * 2);
    CHECK(found.turns() >= 20);  // they did write at the same time
}

}  // namespace

TEST_CASE("two writers: a follower passes over no late commit, and no position is missing", "[mariadb]") {
    check(race("locked").run());
}

TEST_CASE("two writers: one that is killed leaves no hole, and its successor goes on", "[mariadb]") {
    check(race("locked").run(kills));
}

TEST_CASE("two writers without the lock of the head: the same test sees what is wrong", "[mariadb]") {
    const findings found = race("unlocked").run();
    CHECK_FALSE(found.single());
    CHECK(found.passed_over() > 0);
}

TEST_CASE("two writers with positions of a sequence: the same test sees late commits passed over",
          "[mariadb]") {
    const findings found = race("sequence").run();
    CHECK(found.single());
    CHECK(found.refused == 0);
    CHECK(found.missing() == 0);
    CHECK(found.passed_over() > 0);
}
