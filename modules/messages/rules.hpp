// What a message, a draft and a page must look like; each limit has its name here.
#pragma once

#include <kith/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::messages {

inline constexpr std::size_t text_code_points_max = 8000;
inline constexpr std::size_t draft_code_points_max = 8000;
inline constexpr std::int64_t page_default = 50;
inline constexpr std::int64_t page_max = 100;
/// Conversations in one answer of /sync; the rest comes by conversation.list.
inline constexpr std::int64_t sync_conversations_max = 2000;
/// Unread messages are counted among so many of the newest: more are not told apart.
inline constexpr std::int64_t unread_scan_max = 10'000;

/// Gathers what is wrong with an input, field by field.
class field_errors {
public:
    void require(bool good, std::string_view pointer, std::string_view expected) {
        if (!good) {
            wrong_.emplace_back(std::string(pointer), std::string(expected));
        }
    }
    /// Throws `invalid` when anything was wrong.
    void raise() const;

private:
    std::vector<error_detail> wrong_;
};

/// 1 to 8,000 code points, not only white space, no C0 controls but tab, line feed and carriage return. Nothing is
/// trimmed or changed: what Windows pastes keeps its line ends.
void check_text(field_errors& wrong, std::string_view text);
/// Up to 8,000 code points, of controls the same as in a text.
void check_draft(field_errors& wrong, std::string_view draft);
void check_limit(field_errors& wrong, std::int64_t limit);
/// A UUID as text (8-4-4-4-12 hexadecimal digits) in small letters; nullopt when it is none.
[[nodiscard]] std::optional<std::string> fold_uuid(std::string_view text);

/// The order of two messages' numbers: [first, last], empty when first is above last.
struct seq_window {
    seq_window() = default;
    seq_window(std::int64_t from, std::int64_t to) : first(from), last(to) {}
    std::int64_t first = 1;
    std::int64_t last = 0;
};
/// The window of at most `limit` numbers within [first_seq, last_seq] that has `seq` as near to its middle as can be.
[[nodiscard]] seq_window window_around(std::int64_t seq, std::int64_t first_seq, std::int64_t last_seq,
                                       std::int64_t limit);

}  // namespace kith::messages
