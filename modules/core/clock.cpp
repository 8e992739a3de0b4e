// The machine's clocks, and times as RFC 3339 text.
#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>

#include <string>

namespace kith {

namespace {

[[noreturn]] void not_a_time() {
    throw error(error_code::invalid, "expected a time as in RFC 3339");
}

/// `count` digits of `text` at `at`.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) {
        not_a_time();
    }
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') {
            not_a_time();
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

void expect(std::string_view text, std::size_t at, std::string_view one_of) {
    if (at >= text.size() || one_of.find(text[at]) == std::string_view::npos) {
        not_a_time();
    }
}

/// The offset `Z` or `+hh:mm` at `at`, which must end the text.
std::chrono::minutes offset(std::string_view text, std::size_t at) {
    expect(text, at, "Zz+-");
    if (text[at] == 'Z' || text[at] == 'z') {
        if (at + 1 != text.size()) {
            not_a_time();
        }
        return std::chrono::minutes(0);
    }
    expect(text, at + 3, ":");
    const int hours = digits(text, at + 1, 2);
    const int minutes = digits(text, at + 4, 2);
    if (at + 6 != text.size() || hours > 23 || minutes > 59) {
        not_a_time();
    }
    const std::chrono::minutes size = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return text[at] == '-' ? -size : size;
}

/// Writes the last `count` decimal digits of `value` over those at `at`.
void put_digits(std::string& out, std::size_t at, std::size_t count, int value) {
    while (count > 0) {
        out[at + --count] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

}  // namespace

timestamp system_clock_source::now() const noexcept {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

steady_time system_clock_source::steady_now() const noexcept {
    return std::chrono::steady_clock::now();
}

std::string format_time(timestamp time) {
    std::string out;
    append_time(out, time);
    return out;
}

void append_time(std::string& out, timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
    const std::size_t at = out.size();
    out += "0000-00-00T00:00:00.000Z";
    put_digits(out, at, 4, static_cast<int>(date.year()));
    put_digits(out, at + 5, 2, static_cast<int>(static_cast<unsigned>(date.month())));
    put_digits(out, at + 8, 2, static_cast<int>(static_cast<unsigned>(date.day())));
    put_digits(out, at + 11, 2, static_cast<int>(clock.hours().count()));
    put_digits(out, at + 14, 2, static_cast<int>(clock.minutes().count()));
    put_digits(out, at + 17, 2, static_cast<int>(clock.seconds().count()));
    put_digits(out, at + 20, 3, static_cast<int>(clock.subseconds().count()));
}

timestamp parse_time(std::string_view text) {
    using namespace std::chrono;
    const year_month_day date(year(digits(text, 0, 4)), month(static_cast<unsigned>(digits(text, 5, 2))),
                              day(static_cast<unsigned>(digits(text, 8, 2))));
    expect(text, 4, "-");
    expect(text, 7, "-");
    expect(text, 10, "Tt");
    expect(text, 13, ":");
    expect(text, 16, ":");
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    const int second = digits(text, 17, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) {
        not_a_time();
    }
    std::size_t at = 19;
    std::int64_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        std::int64_t unit = 100'000;
        const std::size_t first = ++at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
            fraction += (text[at] - '0') * unit;
        }
        if (at == first || at - first > 9) {
            not_a_time();
        }
    }
    const auto whole = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - offset(text, at);
    return time_point_cast<microseconds>(whole) + microseconds(fraction);
}

}  // namespace kith
