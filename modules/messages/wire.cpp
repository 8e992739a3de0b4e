// The JSON of bodies, remembered answers, marks and typing.
#include "wire.hpp"

#include "wire_types.hpp"

#include <kith/journal_tx.hpp>

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace kith::messages::wire {

std::string body_text(const body& content) {
    return json::text(content);
}

body read_body(std::string_view stored) {
    return json::decode<body>(json::document(stored).root());
}

// Three integers: this text is written with every message and read almost never.
std::string answer_text(const sent& answer) {
    std::string text;
    json::detail::write_integer(text, answer.seq);
    text += ' ';
    json::detail::write_integer(text, answer.pos);
    text += ' ';
    json::detail::write_integer(text, to_micros(answer.sent_at));
    return text;
}

sent read_answer(std::string_view stored) {
    std::array<std::int64_t, 3> numbers{};
    const char* at = stored.data();
    const char* const end = at + stored.size();
    for (std::int64_t& number : numbers) {
        const auto [behind, failed] = std::from_chars(at, end, number);
        if (failed != std::errc()) {
            throw std::runtime_error("a stored answer is not three integers");
        }
        at = behind == end ? end : behind + 1;
    }
    sent answer;
    answer.seq = numbers[0];
    answer.pos = numbers[1];
    answer.sent_at = from_micros(numbers[2]);
    return answer;
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
