// What the drivers throw, and what a caller of the database sees of it.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace kith::db {

/// A failure that a database or its client reported. A fault for whoever meets it, unless as_seen() knows better.
class driver_error : public std::runtime_error {
public:
    explicit driver_error(const std::string& text) : std::runtime_error(text) {}

    /// What the caller gets instead; null where this is a fault.
    [[nodiscard]] virtual std::exception_ptr as_seen() const = 0;
    /// There was no space for it.
    [[nodiscard]] virtual bool is_full() const noexcept = 0;
};

/// What a caller of the database sees of an exception.
[[nodiscard]] std::exception_ptr public_error(std::exception_ptr failed);
/// Whether `failed` holds a driver_error for want of space.
[[nodiscard]] bool is_full(const std::exception_ptr& failed) noexcept;
/// The text of any exception.
[[nodiscard]] std::string text_of(const std::exception_ptr& failed);

}  // namespace kith::db
