// How urgent a thread is.
#include <kith/core/thread.hpp>

#include <sched.h>

namespace kith {

void run_in_background() noexcept {
    const sched_param none{};
    (void)sched_setscheduler(0, SCHED_IDLE, &none);  // 0: the calling thread (sched_setscheduler(2), NOTES)
}

}  // namespace kith
