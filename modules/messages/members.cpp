// Members of groups: they come, change and go, and each change is noted for all of them and for the person.
#include "views.hpp"

#include <kith/core/error.hpp>
#include <kith/journal_tx.hpp>
#include <kith/messages_tx.hpp>

#include <utility>

namespace kith::messages {

namespace {

/// The note's thing is the conversation, its seq the person, as with marks.
std::int64_t note_member(journal::writer& notes, transaction& t, std::string_view name,
                         member_change content) {
    const conversation_id in = content.conversation;
    const user_id who = content.member.user.id;
    return journal::note(notes, t, name, in.value(), who.value(),
                         {journal::topic::of_conversation(in), journal::topic::of_user(who)},
                         std::move(content));
}

std::int64_t note_created(journal::writer& notes, transaction& t, conversation_id id, user_id who) {
    std::optional<conversation> seen = load_conversation(t, id, who);
    KITH_ASSERT(seen.has_value());
    return journal::note(notes, t, "conversation.created", id.value(), 0, {journal::topic::of_user(who)},
                         std::move(*seen));
}

}  // namespace

void add_group(transaction& t, conversation_id id, std::string_view title) {
    store::insert_group(t, id, title, t.now());
}

std::vector<member> add_members(journal::writer& notes, transaction& t, conversation_id id,
                                const std::vector<newcomer>& who, past before) {
    const std::optional<store::group_end> end = store::find_group_end(t, id);
    KITH_ASSERT(end.has_value());
    std::vector<member> added;
    for (const newcomer& one : who) {
        member& made = added.emplace_back();
        made.user = one.card;
        made.role = one.role;
        made.joined_at = t.now();
        made.first_seq = before == past::hidden ? end->last_seq + 1 : 1;
        made.joined_pos = note_member(notes, t, "member.joined", member_change(id, made));
        store::insert_member(t, id, made);
    }
    // Only now does anyone new follow the conversation: those who come together do not hear of each other one by one.
    std::int64_t pos = 0;
    for (const member& one : added) {
        pos = note_created(notes, t, id, one.user.id);
    }
    if (end->last_pos == 0 && pos > 0) {
        store::update_last(t, id, 0, pos);
    }
    return added;
}

void remove_member(journal::writer& notes, transaction& t, conversation_id id, const member& who) {
    store::delete_member(t, id, who.user.id);
    note_member(notes, t, "member.left", member_change(id, who.user));
}

void set_role(journal::writer& notes, transaction& t, conversation_id id, member who, member_role role) {
    who.role = role;
    store::update_role(t, id, who.user.id, role);
    note_member(notes, t, "member.changed", member_change(id, who));
}

void rename_group(journal::writer& notes, transaction& t, conversation_id id, std::string title) {
    store::update_title(t, id, title);
    conversation_update content;
    content.id = id;
    content.title = std::move(title);
    journal::note(notes, t, "conversation.updated", id.value(), 0, {journal::topic::of_conversation(id)},
                  std::move(content));
}

}  // namespace kith::messages
