// Files of the data folder: private modes, and writes that are on disk when they return.
#pragma once

#include <string>

namespace kith::db {

/// A descriptor that closes itself.
class file_handle {
public:
    explicit file_handle(int descriptor) noexcept : descriptor_(descriptor) {}
    ~file_handle();
    file_handle(const file_handle&) = delete;
    file_handle& operator=(const file_handle&) = delete;
    [[nodiscard]] int get() const noexcept { return descriptor_; }
    [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

private:
    int descriptor_;
};

[[nodiscard]] bool exists(const std::string& path);
/// Makes `path` as an empty file of mode 0600. Throws `conflict` when it exists.
void create_private_file(const std::string& path);
/// Takes the rights of others on a file of ours away.
void make_private(const std::string& path);
/// Moves `from` to `to` in the same folder. Throws `conflict` when `to` exists and `replace` is false.
void move_file(const std::string& from, const std::string& to, bool replace);
/// Flushes a file and the folder it stands in. Throws `internal`.
void sync_file_blocking(const std::string& path);
void remove_file(const std::string& path) noexcept;
/// Throws `conflict` when there is no file at `path` but a log of one: SQLite would throw the log away with whatever only it
/// holds as soon as a new file is made.
void refuse_lone_log(const std::string& path);
/// With the files that SQLite keeps beside it.
void remove_database(const std::string& path) noexcept;

}  // namespace kith::db
