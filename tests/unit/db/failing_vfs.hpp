// A file layer for SQLite that passes everything on to the real one and fails where the test wants it to.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

namespace kith::db_test {

/// The default file layer of the process while it lives; connections opened meanwhile use it. One at a time.
class failing_vfs {
public:
    failing_vfs() {
        real_ = sqlite3_vfs_find(nullptr);
        vfs_ = *real_;
        vfs_.szOsFile = static_cast<int>(sizeof(file)) + real_->szOsFile;
        vfs_.zName = "failing";
        vfs_.pNext = nullptr;
        vfs_.pAppData = this;
        vfs_.xOpen = &open;
        sqlite3_vfs_register(&vfs_, 1);
    }
    ~failing_vfs() {
        sqlite3_vfs_unregister(&vfs_);
        sqlite3_vfs_register(real_, 1);
    }
    failing_vfs(const failing_vfs&) = delete;
    failing_vfs& operator=(const failing_vfs&) = delete;

    std::atomic<bool> fail_wal_sync{false};  ///< SQLITE_IOERR_FSYNC
    std::atomic<bool> fail_main_sync{false};  ///< SQLITE_IOERR_FSYNC
    std::atomic<bool> freeze_wal_sync{false};  ///< a sync of the WAL ends only when this does
    std::atomic<bool> full_wal{false};  ///< SQLITE_FULL for every write into the WAL
    std::string full_until_gone;  ///< a file: SQLITE_FULL for writes into the WAL while it stands
    std::atomic<bool> full_main{false};  ///< SQLITE_FULL for every write into the database file
    std::atomic<bool> broken_wal{false};  ///< SQLITE_IOERR_WRITE

private:
    struct file {
        sqlite3_file base;
        failing_vfs* owner;
        bool wal;
        bool main;
    };
    [[nodiscard]] bool wal_is_full() const {
        return full_wal || (!full_until_gone.empty() && std::filesystem::exists(full_until_gone));
    }
    static sqlite3_file* real(sqlite3_file* f) {
        return reinterpret_cast<sqlite3_file*>(reinterpret_cast<file*>(f) + 1);
    }
    static const sqlite3_io_methods* next(sqlite3_file* f) { return real(f)->pMethods; }
    static failing_vfs& owner(sqlite3_file* f) { return *reinterpret_cast<file*>(f)->owner; }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* f, int flags, int* out) {
        auto* mine = reinterpret_cast<file*>(f);
        mine->base.pMethods = nullptr;
        mine->owner = static_cast<failing_vfs*>(vfs->pAppData);
        mine->wal = (flags & SQLITE_OPEN_WAL) != 0;
        mine->main = (flags & SQLITE_OPEN_MAIN_DB) != 0;
        sqlite3_vfs* under = mine->owner->real_;
        const int code = under->xOpen(under, name, real(f), flags, out);
        if (real(f)->pMethods != nullptr) {
            mine->base.pMethods = &methods_;
        }
        return code;
    }
    static int close(sqlite3_file* f) { return next(f)->xClose(real(f)); }
    static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
        return next(f)->xRead(real(f), to, n, at);
    }
    static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
        const auto* mine = reinterpret_cast<file*>(f);
        if ((mine->wal && owner(f).wal_is_full()) || (mine->main && owner(f).full_main)) {
            return SQLITE_FULL;
        }
        if (mine->wal && owner(f).broken_wal) {
            return SQLITE_IOERR_WRITE;
        }
        return next(f)->xWrite(real(f), from, n, at);
    }
    static int truncate(sqlite3_file* f, sqlite3_int64 n) { return next(f)->xTruncate(real(f), n); }
    static int sync(sqlite3_file* f, int flags) {
        const auto* mine = reinterpret_cast<file*>(f);
        if ((mine->wal && owner(f).fail_wal_sync) || (mine->main && owner(f).fail_main_sync)) {
            return SQLITE_IOERR_FSYNC;
        }
        while (mine->wal && owner(f).freeze_wal_sync) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return next(f)->xSync(real(f), flags);
    }
    static int size(sqlite3_file* f, sqlite3_int64* n) { return next(f)->xFileSize(real(f), n); }
    static int lock(sqlite3_file* f, int how) { return next(f)->xLock(real(f), how); }
    static int unlock(sqlite3_file* f, int how) { return next(f)->xUnlock(real(f), how); }
    static int reserved(sqlite3_file* f, int* out) { return next(f)->xCheckReservedLock(real(f), out); }
    static int control(sqlite3_file* f, int op, void* arg) { return next(f)->xFileControl(real(f), op, arg); }
    static int sector(sqlite3_file* f) { return next(f)->xSectorSize(real(f)); }
    static int traits(sqlite3_file* f) { return next(f)->xDeviceCharacteristics(real(f)); }
    static int shm_map(sqlite3_file* f, int page, int n, int extend, void volatile** out) {
        return next(f)->xShmMap(real(f), page, n, extend, out);
    }
    static int shm_lock(sqlite3_file* f, int at, int n, int flags) {
        return next(f)->xShmLock(real(f), at, n, flags);
    }
    static void shm_barrier(sqlite3_file* f) { next(f)->xShmBarrier(real(f)); }
    static int shm_unmap(sqlite3_file* f, int remove) { return next(f)->xShmUnmap(real(f), remove); }

    static constexpr sqlite3_io_methods methods_{
        2,         &close,       &read,      &write,   &truncate, &sync,   &size,
        &lock,     &unlock,      &reserved,  &control, &sector,   &traits, &shm_map,
        &shm_lock, &shm_barrier, &shm_unmap, nullptr,  nullptr};

    sqlite3_vfs* real_ = nullptr;
    sqlite3_vfs vfs_{};
};

}  // namespace kith::db_test
