// What one step of keeping the index does: what it reads of the messages, what it writes into the index.
//
// The index has a file of its own, so a step reads from the main database first and writes then. What it wrote says how far
// the journal is seen, in the same transaction: a step that was cut off is simply taken again.
#pragma once

#include "store.hpp"

#include <kith/core/clock.hpp>
#include <kith/messages.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kith::search {

/// Notes, or messages while the index is filled, of one read: half a millisecond, for it runs beside the reads of callers.
inline constexpr std::size_t read_notes = 100;
inline constexpr std::int64_t read_messages = 100;
/// A step reads until it has so many messages or so much text, and writes them together: a commit for so many costs little.
inline constexpr std::size_t step_messages = 1000;
inline constexpr std::size_t step_text_bytes = 4U << 20U;
/// Positions that one step passes at most, whatever they tell of: so far nothing is lost when it is cut off.
inline constexpr std::int64_t step_positions = 10'000;
/// Rows of one step while the index is emptied.
inline constexpr std::int64_t clear_step = 5000;
/// Pages that one step of a purge writes.
inline constexpr std::int64_t purge_pages = 64;
/// How long entries that were taken out may stay in the pages of the index.
inline constexpr std::chrono::hours purge_after{24};

/// Where the journal stands, and whether there is anything to find.
struct standing {
    standing() = default;
    std::string epoch;
    std::int64_t head = 0;
    std::int64_t horizon = 0;
    bool has_messages = false;
};
/// Of the main database.
[[nodiscard]] standing read_standing(snapshot& s);

/// What the notes behind a position tell of messages: each of them as it is now.
struct news {
    news() = default;
    std::int64_t after = 0;
    std::int64_t reached =
        0;  ///< the position of the last note that was looked at; `after` where there was none
    std::int64_t head = 0;
    bool lost = false;  ///< notes behind `after` were pruned: only the messages themselves tell what there is
    std::vector<messages::message> found;
    std::size_t text_bytes = 0;  ///< of what was found
};
/// Of the main database. What comes behind a position may name a message again: the later one counts.
[[nodiscard]] news read_news(snapshot& s, std::int64_t after);
/// Adds what was read behind `into`.
void append(news& into, news more);

/// Messages behind a place, while the index is filled.
struct filling {
    filling() = default;
    messages::conversation_id conversation;
    std::int64_t seq = 0;
    std::vector<messages::message> found;
};
/// Of the main database.
[[nodiscard]] filling read_filling(snapshot& s, messages::conversation_id conversation, std::int64_t seq);

// Jobs on the file of the index. Each looks again whether the index still stands where its material was read for: a command
// may have begun to make it anew meanwhile.

/// At the start: decides whether the index is to be made anew.
void check_index(transaction& t, const standing& now);
void begin_rebuild(transaction& t, const standing& now);
/// Brings the index in line with the messages that the notes named.
void write_news(transaction& t, const news& told);
/// One step of the phase that the index is in, other than following.
void clear_some(transaction& t);
void write_filling(transaction& t, const filling& more);
/// One step of merging what was taken out away.
void purge_some(transaction& t);

}  // namespace kith::search
