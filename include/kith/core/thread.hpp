// What the threads of this program are to the kernel: how urgent they are.
#pragma once

namespace kith {

/// The calling thread gives way to all others of the machine from now on: it runs when a processor has nothing else to do,
/// and now and then besides, so that it is slow but never stands still (Linux: SCHED_IDLE). Needs no right; where the
/// kernel refuses, the thread stays as it was.
void run_in_background() noexcept;

}  // namespace kith
