// What a MariaDB or MySQL server, or the way to it, reported.
#pragma once

#include "driver_error.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace kith::db {

/// A lost connection and a lock that was waited for in vain are seen as `overloaded`, so is a passed deadline; a full disk as
/// `storage_full`; everything else is a fault.
class mysql_error final : public driver_error {
public:
    mysql_error(unsigned code, const std::string& text) : driver_error(text), code_(code) {}

    [[nodiscard]] unsigned code() const noexcept { return code_; }
    [[nodiscard]] std::exception_ptr as_seen() const override;
    [[nodiscard]] bool is_full() const noexcept override;
    /// The connection can no longer be used, or never could.
    [[nodiscard]] bool is_lost() const noexcept;
    /// The server undid the transaction or a wait for a lock ended; another run may succeed.
    [[nodiscard]] bool is_contention() const noexcept;
    [[nodiscard]] bool is_duplicate() const noexcept;

private:
    [[nodiscard]] bool says(std::string_view words) const noexcept;

    unsigned code_;
};

/// The code in `failed`; 0 when it holds another exception or none.
[[nodiscard]] unsigned mysql_code(const std::exception_ptr& failed) noexcept;
[[nodiscard]] bool is_lost(const std::exception_ptr& failed) noexcept;
[[nodiscard]] bool is_contention(const std::exception_ptr& failed) noexcept;

/// What the server says to a statement beyond its time; also for a job beyond its own.
inline constexpr unsigned statement_timeout_code = 1969;

}  // namespace kith::db
