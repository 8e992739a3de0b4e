// CPU and memory accounting of the bench.
#include "clock.hpp"
#include "error.hpp"
#include "proc_stat.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

using namespace kith::bench;

namespace {

// Burns CPU in this thread until its own clock has gone on by `ns`.
void burn(std::int64_t ns) {
    const auto thread_ns = [] {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<std::int64_t>(t.tv_sec) * ns_per_s + t.tv_nsec;
    };
    const std::int64_t end = thread_ns() + ns;
    while (thread_ns() < end) {
    }
}

}  // namespace

TEST_CASE("ticks are read behind the name, whatever the name is") {
    const std::string rest = " S 1 2 3 4 5 6 7 8 9 10 120 34 0 0 20 0 1 0 100 0 0";
    CHECK(parse_stat_ticks("42 (kith)" + rest) == 154);
    CHECK(parse_stat_ticks("42 (a b) S 9 (c)" + rest) == 154);
    CHECK_THROWS_AS(parse_stat_ticks("42 (kith) S 1 2 3"), bench_error);
    CHECK_THROWS_AS(parse_stat_ticks("no name at all"), bench_error);
}

TEST_CASE("the CPU time of all threads of another process counts, ended ones too") {
    int go[2];
    int done[2];
    REQUIRE(pipe(go) == 0);
    REQUIRE(pipe(done) == 0);
    const pid_t child = fork();
    if (child == 0) {
        char byte = 0;
        if (read(go[0], &byte, 1) != 1) _exit(1);
        std::thread ended([] { burn(150'000'000); });
        ended.join();
        burn(150'000'000);
        if (write(done[1], &byte, 1) != 1) _exit(1);
        if (read(go[0], &byte, 1) != 1)  // stays, so that it can be looked at
            _exit(1);
        _exit(0);
    }
    REQUIRE(child > 0);
    const cpu_sample before = read_cpu(child);
    char byte = 'x';
    REQUIRE(write(go[1], &byte, 1) == 1);
    REQUIRE(read(done[0], &byte, 1) == 1);
    const std::int64_t used = cpu_used_ns(before, read_cpu(child));
    CHECK(used >= 300'000'000);
    CHECK(used < 360'000'000);
    REQUIRE(write(go[1], &byte, 1) == 1);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    for (const int fd : {go[0], go[1], done[0], done[1]}) close(fd);
}

TEST_CASE("CPU clocks that disagree are an error, those that differ by rounding are not") {
    CHECK(cpu_used_ns({0, 0}, {1'000'000'000, 1'000'000'000}) == 1'000'000'000);
    CHECK(cpu_used_ns({0, 0}, {15'000'000, 0}) == 15'000'000);
    CHECK_THROWS_AS(cpu_used_ns({0, 0}, {1'000'000'000, 500'000'000}), bench_error);
    CHECK_THROWS_AS(cpu_used_ns({0, 0}, {500'000'000, 1'000'000'000}), bench_error);
    CHECK_THROWS_AS(cpu_used_ns({2'000, 0}, {1'000, 0}), bench_error);
}

TEST_CASE("memory is summed from smaps_rollup") {
    const memory_sample sample = parse_smaps_rollup("55d0-7ffe ---p 00000000 00:00 0 [rollup]\n"
                                                    "Rss:                1000 kB\n"
                                                    "Pss:                 600 kB\n"
                                                    "Pss_Dirty:           300 kB\n"
                                                    "Private_Clean:       100 kB\n"
                                                    "Private_Dirty:       250 kB\n");
    CHECK(sample.rss_bytes == 1000 * 1024);
    CHECK(sample.pss_bytes == 600 * 1024);
    CHECK(sample.private_bytes == 350 * 1024);
    CHECK_THROWS_AS(parse_smaps_rollup("nothing"), bench_error);
}

TEST_CASE("memory of a process grows by what it touches") {
    const memory_sample before = read_memory(getpid());
    const std::vector<char> touched(32 << 20, 'x');
    const memory_sample after = read_memory(getpid());
    CHECK(touched.back() == 'x');
    // Not the private bytes: the pages of this program's file are shared while another test of it runs, and then private again.
    CHECK(after.rss_bytes - before.rss_bytes >= 30 << 20);
    CHECK(after.rss_bytes - before.rss_bytes <= 40 << 20);
}

TEST_CASE("a core is busy with all but idle and iowait") {
    const std::string stat = "cpu  9 9 9 9 9 9 9 9 0 0\n"
                             "cpu0 100 10 20 5000 400 3 4 7 0 0\n"
                             "cpu1 1 1 1 1 1 1 1 1 0 0\n";
    const std::int64_t tick = ns_per_s / sysconf(_SC_CLK_TCK);
    CHECK(parse_core_busy_ns(stat, 0) == 137 * tick);
    CHECK(parse_core_busy_ns(stat, 1) == 5 * tick);
    CHECK_THROWS_AS(parse_core_busy_ns(stat, 2), bench_error);
}
