// The reserve: a share of the file system's size, held by a file.
#include "space_reserve.hpp"

#include "files.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kith::db {
namespace {

/// A hundred sign-ins fit in the larger; the smaller is for disks of a few megabytes.
constexpr std::uint64_t reserve_bytes_max = 4U << 20U;
constexpr std::uint64_t reserve_bytes_min = 64U << 10U;
constexpr std::uint64_t share_of_disk = 32;
constexpr mode_t private_file = 0600;

struct disk_space {
    std::uint64_t size = 0;
    std::uint64_t available = 0;
};

disk_space space_at(const std::string& path) noexcept {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    struct statvfs state {};
    if (::statvfs(folder.empty() ? "." : folder.c_str(), &state) != 0) {
        return {};
    }
    return {std::uint64_t{state.f_blocks} * state.f_frsize, std::uint64_t{state.f_bavail} * state.f_frsize};
}

}  // namespace

space_reserve::space_reserve(std::string path, bool keep)
    : path_(std::move(path)),
      keep_(keep),
      bytes_(std::clamp(space_at(path_).size / share_of_disk, reserve_bytes_min, reserve_bytes_max)) {}

bool space_reserve::hold_blocking() {
    struct stat state {};
    if (::stat(path_.c_str(), &state) == 0 && static_cast<std::uint64_t>(state.st_size) == bytes_) {
        return true;
    }
    if (space_at(path_).available < (released_ ? 2 : 1) * bytes_) {
        return false;
    }
    if (!keep_) {
        released_ = false;
        return true;
    }
    const file_handle file(::open(path_.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, private_file));
    if (!file.is_open() || ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes_)) != 0) {
        remove_file(path_);
        return false;
    }
    released_ = false;
    return true;
}

void space_reserve::release_blocking() noexcept {
    if (keep_) {
        remove_file(path_);
    }
    released_ = true;
}

}  // namespace kith::db
