// What a thread tells the kernel of itself: its name, and that it gives way to the others.
#pragma once

#include <string_view>

namespace kith {

/// Names the calling thread as ps, top and a debugger show it; cut to the 15 bytes that the kernel keeps.
void name_this_thread(std::string_view name) noexcept;

/// How much nicer a background thread is than the one that made it.
inline constexpr int background_nice = 10;

/// The calling thread gives way: what else wakes on its core runs at once, as long as that wants. For work that takes
/// long and that nobody notices a little later. Call it once, at the start of the thread; there is no way back
/// without privileges, and none are needed for this one.
///
/// Giving way is not standing still: on a core that others fill, it still gets about a tenth. So it ends, and what it
/// may hold meanwhile (a mutex, the kernel's lock on the address space) is held for a while, never for good.
///
/// False when the kernel refuses (a sandbox, say). That is harmless: the thread then shares alike.
bool run_in_background() noexcept;

}  // namespace kith
