// Text for people and JSON for programs.
#include "output.hpp"

#include "command_line.hpp"
#include "exit_code.hpp"

#include <kith/core/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace kith {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t column_gap = 2;

/// Bytes of the UTF-8 character that begins with `first`.
std::size_t length_of(char first) {
    const auto byte = static_cast<unsigned char>(first);
    if (byte < 0x80) {
        return 1;
    }
    if (byte < 0xE0) {
        return 2;
    }
    return byte < 0xF0 ? 3 : 4;
}

}  // namespace

void print(std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    const bool ended = text.ends_with('\n') || std::fputc('\n', stdout) != EOF;
    if (!written || !ended || std::fflush(stdout) != 0) {
        throw command_failure(exit_code::failure,
                              std::string("can't write the output: ") + std::strerror(errno));
    }
}

std::string printable(std::string_view text) {
    if (!is_utf8(text)) {
        return std::string(replacement);
    }
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view one = text.substr(at, length_of(text[at]));
        out += has_controls(one) ? replacement : one;
        at += one.size();
    }
    return out;
}

std::string json_object(const std::vector<std::pair<std::string, std::string>>& fields) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, value] : fields) {
        object[name] = value;
    }
    return object.dump(2);
}

table::table(std::vector<std::string> heading) {
    rows_.push_back(std::move(heading));
}

void table::add(const std::vector<std::string>& row) {
    std::vector<std::string>& shown = rows_.emplace_back();
    for (const std::string& text : row) {
        shown.push_back(text.empty() ? "-" : printable(text));
    }
}

std::string table::text() const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const std::vector<std::string>& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], code_points(row[i]));
        }
    }
    std::string out;
    for (const std::vector<std::string>& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) {
                out.append(widths[i] - code_points(row[i]) + column_gap, ' ');
            }
        }
        out += '\n';
    }
    return out;
}

}  // namespace kith
