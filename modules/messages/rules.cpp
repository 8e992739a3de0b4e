// The checks of inputs.
#include "rules.hpp"

#include <kith/core/text.hpp>

#include <algorithm>

namespace kith::messages {

namespace {

constexpr std::string_view no_controls =
    "no control characters other than tab, line feed and carriage return";

bool has_lone_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && c != '\n' && c != '\r' && c != '\t';
    });
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

void field_errors::raise() const {
    if (!wrong_.empty()) {
        throw error(error_code::invalid, "Some fields are not as expected.", wrong_);
    }
}

void check_text(field_errors& wrong, std::string_view text) {
    const bool fits = code_points(text) <= text_code_points_max && !trim_view(text).empty();
    wrong.require(fits, "/body/text", "1 to 8,000 characters, not only white space");
    wrong.require(!has_lone_controls(text), "/body/text", no_controls);
}

void check_draft(field_errors& wrong, std::string_view draft) {
    wrong.require(code_points(draft) <= draft_code_points_max, "/draft", "at most 8,000 characters");
    wrong.require(!has_lone_controls(draft), "/draft", no_controls);
}

void check_limit(field_errors& wrong, std::int64_t limit) {
    wrong.require(limit >= 1 && limit <= page_max, "/limit", "1 to 100");
}

std::optional<std::string> fold_uuid(std::string_view text) {
    constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.size() != shape.size()) {
        return std::nullopt;
    }
    std::string folded(text);
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == '-' ? text[i] != '-' : !is_hex(text[i])) {
            return std::nullopt;
        }
        if (text[i] >= 'A' && text[i] <= 'F') {
            folded[i] = static_cast<char>(text[i] - 'A' + 'a');
        }
    }
    return folded;
}

seq_window window_around(std::int64_t seq, std::int64_t first_seq, std::int64_t last_seq,
                         std::int64_t limit) {
    const std::int64_t middle = std::clamp(seq, first_seq, std::max(first_seq, last_seq));
    seq_window found(std::max(first_seq, middle - limit / 2), last_seq);
    found.last = std::min(last_seq, found.first + limit - 1);
    found.first = std::max(first_seq, found.last - limit + 1);
    return found;
}

}  // namespace kith::messages
