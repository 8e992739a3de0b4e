// Files of the data folder: private modes, writes that are on disk when they return, and the lock of the folder.
#include "files.hpp"

#include <kith/core/error.hpp>
#include <kith/db.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kith::db {
namespace {

constexpr mode_t private_file = 0600;
constexpr mode_t private_folder = 0700;

[[noreturn]] void fail(const std::string& doing, const std::string& path, int code,
                       const std::string& remedy = {}) {
    throw error(error_code::internal, "cannot " + doing + " " + path + ": " + std::strerror(code)
                                          + (remedy.empty() ? "" : "; " + remedy));
}

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

/// Makes the folder, or checks that nobody else can put files into the one that is there.
void prepare_folder(const std::string& folder) {
    if (::mkdir(folder.c_str(), private_folder) == 0) {
        return;
    }
    if (errno != EEXIST) {
        fail("create the data folder", folder, errno, "create it yourself, or choose another with --data");
    }
    struct stat state {};
    if (::stat(folder.c_str(), &state) != 0) {
        fail("look at the data folder", folder, errno);
    }
    if (!S_ISDIR(state.st_mode)) {
        throw error(error_code::internal, folder + " is not a folder: choose another with --data");
    }
    if ((state.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw error(error_code::internal, "others may write into the data folder " + folder
                                              + ": run `chmod 700 " + folder
                                              + "`, or choose another with --data");
    }
}

/// What the holder of the lock wrote into it, for the message.
std::string holder_of(int file) {
    char text[32];
    const ssize_t bytes = ::pread(file, text, sizeof text, 0);
    std::string holder;
    for (ssize_t i = 0; i < bytes && text[i] >= '0' && text[i] <= '9'; ++i) {
        holder += text[i];
    }
    return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

file_handle::~file_handle() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

bool exists(const std::string& path) {
    struct stat state {};
    return ::stat(path.c_str(), &state) == 0;
}

void create_private_file(const std::string& path) {
    const file_handle made(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, private_file));
    if (!made.is_open()) {
        if (errno == EEXIST) {
            throw error(error_code::conflict, path + " exists already: remove it or choose another name");
        }
        fail("create", path, errno, "its folder must exist and belong to the user that runs kith");
    }
}

void make_private(const std::string& path) {
    struct stat state {};
    if (::stat(path.c_str(), &state) != 0) {
        fail("look at", path, errno);
    }
    if ((state.st_mode & 077) != 0 && ::chmod(path.c_str(), private_file) != 0) {
        fail("take the rights of others on", path, errno, "it must belong to the user that runs kith");
    }
}

void move_file(const std::string& from, const std::string& to, bool replace) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), replace ? 0 : RENAME_NOREPLACE) == 0) {
        return;
    }
    if (errno == EEXIST) {
        throw error(error_code::conflict, to + " exists already: remove it or choose another name");
    }
    fail("name the finished file", to, errno);
}

void sync_file_blocking(const std::string& path) {
    for (const std::string& one : {path, folder_of(path)}) {
        const file_handle file(::open(one.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file.is_open() || ::fsync(file.get()) != 0) {
            fail("flush", one, errno);
        }
    }
}

void remove_file(const std::string& path) noexcept {
    ::unlink(path.c_str());
}

void refuse_lone_log(const std::string& path) {
    const std::string log = path + "-wal";
    struct stat state {};
    if (!exists(path) && ::stat(log.c_str(), &state) == 0 && state.st_size > 0) {
        throw error(error_code::conflict,
                    "there is no " + path + " but " + log
                        + ", its log, which may hold what is nowhere else: move it to where the file went, "
                          "under that name with -wal behind, or put the file back");
    }
}

void remove_database(const std::string& path) noexcept {
    for (const char* part : {"", "-wal", "-shm"}) {
        remove_file(path + part);
    }
}

folder_lock::folder_lock(const std::string& folder) {
    prepare_folder(folder);
    const std::string path = folder + "/kith.lock";
    file_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, private_file);
    if (file_ < 0) {
        fail("open", path, errno, "the data folder must belong to the user that runs kith");
    }
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int code = errno;
        const std::string holder = holder_of(file_);
        ::close(file_);
        if (code == EWOULDBLOCK) {
            throw error(error_code::conflict, holder + " works on the data folder " + folder
                                                  + ": stop it first, or choose another with --data");
        }
        fail("lock", path, code, "the data folder must be on a file system with locks");
    }
    // The number only helps people; the lock is what counts.
    const std::string mine = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, mine.data(), mine.size(), 0) < 0) {
        const int code = errno;
        ::close(file_);
        fail("write", path, code);
    }
}

folder_lock::~folder_lock() {
    ::close(file_);
}

}  // namespace kith::db
