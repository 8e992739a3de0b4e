// The dialects over WebSocket.
#include "wire.hpp"

#include "error.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <cstring>
#include <ctime>

namespace kith::bench {

namespace {

constexpr std::size_t uuid_chars = 36;
constexpr std::string_view hex = "0123456789abcdef";
constexpr std::string_view floor_head = R"({"type":"message.created","data":{"text":")";
constexpr std::string_view floor_tail = R"("}})";
constexpr std::array<std::string_view, 3> typing_states{"typing", "recording", "none"};

void write_hex(char* out, std::size_t count, std::uint64_t value) {
    for (std::size_t i = count; i-- > 0; value >>= 4) out[i] = hex[value & 15];
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 24> text{};
    const auto [end, failure] = std::to_chars(text.begin(), text.end(), number);
    (void)failure;  // 24 characters hold every number
    out.append(text.begin(), end);
}

std::uint64_t number_at(std::string_view payload, std::size_t at) {
    std::uint64_t number = 0;
    if (at < payload.size()) std::from_chars(payload.data() + at, payload.data() + payload.size(), number);
    return number;
}

std::string close_reason(std::string_view payload) {
    if (payload.size() < 2) return "without a code";
    const unsigned code = static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8
                          | static_cast<unsigned char>(payload[1]);
    return std::to_string(code) + " " + std::string(payload.substr(2));
}

}  // namespace

void write_uuid_v7(char* out36) {
    static const std::uint64_t process_salt = [] {
        if (sodium_init() < 0) throw bench_error("libsodium does not start");
        std::uint64_t salt = 0;
        randombytes_buf(&salt, sizeof salt);
        return salt;
    }();
    static std::uint64_t counter = 0;
    ++counter;
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    const auto ms =
        static_cast<std::uint64_t>(t.tv_sec) * 1000 + static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
    // 48 bits time, version, 12 bits, variant, 62 bits. Salt and counter keep apart what the time does not.
    std::memset(out36, '-', uuid_chars);
    write_hex(out36, 8, ms >> 16);
    write_hex(out36 + 9, 4, ms & 0xffff);
    write_hex(out36 + 14, 4, 0x7000 | (process_salt >> 52));
    write_hex(out36 + 19, 4, 0x8000 | (process_salt & 0x3fff));
    write_hex(out36 + 24, 12, counter);
}

std::size_t mark_finder::find_behind(std::string_view payload) {
    if (hint_ < payload.size() && payload.substr(hint_, mark_.size()) == mark_) return hint_ + mark_.size();
    const void* found = memmem(payload.data(), payload.size(), mark_.data(), mark_.size());
    if (found == nullptr) return std::string_view::npos;
    hint_ = static_cast<std::size_t>(static_cast<const char*>(found) - payload.data());
    return hint_ + mark_.size();
}

meaning frame_reader::read(std::string_view payload) {
    meaning result;
    if (created_.find_behind(payload) != std::string_view::npos) {
        const std::size_t at = text_.find_behind(payload);
        if (at == std::string_view::npos || !read_mark(payload.substr(at), result.mark))
            return result;  // a message of someone else
        result.what = meaning::kind::delivery;
        result.seq = number_at(payload, seq_.find_behind(payload));
        return result;
    }
    const std::size_t ok = ok_.find_behind(payload);
    if (ok == std::string_view::npos) return result;
    result.what = payload.substr(ok, 4) == "true" ? meaning::kind::answer : meaning::kind::refusal;
    result.id = number_at(payload, id_.find_behind(payload));
    return result;
}

std::size_t ws_dialect::cut(std::string_view bytes, listener& to) {
    return frame_parser::cut(bytes, [&](opcode op, std::string_view payload) {
        if (op == opcode::text) {
            on_text(payload, to);
        } else if (op == opcode::ping) {
            std::string pong;
            append_client_frame(pong, opcode::pong, payload);
            to.on_reply_due(pong);
        } else if (op == opcode::close) {
            throw bench_error("the server closed the socket: " + close_reason(payload));
        }
    });
}

void ws_dialect::on_text(std::string_view payload, listener& to) {
    tell(reader_.read(payload), payload, to);
}

void ws_dialect::tell(const meaning& read, std::string_view payload, listener& to) {
    switch (read.what) {
    case meaning::kind::delivery: to.on_delivery({read.mark, read.seq, payload.size()}); break;
    case meaning::kind::answer: to.on_answer(read.id); break;
    case meaning::kind::refusal:
        throw bench_error("the server refused a message: " + std::string(payload.substr(0, 400)));
    case meaning::kind::other: break;
    }
}

void ws_listening::append_request(std::string& /*out*/, std::uint64_t /*id*/, const message_mark& /*mark*/) {
    throw bench_error("this socket only listens");
}

kith_messages::kith_messages(std::string conversation, std::size_t text_bytes)
    : conversation_(std::move(conversation)), text_(make_text(text_bytes)) {}

std::string_view kith_messages::request(std::uint64_t id, const message_mark& mark) {
    request_.assign(R"({"id":)");
    append_number(request_, id);
    request_.append(R"(,"type":"message.send","data":{"conversation":")").append(conversation_);
    request_.append(R"(","client_id":")").append(uuid_chars, '0');
    write_uuid_v7(request_.data() + request_.size() - uuid_chars);
    write_mark(text_.data(), mark);
    request_.append(R"(","kind":"text","body":{"text":")").append(text_).append(R"("}}})");
    return request_;
}

void kith_messages::append_request(std::string& out, std::uint64_t id, const message_mark& mark) {
    append_client_frame(out, opcode::text, request(id, mark));
}

kith_typing::kith_typing(std::string conversation, const std::vector<std::string>& senders)
    : conversation_(std::move(conversation)) {
    for (std::size_t i = 0; i < senders.size(); ++i) sender_of_.emplace(senders[i], i);
}

std::uint64_t kith_typing::modulus() const {
    return typing_states.size();
}

std::string kith_typing::request(std::uint64_t id, const message_mark& mark) const {
    std::string text = R"({"id":)";
    append_number(text, id);
    text.append(R"(,"type":"message.typing","data":{"conversation":")").append(conversation_);
    return text.append(R"(","state":")")
        .append(typing_states[mark.number % typing_states.size()])
        .append(R"("}})");
}

void kith_typing::append_request(std::string& out, std::uint64_t id, const message_mark& mark) {
    append_client_frame(out, opcode::text, request(id, mark));
}

void kith_typing::on_text(std::string_view payload, listener& to) {
    if (type_.find_behind(payload) == std::string_view::npos) {
        tell(reader_.read(payload), payload, to);
        return;
    }
    const auto word_behind = [payload](mark_finder& name) {
        const std::size_t at = name.find_behind(payload);
        if (at == std::string_view::npos) throw bench_error("half a typing event: " + std::string(payload));
        return payload.substr(at, payload.find('"', at) - at);
    };
    const auto sender = sender_of_.find(word_behind(user_));
    if (sender == sender_of_.end()) return;  // someone else types
    const std::string_view state = word_behind(state_);
    for (std::size_t i = 0; i < typing_states.size(); ++i) {
        if (typing_states[i] == state) {
            to.on_delivery({{sender->second, i}, 0, payload.size()});
            return;
        }
    }
    throw bench_error("an unknown state of typing: " + std::string(payload));
}

std::size_t floor_events::event_bytes_min() {
    return floor_head.size() + mark_chars + floor_tail.size();
}

floor_events::floor_events(std::size_t event_bytes) {
    if (event_bytes < event_bytes_min())
        throw bench_error("an event of the floor has at least " + std::to_string(event_bytes_min())
                          + " bytes");
    const std::size_t around = floor_head.size() + floor_tail.size();
    event_.append(floor_head).append(make_text(event_bytes - around)).append(floor_tail);
}

std::string_view floor_events::event(const message_mark& mark) {
    write_mark(event_.data() + floor_head.size(), mark);
    return event_;
}

void floor_events::append_request(std::string& out, std::uint64_t /*id*/, const message_mark& mark) {
    append_client_frame(out, opcode::text, event(mark));
}

}  // namespace kith::bench
