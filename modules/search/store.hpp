// The tables of `search` in SQL: plain functions of a transaction or a snapshot of its own file. No rule.
// The full-text index itself is in store_fts.cpp.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>
#include <kith/db.hpp>
#include <kith/messages.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::search::store {

/// What the index is doing. The numbers are stored.
enum class phase : std::uint8_t {
    following,  ///< it holds every message up to the cursor of the reader
    clearing,  ///< it is being emptied
    filling,  ///< it is being filled from the messages themselves
};

/// Of an index that was not merged since it was begun.
inline constexpr timestamp never{};

struct state {
    state() = default;
    std::string version;
    std::string epoch;  ///< of the journal that it follows
    std::int64_t reached = 0;  ///< the newest position that it has seen
    store::phase phase = phase::following;
    messages::conversation_id conversation;  ///< while filling: what went in last
    std::int64_t seq = 0;
    std::int64_t removed = 0;  ///< entries taken out since the last purge began
    timestamp purged_at;
    bool purging = false;
};

/// One indexed message.
struct entry {
    entry() = default;
    std::int64_t pos = 0;
    messages::conversation_id conversation;
    std::int64_t seq = 0;
    user_id sender;
    timestamp sent_at;
    std::string words;
};

/// A message that the index names.
struct candidate {
    candidate() = default;
    std::int64_t pos = 0;
    messages::conversation_id conversation;
    std::int64_t seq = 0;
};

/// The text that makes the tables.
[[nodiscard]] std::string_view schema() noexcept;

/// nullopt in a new file.
[[nodiscard]] std::optional<state> find_state(snapshot& s);
void save_state(transaction& t, const state& now);

[[nodiscard]] std::optional<entry> find_entry(snapshot& s, std::int64_t pos);
/// Which message has this position.
[[nodiscard]] std::optional<candidate> find_candidate(snapshot& s, std::int64_t pos);
[[nodiscard]] bool is_empty(snapshot& s);
[[nodiscard]] std::int64_t count_entries(snapshot& s);
/// The time of the first message at or above `pos`; nullopt when there is none.
[[nodiscard]] std::optional<timestamp> time_at(snapshot& s, std::int64_t pos);
[[nodiscard]] std::int64_t highest_pos(snapshot& s);

/// Entry and index together.
void insert_entry(transaction& t, const entry& made);
void remove_entry(transaction& t, const entry& gone);
/// Takes everything out of the index; the entries stay until delete_entries() took them.
void clear_index(transaction& t);
/// Deletes up to `limit` entries beside the index; returns how many went.
std::int64_t delete_entries(transaction& t, std::int64_t limit);

/// Merges the index a little, so that entries that were taken out leave its pages too. `begin` makes one merge of all
/// that is there now; later calls go on with it. False when nothing was left to do.
bool merge_index(transaction& t, bool begin, std::int64_t pages);

/// What the index is asked for; tokens come from words.hpp alone.
struct wanted_term {
    wanted_term() = default;
    wanted_term(std::string text, bool is_prefix) : token(std::move(text)), prefix(is_prefix) {}
    std::string token;
    bool prefix = false;
};
struct question {
    question() = default;
    std::vector<wanted_term> all;  ///< at least one
    std::vector<messages::conversation_id> within;  ///< any of these; empty: everywhere
    std::optional<user_id> sender;
    std::int64_t above = 0;  ///< positions, exclusive
    std::int64_t below = 0;
};
/// Visits the positions of messages that have what is asked for, the newest first, until `visit` returns false.
void visit_matches(snapshot& s, const question& asked, const std::function<bool(std::int64_t)>& visit);

}  // namespace kith::search::store
