// Messages: sent once in effect, numbered without gaps, recalled without a trace of the text, read page by page.
#include "service.hpp"
#include "views.hpp"

#include <kith/core/config.hpp>
#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>
#include <kith/journal_tx.hpp>
#include <kith/users_tx.hpp>

#include <memory>
#include <span>
#include <utility>

namespace kith::messages {

namespace {

/// About what a message takes in the database beside its body.
constexpr std::size_t message_bytes = 500;

/// What a send hands to its job.
struct letter {
    letter() = default;
    gateway::principal who;
    outgoing input;
    std::string body;  ///< as stored
    std::string fingerprint;  ///< of everything that makes it the same message
    bool once = true;  ///< false only to show that a lost promise is noticed
};

error no_such_message() {
    return error(error_code::not_found, "There is no such message.");
}

journal::change change_of(std::string_view name, const std::shared_ptr<message>& content) {
    journal::change what;
    what.name = name;
    what.thing = content->conversation.value();
    what.seq = content->seq;
    what.topics.push_back(journal::topic::of_conversation(content->conversation));
    what.content = content;
    what.type = &typeid(message);
    return what;
}

/// The next message of the conversation, with its number but not yet its position.
std::shared_ptr<message> make_message(const letter& from, std::int64_t seq, timestamp now) {
    auto made = std::make_shared<message>();
    made->conversation = from.input.conversation;
    made->seq = seq;
    made->client_id = from.input.client_id;
    made->sender = from.who.user;
    made->kind = from.input.kind;
    made->body = from.input.content;
    made->sent_at = now;
    return made;
}

sent send_letter(transaction& t, journal::writer& notes, const letter& from) {
    if (from.once) {
        const std::optional<std::string> before =
            journal::remembered_answer(t, from.who.user, from.input.client_id, from.fingerprint);
        if (before) {
            sent first = wire::read_answer(*before);
            first.duplicate = true;
            return first;
        }
    }
    users::check_session(t, from.who);
    const std::optional<store::posting> into = store::find_posting(t, from.input.conversation, from.who.user);
    if (!into) {
        throw no_such_conversation();
    }
    const std::shared_ptr<message> made = make_message(from, into->last_seq + 1, t.now());
    made->pos = notes.append(t, change_of("message.created", made));
    store::update_last(t, made->conversation, made->seq, made->pos);
    store::insert_message(t, *made, from.body);
    sent answer;
    answer.seq = made->seq;
    answer.pos = made->pos;
    answer.sent_at = made->sent_at;
    if (from.once) {
        journal::remember_answer(t, from.who.user, from.input.client_id, from.fingerprint,
                                 wire::answer_text(answer));
    }
    return answer;
}

class send_job {
public:
    send_job(journal::writer& notes, letter from) : notes_(&notes), from_(std::move(from)) {}

    /// What a send reads, asked for together with that of the others in its batch.
    void ask(db::questions& q) const {
        if (from_.once) {
            journal::ask_remembered_answer(q, from_.who.user, from_.input.client_id);
        }
        users::ask_session(q, from_.who);
        store::ask_posting(q, from_.input.conversation, from_.who.user);
    }
    sent operator()(transaction& t) const { return send_letter(t, *notes_, from_); }

private:
    journal::writer* notes_;
    letter from_;
};

task<sent> store_letter(database& store, journal::writer& notes, letter from) {
    const std::size_t bytes = message_bytes + from.body.size();
    return store.write(send_job(notes, std::move(from)), bytes);
}

message recall_job(transaction& t, journal::writer& notes, const gateway::principal& who,
                   conversation_id conversation, std::int64_t seq, std::chrono::seconds within) {
    users::check_session(t, who);
    const std::optional<message> found = store::find_message(t, conversation, seq, who.user);
    if (!found) {
        throw no_such_message();
    }
    if (found->sender != who.user) {
        throw error(error_code::forbidden, "Only the sender may recall a message.");
    }
    if (found->recalled_at) {
        return *found;
    }
    if (within.count() > 0 && t.now() > found->sent_at + within) {
        throw error(error_code::forbidden, "The time in which this message could be recalled is over.");
    }
    const auto gone = std::make_shared<message>(*found);
    gone->body.reset();
    gone->recalled_at = t.now();
    gone->recalled_by = who.user;
    store::recall(t, *gone);
    notes.append(t, change_of("message.recalled", gone));
    return *gone;
}

task<message> store_recall(database& store, journal::writer& notes, gateway::principal who,
                           conversation_id conversation, std::int64_t seq, std::chrono::seconds within) {
    return store.write([&notes, who, conversation, seq, within](transaction& t) {
        return recall_job(t, notes, who, conversation, seq, within);
    });
}

void cut_front(history_page& page, std::int64_t limit) {
    if (page.items.size() > static_cast<std::size_t>(limit)) {
        page.items.erase(page.items.begin());
        page.next = page.items.front().seq;
    }
}

history_page history_job(snapshot& s, const gateway::principal& who, const history_place& at) {
    users::check_session(s, who);
    const std::optional<store::place> place = store::find_place(s, at.conversation, who.user);
    if (!place) {
        throw no_such_conversation();
    }
    history_page page;
    if (at.after) {
        const seq_window later(std::max(place->first_seq, std::min(*at.after, place->last_seq) + 1),
                               place->last_seq);
        page.items = store::oldest_in(s, at.conversation, later, at.limit + 1);
        if (page.items.size() > static_cast<std::size_t>(at.limit)) {
            page.items.pop_back();
            page.next = page.items.back().seq;
        }
    } else if (at.around) {
        const seq_window near = window_around(*at.around, place->first_seq, place->last_seq, at.limit);
        page.items = store::oldest_in(s, at.conversation, near, at.limit);
        if (!page.items.empty() && page.items.front().seq > place->first_seq) {
            page.next = page.items.front().seq;
        }
    } else {
        const std::int64_t last = at.before ? std::min(*at.before - 1, place->last_seq) : place->last_seq;
        page.items = store::newest_in(s, at.conversation, seq_window(place->first_seq, last), at.limit + 1);
        cut_front(page, at.limit);
    }
    return page;
}

task<history_page> read_history(database& store, gateway::principal who, history_place at) {
    return store.read([who, at](snapshot& s) { return history_job(s, who, at); });
}

std::string fingerprint_of(const outgoing& input, std::string_view body) {
    std::string all =
        to_string(input.conversation) + "\n" + std::to_string(static_cast<int>(input.kind)) + "\n";
    all += body;
    constexpr std::size_t bytes =
        16;  // against chance, not against an enemy: whoever sends chooses both contents
    const digest whole = blake2b(all);
    return hex(std::span(whole).first(bytes));
}

void check_history(const history_place& at) {
    field_errors wrong;
    check_limit(wrong, at.limit);
    wrong.require(!at.before || *at.before >= 1, "/before", "a message number, 1 or more");
    wrong.require(!at.after || *at.after >= 0, "/after", "a message number, or 0 for the beginning");
    wrong.require(!at.around || *at.around >= 1, "/around", "a message number, 1 or more");
    wrong.require(!at.after || !at.before, "/after", "only one of before, after and around");
    wrong.require(!at.around || (!at.before && !at.after), "/around", "only one of before, after and around");
    wrong.raise();
}

}  // namespace

task<sent> messages_service::send(gateway::principal who, outgoing input) {
    field_errors wrong;
    std::optional<std::string> client_id = fold_uuid(input.client_id);
    wrong.require(client_id.has_value(), "/client_id", "a UUID");
    check_text(wrong, input.content.text);
    wrong.raise();
    letter from;
    from.who = who;
    from.input = std::move(input);
    from.input.client_id = std::move(*client_id);
    from.body = wire::body_text(from.input.content);
    from.fingerprint = fingerprint_of(from.input, from.body);
    from.once = needs_.settings.test.mutation != "no_client_id_check";
    const sent answer = co_await store_letter(needs_.store, needs_.journal, std::move(from));
    co_return answer;
}

task<message> messages_service::recall(gateway::principal who, conversation_id conversation,
                                       std::int64_t seq) {
    return store_recall(needs_.store, needs_.journal, who, conversation, seq,
                        needs_.settings.messages.recall_seconds);
}

task<history_page> messages_service::history(gateway::principal who, history_place at) {
    check_history(at);
    history_page page = co_await read_history(needs_.store, who, at);
    co_return page;
}

}  // namespace kith::messages
