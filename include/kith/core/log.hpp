// Logging: levels, a message and named fields, as plain or JSON lines. Never a secret, never a message body.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kith {

enum class log_level : std::uint8_t { debug, info, warn, error };

/// A named value of a log line. Text is escaped on the way out, so it cannot forge a line or move the terminal's cursor.
class log_field {
public:
    log_field(std::string_view key, std::string value) : name_(key), value_(std::move(value)) {}
    log_field(std::string_view key, std::string_view value) : name_(key), value_(value) {}
    log_field(std::string_view key, const char* value) : name_(key), value_(value) {}
    template <std::integral Number>
    log_field(std::string_view key, Number value)
        : name_(key), value_(std::to_string(value)), number_(true) {}

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] const std::string& value() const noexcept { return value_; }
    [[nodiscard]] bool number() const noexcept { return number_; }

private:
    std::string_view name_;
    std::string value_;
    bool number_ = false;
};

/// Callable from any thread; writing never blocks (a full queue drops the oldest lines and counts them).
class logger {
public:
    virtual ~logger() = default;
    virtual void write(log_level level, std::string_view message,
                       std::initializer_list<log_field> fields) = 0;
    virtual void flush() = 0;

    void debug(std::string_view message, std::initializer_list<log_field> fields = {}) {
        write(log_level::debug, message, fields);
    }
    void info(std::string_view message, std::initializer_list<log_field> fields = {}) {
        write(log_level::info, message, fields);
    }
    void warn(std::string_view message, std::initializer_list<log_field> fields = {}) {
        write(log_level::warn, message, fields);
    }
    void error(std::string_view message, std::initializer_list<log_field> fields = {}) {
        write(log_level::error, message, fields);
    }
};

/// A state that lasts, told when it begins, when its reason becomes another and when it is over: not at each attempt
/// between.
class lasting_warning {
public:
    /// `begun` is the warning, `over` the line that ends it; both are literals.
    lasting_warning(logger& lines, std::string_view begun, std::string_view over)
        : log_(lines), begun_(begun), over_(over) {}

    /// An attempt failed; `why` is not empty.
    void set(const std::string& why) {
        if (why != why_) {
            log_.warn(begun_, {{"why", why}});
            why_ = why;
        }
    }
    /// An attempt succeeded.
    void clear() {
        if (!why_.empty()) {
            log_.info(over_);
            why_.clear();
        }
    }

private:
    logger& log_;
    std::string_view begun_;
    std::string_view over_;
    std::string why_;  ///< empty while all is well
};

enum class log_format : std::uint8_t { plain, json };

/// Lines on standard error by spdlog's asynchronous queue.
[[nodiscard]] std::unique_ptr<logger> make_logger(log_level level, log_format format);
/// Drops everything; for tests.
[[nodiscard]] std::unique_ptr<logger> make_null_logger();

}  // namespace kith
