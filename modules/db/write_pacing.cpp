// Gathers what SQLite writes on a thread into pieces, between SQLite and pwrite(2).
#include "write_pacing.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kith::db {
namespace {

using write_at = ssize_t (*)(int, const void*, size_t, off_t);
static_assert(sizeof(off_t) == sizeof(std::int64_t), "pwrite and pwrite64 are the same");

thread_local paced_writes* pacing = nullptr;
write_at next_write = nullptr;

ssize_t write_paced(int file, const void* from, size_t bytes, off_t at) noexcept {
    const ssize_t written = next_write(file, from, bytes, at);
    if (pacing != nullptr && written > 0 && !pacing->wrote(file, at, written)) {
        errno = EIO;
        return -1;
    }
    return written;
}

/// What the call says of no file at all tells whether there is such a call.
bool can_hand_over() noexcept {
    return sync_file_range(-1, 0, 0, SYNC_FILE_RANGE_WRITE) != 0 && errno == EBADF;
}

}  // namespace

bool hand_to_disk(int file, std::int64_t begin, std::int64_t bytes) noexcept {
    return sync_file_range(file, begin, bytes, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) == 0;
}

paced_writes::paced_writes(hand_over how) : how_(std::move(how)) {
    pacing = this;
}

paced_writes::~paced_writes() {
    pacing = nullptr;
}

bool paced_writes::wrote(int file, std::int64_t at, std::int64_t bytes) {
    if (writes_ == 0 || file != file_) {
        file_ = file;
        writes_ = 0;
        begin_ = at;
        end_ = at;
    }
    begin_ = std::min(begin_, at);
    end_ = std::max(end_, at + bytes);
    if (++writes_ < paced_piece_writes) {
        return true;
    }
    writes_ = 0;
    return how_(file_, begin_, end_ - begin_);
}

void install_write_pacing() noexcept {
    sqlite3_vfs* files = sqlite3_vfs_find("unix");
    if (files == nullptr || files->iVersion < 3 || files->xSetSystemCall == nullptr || !can_hand_over()) {
        return;
    }
    // SQLite calls the one of the two that it was built for.
    for (const char* name : {"pwrite", "pwrite64"}) {
        if (const sqlite3_syscall_ptr found = files->xGetSystemCall(files, name)) {
            next_write = reinterpret_cast<write_at>(found);
            files->xSetSystemCall(files, name, reinterpret_cast<sqlite3_syscall_ptr>(&write_paced));
        }
    }
}

}  // namespace kith::db
