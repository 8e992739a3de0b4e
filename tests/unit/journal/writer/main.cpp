// A writer in a process of its own, for the test of two writers:
//     journal_writer SOCKET DATABASE NODE NUMBERING WRITERS CHANGES
// makes the changes NODE, NODE + WRITERS, … (CHANGES of them), those left out that an earlier process of this number has made.
// Each is two notes in a transaction that takes its time. 0 when all were made, 1 when one was refused, 2 when it cannot begin.
#include "../node.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

using namespace kith;

namespace {

/// No writer outlives its test.
constexpr unsigned seconds_max = 90;

void change(testing::node& by, std::int64_t thing) {
    by.run(by.store->write([&by, thing](transaction& t) {
        const auto slow = std::chrono::microseconds((thing * 7919) % 2000);
        const auto say = [&] {
            journal::note(*by.notes, t, "thing.changed", thing, 0,
                          {journal::topic::of_user(user_id(1 + thing))}, thing);
        };
        std::this_thread::sleep_for(slow);
        say();
        std::this_thread::sleep_for(slow / 2);
        say();
        std::this_thread::sleep_for(slow);
    }));
}

/// Until every writer is there, so that none is done before another begins.
void wait_for_all(testing::node& by, std::int64_t number, std::int64_t writers) {
    by.run(by.store->write([number](transaction& t) {
        (void)t.try_insert("INSERT INTO test_ready (number) VALUES (?)",
                           number);  // an earlier process may have been there
    }));
    for (std::int64_t there = 0; there < writers;) {
        by.run(by.store->read(
            [&there](snapshot& s) { there = s.integer("SELECT COUNT(*) FROM test_ready").value(); }));
    }
}

/// The first change that an earlier process of this number has not made.
std::int64_t first_left(testing::node& by, std::int64_t number, std::int64_t writers) {
    std::int64_t first = number;
    by.run(by.store->read([&](snapshot& s) {
        if (const auto last =
                s.integer("SELECT MAX(thing) FROM journal_notes WHERE MOD(thing, ?) = ?", writers, number)) {
            first = *last + writers;
        }
    }));
    return first;
}

int write_all(char** words) {
    db::options at;
    at.server.emplace();
    at.server->where.user = "root";
    at.server->where.socket = words[1];
    at.server->where.name = words[2];
    const std::int64_t number = std::stoll(words[3]);
    const std::int64_t writers = std::stoll(words[5]);
    const std::int64_t changes = std::stoll(words[6]);
    testing::node by(at, static_cast<std::uint8_t>(number), testing::numbering_of(words[4]));
    wait_for_all(by, number, writers);
    int refused = 0;
    for (std::int64_t thing = first_left(by, number, writers); thing < changes * writers; thing += writers) {
        try {
            change(by, thing);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "change %lld: %s\n", static_cast<long long>(thing), e.what());
            refused = 1;
        }
    }
    return refused;
}

}  // namespace

int main(int count, char** words) {
    if (count != 7) {
        std::fputs("usage: journal_writer SOCKET DATABASE NODE NUMBERING WRITERS CHANGES\n", stderr);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(seconds_max);
    try {
        return write_all(words);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "journal_writer: %s\n", e.what());
        return 2;
    }
}
