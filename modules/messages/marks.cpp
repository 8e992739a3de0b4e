// Read and delivered marks, which never move back, and typing, which is never stored.
#include "service.hpp"
#include "views.hpp"

#include <kith/core/error.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>

namespace kith::messages {

namespace {

/// One change of marks: where they stood and where they stand.
struct marks_moved {
    marks_moved(const store::place& old, std::int64_t wanted, mark_kind kind) : before(old), after(old) {
        const std::int64_t seq = std::min(wanted, old.last_seq);
        after.delivered_seq = std::max(old.delivered_seq, seq);
        if (kind == mark_kind::read) {
            after.read_seq = std::max(old.read_seq, seq);
        }
    }
    [[nodiscard]] bool read() const { return after.read_seq > before.read_seq; }
    [[nodiscard]] bool delivered() const { return after.delivered_seq > before.delivered_seq; }

    store::place before;
    store::place after;
};

marked mark_job(transaction& t, journal::writer& notes, const gateway::principal& who, const mark& wanted,
                mark_kind kind) {
    users::check_session(t, who);
    const std::optional<store::place> old = store::find_place(t, wanted.conversation, who.user);
    if (!old) {
        throw no_such_conversation();
    }
    const marks_moved moved(*old, wanted.seq, kind);
    const journal::topic own = journal::topic::of_user(who.user);
    mark told(wanted.conversation, who.user, moved.after.delivered_seq);
    marked answer;
    answer.seq = kind == mark_kind::read ? moved.after.read_seq : moved.after.delivered_seq;
    answer.unread = count_unread(t, wanted.conversation, who.user, moved.after, store::any_pos);
    if (moved.delivered() || moved.read()) {
        store::update_marks(t, wanted.conversation, who.user, moved.after.read_seq,
                            moved.after.delivered_seq);
    }
    if (moved.delivered()) {
        if (old->peer) {
            wire::note_mark(notes, t, "conversation.delivered", {own, journal::topic::of_user(old->peer)},
                            told);
        } else {
            wire::note_mark(notes, t, "conversation.delivered", {own}, told);
        }
    }
    if (moved.read()) {
        told.seq = moved.after.read_seq;
        if (old->peer) {
            wire::note_mark(notes, t, "conversation.read", {journal::topic::of_user(old->peer)}, told);
        }
        told.unread = answer.unread;
        wire::note_mark(notes, t, "conversation.read", {own}, told);
    }
    return answer;
}

task<marked> store_mark(database& store, journal::writer& notes, gateway::principal who, mark wanted,
                        mark_kind kind) {
    return store.write(
        [&notes, who, wanted, kind](transaction& t) { return mark_job(t, notes, who, wanted, kind); });
}

}  // namespace

task<marked> messages_service::set_mark(gateway::principal who, conversation_id conversation,
                                        std::int64_t seq, mark_kind kind) {
    if (seq < 0) {
        throw invalid_field("/seq", "a message number, 0 or more");
    }
    const mark wanted(conversation, who.user, seq);
    const marked now = co_await store_mark(needs_.store, needs_.journal, who, wanted, kind);
    co_return now;
}

void messages_service::set_typing(const gateway::principal& who, conversation_id conversation,
                                  typing_state state) const {
    const journal::topic everyone = journal::topic::of_conversation(conversation);
    if (hub_ == nullptr || !hub_->follows(who.user, everyone)) {
        throw no_such_conversation();
    }
    hub_->send_ephemeral(everyone, "typing", wire::typing_text(conversation, who.user, state), who.user);
}

}  // namespace kith::messages
