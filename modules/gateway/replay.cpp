// Choosing the newest note of each thing and rendering it for the viewer.
#include "replay.hpp"

#include "envelope.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

namespace kith::gateway {

namespace {

/// What makes two notes tell of the same thing.
struct thing_key {
    std::string_view family;
    std::int64_t topic = 0;
    std::int64_t thing = 0;
    std::int64_t seq = 0;
    friend bool operator==(const thing_key&, const thing_key&) = default;
};
struct thing_hash {
    std::size_t operator()(const thing_key& key) const noexcept {
        std::size_t seed = std::hash<std::string_view>{}(key.family);
        for (const std::int64_t part : {key.topic, key.thing, key.seq}) {
            seed = seed * 1'000'003 + std::hash<std::int64_t>{}(part);
        }
        return seed;
    }
};

/// Keeps of each thing the newest note, of each position one, in order.
void keep_newest(std::vector<journal::note_row>& notes, const registry& table) {
    std::unordered_set<thing_key, thing_hash> seen;
    std::vector<journal::note_row> kept;
    for (auto note = notes.rbegin(); note != notes.rend(); ++note) {
        const event* type = table.find_event(note->change);
        if (type == nullptr || (!kept.empty() && kept.back().pos == note->pos)) {
            continue;
        }
        thing_key key;
        key.family = type->family;
        key.topic = note->where.packed();
        key.thing = note->thing;
        key.seq = note->seq;
        if (seen.insert(key).second) {
            kept.push_back(std::move(*note));
        }
    }
    std::reverse(kept.begin(), kept.end());
    notes = std::move(kept);
}

std::string why_reset(const journal::state& at, const std::optional<std::string>& epoch, std::int64_t after) {
    if (!epoch) {
        return "no_cursor";
    }
    if (*epoch != at.epoch) {
        return "epoch_changed";
    }
    if (after > at.pos) {
        return "ahead";
    }
    return after <= at.horizon ? "too_old" : "";
}

}  // namespace

replay_plan plan_replay(snapshot& s, const registry& table, const principal& who,
                        const std::optional<std::string>& epoch, std::int64_t after) {
    table.check_session(s, who);
    replay_plan plan;
    plan.at = journal::read_state(s);
    plan.up_to = plan.at.pos;
    plan.reset = why_reset(plan.at, epoch, after);
    plan.followed = table.followed(s, who.user);
    if (!plan.reset.empty()) {
        return plan;
    }
    plan.notes = journal::notes_between(s, plan.followed, after, plan.up_to, replay_notes_max);
    if (plan.notes.size() > replay_notes_max) {
        // The last position may be cut in the middle: it begins the next round.
        plan.up_to = plan.notes.back().pos - 1;
        while (!plan.notes.empty() && plan.notes.back().pos > plan.up_to) {
            plan.notes.pop_back();
        }
    }
    keep_newest(plan.notes, table);
    plan.first = render_page(s, table, who.user, plan.notes, 0);
    return plan;
}

replay_page render_page(snapshot& s, const registry& table, user_id viewer,
                        const std::vector<journal::note_row>& notes, std::size_t begin) {
    replay_page page;
    std::size_t bytes = 0;
    page.next = begin;
    // Notes whose thing is gone render nothing; they count as well, so that one read stays short.
    const std::size_t end = std::min(notes.size(), begin + replay_page_notes);
    while (page.next < end && page.events.size() < replay_page_events && bytes < replay_page_bytes) {
        const journal::note_row& note = notes[page.next++];
        const std::optional<std::string> data = table.find_event(note.change)->render(s, viewer, note);
        if (data) {
            replayed made;
            made.pos = note.pos;
            made.text = durable_text(note.change, note.pos, *data);
            bytes += made.text.size();
            page.events.push_back(std::move(made));
        }
    }
    return page;
}

}  // namespace kith::gateway
