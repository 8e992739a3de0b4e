// Gathers what SQLite writes on a thread into pieces, between SQLite and pwrite(2).
#include "write_pacing.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace kith::db {
namespace {

using write_at = ssize_t (*)(int, const void*, size_t, off_t);
static_assert(sizeof(off_t) == sizeof(std::int64_t), "pwrite and pwrite64 are the same");

thread_local paced_writes* pacing = nullptr;
write_at next_write = nullptr;

ssize_t write_paced(int file, const void* from, size_t bytes, off_t at) noexcept {
    const ssize_t written = next_write(file, from, bytes, at);
    if (pacing == nullptr || written <= 0) {
        return written;
    }
    if (const int failed = pacing->wrote(file, at, written); failed != 0) {
        errno = failed;
        return -1;
    }
    return written;
}

}  // namespace

int hand_to_disk(int file, std::int64_t begin, std::int64_t bytes) noexcept {
    if (sync_file_range(file, begin, bytes, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) == 0) {
        return 0;
    }
    const bool unknown = errno == ENOSYS || errno == EINVAL || errno == ESPIPE || errno == EOPNOTSUPP;
    return unknown ? ENOSYS : errno;
}

paced_writes::paced_writes(hand_over how) noexcept : how_(how) {
    pacing = this;
}

paced_writes::~paced_writes() {
    pacing = nullptr;
}

int paced_writes::wrote(int file, std::int64_t at, std::int64_t bytes) noexcept {
    if (writes_ == 0 || file != file_) {
        file_ = file;
        writes_ = 0;
        begin_ = at;
        end_ = at;
    }
    begin_ = std::min(begin_, at);
    end_ = std::max(end_, at + bytes);
    if (++writes_ < paced_piece_writes) {
        return 0;
    }
    writes_ = 0;
    const int failed = how_(file_, begin_, end_ - begin_);
    return failed == ENOSYS ? 0 : failed;
}

void install_write_pacing() noexcept {
    sqlite3_vfs* files = sqlite3_vfs_find("unix");
    if (files == nullptr || files->iVersion < 3 || files->xSetSystemCall == nullptr) {
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
