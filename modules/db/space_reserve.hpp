// Space kept back on the disk, so that on a full one people can still sign in, sign out and be shut out.
#pragma once

#include <cstdint>
#include <string>

namespace kith::db {

/// A file of real blocks beside the database. Given up when the disk is full: what it held is left for essential
/// writes. Made again when there is room for it twice. One thread at a time; the calls block for the disk.
class space_reserve {
public:
    /// Without `keep` no file is made: the disk is only asked for the room.
    space_reserve(std::string path, bool keep);

    /// Makes the file unless it stands; true when it stands. At first the disk must have room for it once, after
    /// release() twice, so that a disk on the edge does not go back and forth.
    [[nodiscard]] bool hold_blocking();
    void release_blocking() noexcept;

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    const std::string path_;
    const bool keep_;
    const std::uint64_t bytes_;
    bool released_ = false;
};

}  // namespace kith::db
