// Names and niceness by the kernel's calls for one thread.
#include <kith/core/thread.hpp>

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>

namespace kith {

void name_this_thread(std::string_view name) noexcept {
    std::array<char, 16> cut{};
    std::copy_n(name.data(), std::min(name.size(), cut.size() - 1), cut.data());
    pthread_setname_np(pthread_self(), cut.data());
}

bool run_in_background() noexcept {
    // To POSIX, niceness is of a process; Linux keeps one for each thread, and 0 is the calling one. It counts from
    // what the process was started with, and stops by itself at 19.
    const int now = getpriority(PRIO_PROCESS, 0);
    return setpriority(PRIO_PROCESS, 0, now + background_nice) == 0;
}

}  // namespace kith
