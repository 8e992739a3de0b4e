// What may be searched for, and how far one search goes; each limit has its name here.
#pragma once

#include "words.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>
#include <kith/core/id.hpp>
#include <kith/messages.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kith::search {

inline constexpr std::size_t query_code_points_max = 100;
/// Tokens that one query may ask the index for: some code points stand for many.
inline constexpr std::size_t query_tokens_max = 100;
inline constexpr std::int64_t page_default = 50;
inline constexpr std::int64_t page_max = 100;
/// Found rows that one call looks at; what is left comes with the next page.
inline constexpr std::int64_t scan_rows_max = 4000;
/// So many candidates at least are looked at together, however few a page needs, and twice as many each time that the page
/// is not full: each time costs two reads, and the index begins its work anew.
inline constexpr std::size_t looked_at_least = 32;
/// How long one search goes on; what is left comes with the next page.
inline constexpr std::chrono::seconds search_time{3};
/// Someone in at most so many conversations has the index itself look among them: it costs about 40 µs for each. For
/// someone in more the newest matches of everyone are gone through, of which more are theirs.
inline constexpr std::size_t narrow_conversations_max = 128;
/// How far the clock may have gone back without hiding messages at the border of `since` and `until`.
inline constexpr std::chrono::hours clock_slack{24};

/// A search as its caller put it.
struct search_query {
    search_query() = default;
    std::string text;
    std::optional<messages::conversation_id> conversation;
    std::optional<user_id> sender;
    std::optional<messages::message_kind> kind;
    std::optional<timestamp> since;  ///< inclusive
    std::optional<timestamp> until;  ///< exclusive
    std::optional<std::int64_t> below;  ///< only messages with lower positions
    std::int64_t limit = page_default;
};

/// Throws `invalid` with every field that is not as expected; returns the terms of the text.
[[nodiscard]] std::vector<term> check_query(const search_query& asked);

}  // namespace kith::search
