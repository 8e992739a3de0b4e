// Writes into SQLite's files that reach the disk piece by piece.
//
// SQLite writes the pages of a checkpoint into the kernel's cache and flushes them all at once. The flush of a commit that
// comes meanwhile stands behind hundreds of them: in the disk's queue, and before it, where Linux holds buffered writes
// back (block layer writeback throttling, `wbt_lat_usec`). In pieces, each waited for, it stands behind one.
#pragma once

#include <cstdint>

namespace kith::db {

/// Hands a range of a file to the disk and returns when it is written there, which is no promise that it stays: a flush
/// comes later. Gives 0, or the errno of what failed; ENOSYS for "cannot be done here".
using hand_over = int (*)(int file, std::int64_t begin, std::int64_t bytes) noexcept;
/// By sync_file_range(2).
[[nodiscard]] int hand_to_disk(int file, std::int64_t begin, std::int64_t bytes) noexcept;

/// Pages in one piece.
inline constexpr int paced_piece_writes = 32;

/// While it lives, what SQLite writes on this thread goes to the disk in pieces, in the order of the writes; the last
/// piece may be left to the flush. A piece that fails makes a write fail: the kernel tells such an error once, and the
/// flush would not hear of it.
class paced_writes {
public:
    explicit paced_writes(hand_over how = &hand_to_disk) noexcept;
    ~paced_writes();
    paced_writes(const paced_writes&) = delete;
    paced_writes& operator=(const paced_writes&) = delete;

    /// After a write of this thread: 0, or the errno of the piece that it completed.
    [[nodiscard]] int wrote(int file, std::int64_t at, std::int64_t bytes) noexcept;

private:
    hand_over how_;
    int file_ = -1;
    int writes_ = 0;
    std::int64_t begin_ = 0;
    std::int64_t end_ = 0;
};

/// Puts itself between SQLite and pwrite(2). Called before the first connection of the process, once; where SQLite has
/// another file layer nothing is paced.
void install_write_pacing() noexcept;

}  // namespace kith::db
