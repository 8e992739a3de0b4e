// Conversations, marks and what is followed, as one viewer sees them.
#include "views.hpp"

#include <kith/messages_tx.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>

namespace kith::messages {

namespace {

store::place place_of(const conversation& c) {
    store::place at;
    at.first_seq = c.first_seq;
    at.last_seq = c.last_seq;
    at.read_seq = c.read_seq;
    at.delivered_seq = c.delivered_seq;
    return at;
}

/// Adds what does not stand in the rows of the conversation itself.
void complete(snapshot& s, conversation& c) {
    if (c.peer) {
        if (std::optional<users::user> peer = users::find_user(s, c.peer->id)) {
            c.peer = std::move(*peer);
        }
        c.title = c.peer->nickname;
        c.avatar = c.peer->avatar;
    }
    if (c.last_seq > 0) {
        c.last_message = store::find_message(s, c.id, c.last_seq, c.viewer);
    }
    c.unread = count_unread(s, c.id, c.viewer, place_of(c), store::any_pos);
}

}  // namespace

std::optional<conversation> load_conversation(snapshot& s, conversation_id id, user_id viewer) {
    std::optional<conversation> found = store::find_conversation(s, id, viewer);
    if (found) {
        complete(s, *found);
    }
    return found;
}

std::vector<conversation> load_conversations(snapshot& s, user_id viewer, std::int64_t before_pos,
                                             std::int64_t limit) {
    std::vector<conversation> found = store::list_conversations(s, viewer, before_pos, limit);
    for (conversation& one : found) {
        complete(s, one);
    }
    return found;
}

std::int64_t count_unread(snapshot& s, conversation_id conversation, user_id reader, const store::place& at,
                          std::int64_t before_pos) {
    if (at.read_seq >= at.last_seq) {
        return 0;
    }
    const std::int64_t above = std::max({at.read_seq, at.first_seq - 1, at.last_seq - unread_scan_max});
    return store::count_others(s, conversation, reader, above, before_pos);
}

// Notes of the viewer's own topic outlive a membership, and would be rendered from the row of the next one: told before its
// joining, they would be of a conversation that the client has left.
bool is_before_joining(snapshot& s, user_id viewer, const journal::note_row& note) {
    return note.pos < store::find_joined_pos(s, conversation_id(note.thing), viewer);
}

std::optional<mark> load_mark(snapshot& s, user_id viewer, const journal::note_row& note, bool read) {
    const conversation_id in(note.thing);
    const user_id whose(note.seq);
    const std::optional<store::place> at = store::find_place(s, in, whose);
    if (!at || (whose != viewer && at->peer != viewer) || (!at->peer && is_before_joining(s, viewer, note))) {
        return std::nullopt;
    }
    mark found(in, whose, read ? at->read_seq : at->delivered_seq);
    if (read && whose == viewer) {
        // Messages made after this note follow it in the replay, and the client counts them itself.
        found.unread = count_unread(s, in, viewer, *at, note.pos);
    }
    return found;
}

std::optional<member_change> load_member_change(snapshot& s, user_id viewer, const journal::note_row& note) {
    const conversation_id in(note.thing);
    const user_id whose(note.seq);
    const bool tells_of_leaving = note.change == "member.left";
    if (whose != viewer && !find_membership(s, in, viewer)) {
        return std::nullopt;
    }
    const std::optional<member> there = find_member(s, in, whose);
    if (there.has_value() == tells_of_leaving
        || (there && whose == viewer && note.pos < there->joined_pos)) {  // as is_before_joining()
        return std::nullopt;
    }
    if (there) {
        return member_change(in, *there);
    }
    users::user gone;
    gone.id = whose;
    return member_change(in, users::find_user(s, whose).value_or(std::move(gone)));
}

std::optional<conversation_update> load_update(snapshot& s, user_id viewer, conversation_id id) {
    const std::optional<membership> seen = find_membership(s, id, viewer);
    if (!seen) {
        return std::nullopt;
    }
    conversation_update found;
    found.id = id;
    found.title = seen->title;
    return found;
}

void add_followed(snapshot& s, user_id user, std::vector<journal::subscription>& into) {
    for (const store::followed& one : store::follows_of(s, user)) {
        into.emplace_back(journal::topic::of_conversation(one.conversation), one.first_seq, one.joined_pos);
        if (one.peer) {
            into.emplace_back(journal::topic::of_card(one.peer), 0);
        }
    }
}

}  // namespace kith::messages
