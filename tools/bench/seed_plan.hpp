// Who talks with whom, how much and when: the shape of seeded data, before any row of it is written.
#pragma once

#include "chat_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kith::bench {

struct seed_options {
    std::size_t messages = 0;
    std::uint64_t seed = 1;
    std::int64_t until_ms = 0;  // Unix time of the last message
};

// The limits of one seeded folder: positions and keys are packed into 64 bits while they are sorted.
inline constexpr std::size_t seed_messages_min = 100;
inline constexpr std::size_t seed_messages_max = 100'000'000;
// The journal holds notes and answers of so long; older positions lie below the horizon.
inline constexpr std::int64_t seed_journal_ms = 30LL * 86'400 * 1000;

struct planned_conversation {
    bool is_group = false;
    std::vector<std::uint32_t>
        members;  // people, by index; of a group its owner first, then in order of joining
    std::size_t messages = 0;
    std::size_t first = 0;  // into seed_plan::positions: its making, then its messages

    // A pair is made in one event; in a group each member joins in one and is then shown the conversation in another.
    std::size_t making_events() const { return is_group ? 2 * members.size() : 1; }
    chat_language language = chat_language::chinese;
    std::vector<std::size_t> read_seq;  // of each member
};

// Conversations stand in order of their making, people in order of joining. An event is one of the making of a
// conversation, or a message; its position in the journal is its rank by time, from 1 without a hole.
struct seed_plan {
    seed_options options;
    std::int64_t begin_ms = 0;
    std::size_t people = 0;
    std::vector<planned_conversation> conversations;
    std::vector<std::uint32_t> positions;  // of the events of each conversation, ascending
    std::vector<std::int64_t> times_ms;  // of each position, that of 1 first

    std::int64_t time_of(std::uint32_t pos) const { return times_ms[pos - 1]; }
    std::uint32_t created_pos(const planned_conversation& c) const { return positions[c.first]; }
    // Of a group: when this member joined, and when they were shown it.
    std::uint32_t joined_pos(const planned_conversation& c, std::size_t member) const {
        return positions[c.first + member];
    }
    std::uint32_t shown_pos(const planned_conversation& c, std::size_t member) const {
        return positions[c.first + c.members.size() + member];
    }
    // From seq 1 on; 0 is the last event of the making.
    std::uint32_t message_pos(const planned_conversation& c, std::size_t seq) const {
        return positions[c.first + c.making_events() - 1 + seq];
    }
    std::size_t groups() const;
    std::uint32_t head() const { return static_cast<std::uint32_t>(times_ms.size()); }
    // The newest position that is older than the journal keeps.
    std::uint32_t horizon() const;
    // Who wrote message `seq` of conversation `index`, as an index of people.
    std::uint32_t sender_of(std::size_t index, std::size_t seq) const;
};

// Throws bench_error for what it cannot do.
seed_plan make_seed_plan(const seed_options& options);

// The name by which a seeded person signs in. It holds nothing that looks like another letter, so that the names by
// which the server tells look-alikes apart are the name itself.
std::string seeded_username(std::size_t person);

}  // namespace kith::bench
