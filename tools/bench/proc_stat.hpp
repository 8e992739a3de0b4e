// What /proc knows: the CPU time and memory of a process, the work of a core, the machine.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kith::bench {

// CPU time of a whole process, all its threads, ended ones too.
struct cpu_sample {
    std::int64_t exact_ns = 0;  // the kernel's run-time clock of the process
    std::int64_t ticks_ns = 0;  // user + system of /proc/<pid>/stat, whole ticks
};

cpu_sample read_cpu(pid_t pid);

// user + system ticks from the text of /proc/<pid>/stat. The name of the process may hold blanks and brackets.
std::int64_t parse_stat_ticks(std::string_view stat);

// CPU time between two samples. The two clocks must agree, within the rounding of ticks; otherwise the figure would be
// worthless and this throws.
std::int64_t cpu_used_ns(const cpu_sample& before, const cpu_sample& after);

// User-space memory in bytes, from /proc/<pid>/smaps_rollup.
struct memory_sample {
    std::int64_t pss_bytes = 0;  // shared pages counted by their share
    std::int64_t private_bytes = 0;  // clean and dirty pages of its own
    std::int64_t rss_bytes = 0;
};

memory_sample read_memory(pid_t pid);
memory_sample parse_smaps_rollup(std::string_view text);

// Time in which a core was not idle, from /proc/stat; iowait is idle.
std::int64_t parse_core_busy_ns(std::string_view stat, int core);
std::int64_t read_core_busy_ns(int core);

// One line: processor, cores, memory, system, kernel, file system of `folder`.
std::string describe_machine(const std::string& folder);
// Data on tmpfs is never durable: figures of commits would mean nothing.
bool is_on_disk(const std::string& folder);

std::string read_whole_file(const std::string& path);

}  // namespace kith::bench
