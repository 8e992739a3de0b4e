// What a client missed, read from the journal and rendered as it is now. Functions of a snapshot.
#pragma once

#include <kith/gateway/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kith::gateway {

/// Notes that one replay takes at once; a client that missed more gets them in several rounds.
inline constexpr std::size_t replay_notes_max = 5'000;
/// One page: so many events, or so many bytes, whichever comes first.
inline constexpr std::size_t replay_page_events = 200;
inline constexpr std::size_t replay_page_notes = 1'000;  ///< looked at for one page
inline constexpr std::size_t replay_page_bytes = 256U << 10U;

/// An event of a replay, ready to be sent.
struct replayed {
    std::int64_t pos = 0;
    std::string text;  ///< the frame's payload
};

struct replay_page {
    std::vector<replayed> events;
    std::size_t next = 0;  ///< the note at which the next page begins
};

/// How a resume stands in one snapshot.
struct replay_plan {
    journal::state at;
    std::int64_t up_to =
        0;  ///< the replay is complete up to here: at.pos, or less when there was too much for one round
    std::string reset;  ///< why there is no resume; empty: there is one
    std::vector<journal::subscription> followed;
    std::vector<journal::note_row> notes;  ///< in (after, up_to], of each thing the newest only
    replay_page first;
};

/// Reads state, subscriptions and missed notes of `who` in one snapshot, and renders the first page. Without `after`, or
/// when it cannot be resumed from, `reset` says why.
[[nodiscard]] replay_plan plan_replay(snapshot& s, const registry& table, const principal& who,
                                      const std::optional<std::string>& epoch, std::int64_t after);
/// Renders notes from `begin` on as they are now.
[[nodiscard]] replay_page render_page(snapshot& s, const registry& table, user_id viewer,
                                      const std::vector<journal::note_row>& notes, std::size_t begin);

}  // namespace kith::gateway
