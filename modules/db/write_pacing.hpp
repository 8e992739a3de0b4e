// Writes into SQLite's files that reach the disk piece by piece.
//
// SQLite writes the pages of a checkpoint into the kernel's cache and flushes them all at once. The flush of a commit that
// comes meanwhile stands behind hundreds of them: in the disk's queue, and before it, where Linux holds buffered writes
// back (block layer writeback throttling, `wbt_lat_usec`). In pieces, each waited for, it stands behind one.
#pragma once

#include <cstdint>
#include <functional>

namespace kith::db {

/// Pages in one piece.
inline constexpr int paced_piece_writes = 32;

/// Hands what was written in a range of a file to the disk and waits for it. That is no promise that it stays: a flush comes
/// later. False when that failed.
using hand_over = std::function<bool(int file, std::int64_t begin, std::int64_t bytes)>;
/// By sync_file_range(2).
[[nodiscard]] bool hand_to_disk(int file, std::int64_t begin, std::int64_t bytes) noexcept;

/// While it lives, what SQLite writes on this thread goes to the disk in pieces of one file each; what is no whole piece is
/// left to the flush. A piece that fails makes a write fail (EIO, so that SQLite does not repeat it): the kernel tells such
/// an error once for each descriptor, and the flush would not hear of it.
class paced_writes {
public:
    explicit paced_writes(hand_over how);
    ~paced_writes();
    paced_writes(const paced_writes&) = delete;
    paced_writes& operator=(const paced_writes&) = delete;

    /// After a write of this thread. False when it completed a piece that failed.
    [[nodiscard]] bool wrote(int file, std::int64_t at, std::int64_t bytes);

private:
    hand_over how_;
    int file_ = -1;
    int writes_ = 0;
    std::int64_t begin_ = 0;
    std::int64_t end_ = 0;
};

/// Puts itself between SQLite and pwrite(2). Called before the first connection of the process, once. Nothing is ever paced
/// where SQLite has another file layer, or where the system has no sync_file_range(2) or forbids it.
void install_write_pacing() noexcept;

}  // namespace kith::db
