// What /proc knows: the CPU time and memory of a process, the work of a core, the machine.
#include "proc_stat.hpp"

#include "clock.hpp"
#include "error.hpp"

#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

namespace kith::bench {

namespace {

constexpr std::int64_t tmpfs_magic = 0x01021994;
constexpr std::int64_t ext4_magic = 0xef53;

std::int64_t ns_per_tick() {
    static const std::int64_t value = ns_per_s / sysconf(_SC_CLK_TCK);
    return value;
}

std::int64_t to_int(std::string_view text, const std::string& what) {
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size())
        throw bench_error(what + " holds no number: " + std::string(text));
    return value;
}

std::vector<std::string_view> split_words(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t start = line.find_first_not_of(" \t\n");
        if (start == std::string_view::npos) return words;
        line.remove_prefix(start);
        const std::size_t end = std::min(line.find_first_of(" \t\n"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

std::string value_after(const std::string& text, const std::string& key) {
    const std::size_t at = text.find(key);
    if (at == std::string::npos) return "unknown";
    std::string line = text.substr(at + key.size(), text.find('\n', at) - at - key.size());
    line.erase(0, line.find_first_not_of(" \t:=\""));
    line.erase(line.find_last_not_of(" \"") + 1);
    return line;
}

std::int64_t file_system_magic(const std::string& folder) {
    struct statfs info {};
    if (statfs(folder.c_str(), &info) != 0) throw_errno("statfs " + folder);
    return static_cast<std::int64_t>(info.f_type);
}

}  // namespace

std::string read_whole_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw bench_error("cannot read " + path);
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

std::int64_t parse_stat_ticks(std::string_view stat) {
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string_view::npos) throw bench_error("/proc/<pid>/stat without a name");
    // After the name: state is field 3, utime field 14, stime field 15 (proc(5)).
    const auto words = split_words(stat.substr(name_end + 1));
    if (words.size() < 13) throw bench_error("/proc/<pid>/stat is cut short");
    return to_int(words[11], "utime") + to_int(words[12], "stime");
}

cpu_sample read_cpu(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
        throw bench_error("no CPU clock for process " + std::to_string(pid) + ": has it ended?");
    cpu_sample sample;
    sample.exact_ns = static_cast<std::int64_t>(time.tv_sec) * ns_per_s + time.tv_nsec;
    sample.ticks_ns =
        parse_stat_ticks(read_whole_file("/proc/" + std::to_string(pid) + "/stat")) * ns_per_tick();
    return sample;
}

std::int64_t cpu_used_ns(const cpu_sample& before, const cpu_sample& after) {
    const std::int64_t exact = after.exact_ns - before.exact_ns;
    const std::int64_t ticks = after.ticks_ns - before.ticks_ns;
    // User and system time are each cut to whole ticks, at both ends.
    const std::int64_t slack = 4 * ns_per_tick() + exact / 20;
    if (exact < 0 || std::abs(exact - ticks) > slack)
        throw bench_error("the CPU clocks of the server disagree: " + std::to_string(exact) + " ns against "
                          + std::to_string(ticks) + " ns in ticks");
    return exact;
}

memory_sample parse_smaps_rollup(std::string_view text) {
    memory_sample sample;
    bool has_rss = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const auto words = split_words(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (words.size() != 3 || words[2] != "kB") continue;
        const std::int64_t bytes = to_int(words[1], "smaps_rollup") * 1024;
        if (words[0] == "Rss:") {
            sample.rss_bytes = bytes;
            has_rss = true;
        } else if (words[0] == "Pss:") {
            sample.pss_bytes = bytes;
        } else if (words[0] == "Private_Clean:" || words[0] == "Private_Dirty:") {
            sample.private_bytes += bytes;
        }
    }
    if (!has_rss) throw bench_error("smaps_rollup without Rss");
    return sample;
}

memory_sample read_memory(pid_t pid) {
    return parse_smaps_rollup(read_whole_file("/proc/" + std::to_string(pid) + "/smaps_rollup"));
}

std::int64_t parse_core_busy_ns(std::string_view stat, int core) {
    const std::string name = "cpu" + std::to_string(core) + " ";
    const std::size_t at = stat.find(name);
    if (at == std::string_view::npos) throw bench_error("/proc/stat knows no core " + std::to_string(core));
    const auto words = split_words(stat.substr(at, std::min(stat.find('\n', at), stat.size()) - at));
    if (words.size() < 8) throw bench_error("/proc/stat is cut short");
    std::int64_t ticks = 0;  // user nice system (idle iowait) irq softirq
    for (const std::size_t field : {1U, 2U, 3U, 6U, 7U}) ticks += to_int(words[field], "/proc/stat");
    return ticks * ns_per_tick();
}

std::int64_t read_core_busy_ns(int core) {
    return parse_core_busy_ns(read_whole_file("/proc/stat"), core);
}

bool is_on_disk(const std::string& folder) {
    return file_system_magic(folder) != tmpfs_magic;
}

std::string describe_machine(const std::string& folder) {
    utsname kernel{};
    uname(&kernel);
    const std::int64_t magic = file_system_magic(folder);
    const std::int64_t memory_mb =
        static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE) / (1 << 20);
    std::ostringstream line;
    line << value_after(read_whole_file("/proc/cpuinfo"), "model name") << ", "
         << sysconf(_SC_NPROCESSORS_ONLN) << " cores, " << (memory_mb + 512) / 1024 << " GB, "
         << value_after(read_whole_file("/etc/os-release"), "PRETTY_NAME") << ", Linux " << kernel.release
         << ", data on "
         << (magic == ext4_magic    ? "ext4"
             : magic == tmpfs_magic ? "tmpfs (not durable!)"
                                    : "another file system");
    return line.str();
}

}  // namespace kith::bench
