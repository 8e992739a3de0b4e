// Secrets beside the database: read strictly, written once and whole.
#include "secrets.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>
#include <kith/users/files.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kith::users {

namespace {

class descriptor {
public:
    explicit descriptor(int file) noexcept : file_(file) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (file_ >= 0) {
            ::close(file_);
        }
    }
    [[nodiscard]] int get() const noexcept { return file_; }

private:
    int file_;
};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
    throw error(error_code::internal, "The key file " + path.string() + " " + what + ".");
}

std::optional<std::string> read_key(const std::filesystem::path& path) {
    const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0) {
        if (errno == ENOENT) {
            return std::nullopt;
        }
        fail(path, std::string("cannot be opened: ") + std::strerror(errno));
    }
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        fail(path, "is not a plain file");
    }
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fail(path, "may be read by others: chmod 600 it");
    }
    std::array<char, token_key_bytes + 1> key{};  // one more than a key has, to notice a longer file
    const ssize_t got = ::read(file.get(), key.data(), key.size());
    if (got != static_cast<ssize_t>(token_key_bytes)) {
        fail(path, "does not hold " + std::to_string(token_key_bytes)
                       + " bytes: remove it to make a new one (all sessions end)");
    }
    return std::string(key.data(), token_key_bytes);
}

/// Written beside and renamed, so that a crash leaves a whole key or none.
void write_key(const std::filesystem::path& path, std::string_view key) {
    const std::filesystem::path beside = path.string() + ".new";
    ::unlink(beside.c_str());
    const descriptor file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (file.get() < 0 || ::write(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())
        || ::fsync(file.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) {
        fail(path, std::string("cannot be written: ") + std::strerror(errno));
    }
    const descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) {
        fail(path, std::string("cannot be made durable: ") + std::strerror(errno));
    }
}

}  // namespace

std::string token_key_blocking(const std::filesystem::path& folder, random_source& random) {
    const std::filesystem::path path = std::filesystem::absolute(folder) / token_key_file;
    if (std::optional<std::string> key = read_key(path)) {
        return *std::move(key);
    }
    std::array<std::byte, token_key_bytes> fresh{};
    random.fill(fresh);
    write_key(path, as_text(fresh));
    return std::string(as_text(fresh));
}

}  // namespace kith::users
