// Conversations: made at the first use, shown to their members, set by each of them for themselves.
#include "service.hpp"
#include "views.hpp"

#include <kith/core/error.hpp>
#include <kith/core/id_source.hpp>
#include <kith/journal_tx.hpp>
#include <kith/users_tx.hpp>

#include <utility>

namespace kith::messages {

namespace {

/// About what a conversation with its two members takes in the database.
constexpr std::size_t direct_bytes = 600;

std::string direct_key(user_id one, user_id other) {
    const auto [low, high] = std::minmax(one, other);
    return to_string(low) + ":" + to_string(high);
}

conversation load_own(snapshot& s, conversation_id id, user_id viewer) {
    std::optional<conversation> found = load_conversation(s, id, viewer);
    if (!found) {
        throw no_such_conversation();
    }
    return std::move(*found);
}

conversation open_job(transaction& t, journal::writer& notes, const gateway::principal& who, user_id peer,
                      conversation_id fresh) {
    users::check_session(t, who);
    if (!users::find_user(t, peer)) {
        throw error(error_code::not_found, "There is no such person.");
    }
    const std::string key = direct_key(who.user, peer);
    if (const std::optional<conversation_id> there = store::find_direct(t, key)) {
        return load_own(t, *there, who.user);
    }
    if (!store::insert_direct(t, fresh, key, t.now())) {
        throw error(error_code::overloaded, "The conversation is being made: try again.");
    }
    std::int64_t pos = 0;
    store::insert_peer(t, fresh, peer, who.user, t.now());
    store::insert_peer(t, fresh, who.user, peer, t.now());
    for (const user_id member : {peer, who.user}) {
        pos = journal::note(notes, t, "conversation.created", fresh.value(), 0,
                            {journal::topic::of_user(member)}, load_own(t, fresh, member));
    }
    store::update_last(t, fresh, 0, pos);
    return load_own(t, fresh, who.user);
}

task<conversation> open_in(database& store, journal::writer& notes, gateway::principal who, user_id peer,
                           conversation_id fresh) {
    return store.write(
        [&notes, who, peer, fresh](transaction& t) { return open_job(t, notes, who, peer, fresh); },
        direct_bytes);
}

task<conversation> read_one(database& store, gateway::principal who, conversation_id id) {
    return store.read([who, id](snapshot& s) {
        users::check_session(s, who);
        return load_own(s, id, who.user);
    });
}

task<conversation_list> read_list(database& store, gateway::principal who, std::int64_t before_pos,
                                  std::int64_t limit) {
    return store.read([who, before_pos, limit](snapshot& s) {
        users::check_session(s, who);
        conversation_list page;
        page.items = load_conversations(s, who.user, before_pos, limit + 1);
        if (page.items.size() > static_cast<std::size_t>(limit)) {
            page.items.pop_back();
            page.next = page.items.back().last_pos;
        }
        return page;
    });
}

settings with_change(settings old, const settings_change& change) {
    if (change.sets_muted_until) {
        old.muted_until = change.muted_until;
    }
    old.pinned = change.pinned.value_or(old.pinned);
    old.notify = change.notify.value_or(old.notify);
    old.draft = change.draft.value_or(old.draft);
    old.hidden = change.hidden.value_or(old.hidden);
    return old;
}

conversation settings_job(transaction& t, journal::writer& notes, const gateway::principal& who,
                          const settings_change& change) {
    users::check_session(t, who);
    std::optional<store::own_settings> own = store::find_settings(t, change.conversation, who.user);
    if (!own) {
        throw no_such_conversation();
    }
    const settings now = with_change(own->set, change);
    if (now == own->set) {
        return load_own(t, change.conversation, who.user);
    }
    own->set = now;
    store::update_settings(t, change.conversation, who.user, *own);
    conversation seen = load_own(t, change.conversation, who.user);
    note_conversation(notes, t, "conversation.settings", seen);
    return seen;
}

task<conversation> store_settings(database& store, journal::writer& notes, gateway::principal who,
                                  settings_change change) {
    const std::size_t bytes = direct_bytes + change.draft.value_or(std::string()).size();
    return store.write([&notes, who, change = std::move(change)](
                           transaction& t) { return settings_job(t, notes, who, change); },
                       bytes);
}

}  // namespace

void note_conversation(journal::writer& notes, transaction& t, std::string_view name,
                       const conversation& seen) {
    journal::note(notes, t, name, seen.id.value(), 0, {journal::topic::of_user(seen.viewer)}, seen);
}

error no_such_conversation() {
    return error(error_code::not_found, "There is no such conversation.");
}

task<conversation> messages_service::open_direct(gateway::principal who, user_id peer) {
    if (peer == who.user) {
        throw invalid_field("/user", "someone other than yourself");
    }
    const auto fresh = needs_.ids.next<conversation_id>();
    conversation opened = co_await open_in(needs_.store, needs_.journal, who, peer, fresh);
    fill_presence(opened);
    co_return opened;
}

task<conversation> messages_service::get(gateway::principal who, conversation_id conversation) {
    messages::conversation found = co_await read_one(needs_.store, who, conversation);
    fill_presence(found);
    co_return found;
}

task<conversation_list> messages_service::list(gateway::principal who, std::int64_t before_pos,
                                               std::int64_t limit) {
    field_errors wrong;
    check_limit(wrong, limit);
    wrong.raise();
    conversation_list page = co_await read_list(needs_.store, who, before_pos, limit);
    for (conversation& one : page.items) {
        fill_presence(one);
    }
    co_return page;
}

task<conversation> messages_service::change_settings(gateway::principal who, settings_change change) {
    field_errors wrong;
    if (change.draft) {
        check_draft(wrong, *change.draft);
    }
    wrong.raise();
    conversation seen = co_await store_settings(needs_.store, needs_.journal, who, std::move(change));
    fill_presence(seen);
    co_return seen;
}

void messages_service::fill_presence(conversation& seen) const {
    if (seen.peer) {
        needs_.people.fill(*seen.peer);
    }
}

}  // namespace kith::messages
