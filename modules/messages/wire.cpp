// The JSON of bodies, remembered answers, marks and typing.
#include "wire.hpp"

#include "wire_types.hpp"

#include <kith/journal_tx.hpp>

#include <utility>

namespace kith::messages::wire {

std::string body_text(const body& content) {
    return json::text(content);
}

body read_body(std::string_view stored) {
    return json::decode<body>(json::parse(stored));
}

std::string answer_text(const sent& answer) {
    return json::text(answer);
}

sent read_answer(std::string_view stored) {
    return json::decode<sent>(json::parse(stored));
}

std::string typing_text(conversation_id conversation, user_id user, typing_state state) {
    typing_event event;
    event.conversation = conversation;
    event.user = user;
    event.state = state;
    return json::text(event);
}

std::int64_t note_mark(journal::writer& into, transaction& t, std::string_view name,
                       std::initializer_list<journal::topic> topics, const mark& content) {
    return journal::note(into, t, name, content.conversation.value(), content.user.value(), topics,
                         mark_event(content));
}

}  // namespace kith::messages::wire
