// WebSocket frames by RFC 6455: decoding in place where it can, UTF-8 by words, encoding with one allocation.
#include "frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

namespace kith::gateway {

namespace {

constexpr unsigned final_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned opcode_bits = 0x0F;
constexpr unsigned mask_bit = 0x80;
constexpr unsigned length_bits = 0x7F;
constexpr unsigned length_in_2_bytes = 126;
constexpr unsigned length_in_8_bytes = 127;
constexpr std::size_t code_bytes = 2;

constexpr unsigned byte_of(char c) noexcept {
    return static_cast<unsigned char>(c);
}

bool known(opcode op) noexcept {
    switch (op) {
    case opcode::continuation:
    case opcode::text:
    case opcode::binary:
    case opcode::close:
    case opcode::ping:
    case opcode::pong: return true;
    }
    return false;
}

std::uint64_t big_endian(std::string_view bytes) noexcept {
    std::uint64_t value = 0;
    for (const char c : bytes) value = (value << 8U) | byte_of(c);
    return value;
}

/// Bytes of ASCII at the front, counted in whole words and then one by one.
std::size_t ascii_prefix(const char* text, std::size_t size) noexcept {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    std::size_t at = 0;
    for (; at + 16 <= size; at += 16) {
        std::uint64_t words[2];
        std::memcpy(words, text + at, sizeof words);
        if (((words[0] | words[1]) & high_bits) != 0) break;
    }
    while (at < size && byte_of(text[at]) < 0x80) ++at;
    return at;
}

/// Bytes of whole three-byte code points at the front: nearly all of Chinese, Japanese and Korean text.
std::size_t three_byte_prefix(const char* text, std::size_t size) noexcept {
    std::size_t at = 0;
    for (; at + 3 <= size; at += 3) {
        const unsigned value =
            (byte_of(text[at]) << 16U) | (byte_of(text[at + 1]) << 8U) | byte_of(text[at + 2]);
        if ((value & 0xF0C0C0U) != 0xE08080U) break;
        // The four bits of the first byte and the top bit of the payload of the second: 0 is overlong, 27 a surrogate.
        const unsigned top = ((value >> 15U) & 0x1EU) | ((value >> 13U) & 1U);
        if (top == 0 || top == 0x1B) break;
    }
    return at;
}

void put_header(std::string& out, opcode op, std::size_t payload_bytes) {
    out.push_back(static_cast<char>(final_bit | static_cast<unsigned>(op)));
    const auto put = [&out](std::size_t value, unsigned bytes) {
        for (unsigned left = bytes; left > 0; --left) {
            out.push_back(static_cast<char>((value >> ((left - 1) * 8)) & 0xFFU));
        }
    };
    if (payload_bytes < length_in_2_bytes) {
        put(payload_bytes, 1);
    } else if (payload_bytes <= std::numeric_limits<std::uint16_t>::max()) {
        put(length_in_2_bytes, 1);
        put(payload_bytes, 2);
    } else {
        put(length_in_8_bytes, 1);
        put(payload_bytes, 8);
    }
}

/// Bytes of the shortest header for such a payload, without a key.
std::size_t header_bytes(std::uint64_t payload_bytes) noexcept {
    if (payload_bytes < length_in_2_bytes) return 2;
    return payload_bytes <= std::numeric_limits<std::uint16_t>::max() ? 2 + 2 : 2 + 8;
}

std::string encode(opcode op, std::string_view payload) {
    std::string frame;
    frame.reserve(header_bytes(payload.size()) + payload.size());
    put_header(frame, op, payload.size());
    frame.append(payload);
    return frame;
}

std::string encode_control(opcode op, std::string_view payload) {
    if (payload.size() > control_payload_bytes_max) {
        throw std::length_error("the payload of a control frame is above 125 bytes");
    }
    return encode(op, payload);
}

}  // namespace

bool utf8_checker::take_continuation(unsigned char byte) noexcept {
    if (byte < lowest_ || byte > highest_) return false;
    lowest_ = 0x80;
    highest_ = 0xBF;
    --missing_;
    return true;
}

bool utf8_checker::take_lead(unsigned char byte) noexcept {
    if (byte < 0x80) return true;
    if (byte < 0xC2 || byte > 0xF4) return false;
    missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    lowest_ = 0x80;
    highest_ = 0xBF;
    if (byte == 0xE0) lowest_ = 0xA0;  // below: overlong
    if (byte == 0xED) highest_ = 0x9F;  // above: surrogates
    if (byte == 0xF0) lowest_ = 0x90;  // below: overlong
    if (byte == 0xF4) highest_ = 0x8F;  // above: beyond U+10FFFF
    return true;
}

bool utf8_checker::take(std::string_view piece) noexcept {
    const char* text = piece.data();
    const std::size_t size = piece.size();
    std::size_t at = 0;
    while (at < size) {
        if (missing_ == 0) {
            at += ascii_prefix(text + at, size - at);
            at += three_byte_prefix(text + at, size - at);
            if (at == size) break;
        }
        const auto byte = static_cast<unsigned char>(text[at]);
        if (!(missing_ == 0 ? take_lead(byte) : take_continuation(byte))) return false;
        ++at;
    }
    return true;
}

void unmask(std::span<char> bytes, std::array<char, 4> key, std::size_t offset) noexcept {
    std::array<char, 8> turned{};
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(offset + i) % key.size()];
    std::uint64_t mask = 0;
    std::memcpy(&mask, turned.data(), sizeof mask);
    std::size_t at = 0;
    for (; at + sizeof mask <= bytes.size(); at += sizeof mask) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        word ^= mask;
        std::memcpy(bytes.data() + at, &word, sizeof word);
    }
    for (std::size_t i = 0; at < bytes.size(); ++at, ++i)
        bytes[at] = static_cast<char>(bytes[at] ^ turned[i]);
}

opcode frame_decoder::op() const noexcept {
    return static_cast<opcode>(byte_of(header_[0]) & opcode_bits);
}

bool frame_decoder::final() const noexcept {
    return (byte_of(header_[0]) & final_bit) != 0;
}

std::size_t frame_decoder::heap_bytes() const noexcept {
    return held_.capacity() > std::string().capacity() ? held_.capacity() + 1 : 0;
}

void frame_decoder::stop() noexcept {
    stopped_ = true;
    std::string().swap(held_);
}

std::optional<close_code> frame_decoder::feed(std::span<char> bytes, frame_sink& sink) {
    if (stopped_) return std::nullopt;
    violation broken;
    try {
        broken = decode(bytes, sink);
    } catch (...) {
        // Where the stream stands is no longer known for certain.
        stop();
        throw;
    }
    if (broken) stop();
    return broken;
}

std::optional<close_code> frame_decoder::decode(std::span<char> bytes, frame_sink& sink) {
    while (!stopped_ && !bytes.empty()) {
        if (!header_whole()) {
            if (const violation broken = take_header(bytes)) return broken;
            if (!header_whole()) break;
        }
        if (const violation broken = take_payload(bytes, sink)) return broken;
    }
    return std::nullopt;
}

std::optional<close_code> frame_decoder::take_header(std::span<char>& bytes) {
    while (!header_whole() && !bytes.empty()) {
        const std::size_t count = std::min<std::size_t>(header_need_ - header_got_, bytes.size());
        std::memcpy(header_.data() + header_got_, bytes.data(), count);
        header_got_ = static_cast<std::uint8_t>(header_got_ + count);
        bytes = bytes.subspan(count);
        if (!header_whole()) break;
        if (header_got_ == opening_bytes) {
            if (const violation broken = check_opening()) return broken;
            header_need_ = length_end();
        }
        if (header_got_ == length_end()) {
            if (const violation broken = take_length()) return broken;
            header_need_ = static_cast<std::uint8_t>(length_end() + key_bytes);
        }
    }
    return std::nullopt;
}

std::uint8_t frame_decoder::length_end() const noexcept {
    const unsigned length = byte_of(header_[1]) & length_bits;
    if (length < length_in_2_bytes) return opening_bytes;
    return length == length_in_2_bytes ? opening_bytes + 2 : opening_bytes + 8;
}

std::optional<close_code> frame_decoder::check_opening() const noexcept {
    if ((byte_of(header_[0]) & reserved_bits) != 0 || !known(op()) || (byte_of(header_[1]) & mask_bit) == 0) {
        return close_code::protocol_error;
    }
    if (control()) {
        const bool small = (byte_of(header_[1]) & length_bits) <= control_payload_bytes_max;
        return final() && small ? violation() : close_code::protocol_error;
    }
    if ((op() == opcode::continuation) != fragmented_) return close_code::protocol_error;
    return op() == opcode::binary ? close_code::not_understood : violation();
}

std::optional<close_code> frame_decoder::take_length() noexcept {
    const std::size_t end = length_end();
    std::uint64_t length = byte_of(header_[1]) & length_bits;
    if (end > opening_bytes) {
        length = big_endian(std::string_view(header_.data() + opening_bytes, end - opening_bytes));
        const bool top_bit = (length >> 63U) != 0;
        if (top_bit || header_bytes(length) != end) return close_code::protocol_error;
    }
    if (!control() && length > message_bytes_max_ - message_bytes_) return close_code::too_big;
    payload_bytes_ = static_cast<std::uint32_t>(length);
    return std::nullopt;
}

std::optional<close_code> frame_decoder::take_payload(std::span<char>& bytes, frame_sink& sink) {
    const std::span<char> piece =
        bytes.first(std::min<std::size_t>(payload_bytes_ - payload_got_, bytes.size()));
    bytes = bytes.subspan(piece.size());
    std::array<char, key_bytes> key{};
    std::memcpy(key.data(), header_.data() + length_end(), key.size());
    unmask(piece, key, payload_got_);
    payload_got_ += static_cast<std::uint32_t>(piece.size());
    const std::string_view text(piece.data(), piece.size());
    return control() ? take_control(text, sink) : take_data(text, sink);
}

std::optional<close_code> frame_decoder::take_data(std::string_view piece, frame_sink& sink) {
    const bool ends = payload_whole() && final();
    if (!utf8_.take(piece) || (ends && !utf8_.whole())) return close_code::invalid_utf8;
    if (ends && message_bytes_ == 0) {
        begin_next_frame();
        fragmented_ = false;
        sink.on_text(piece);
        return std::nullopt;
    }
    held_.append(piece);
    message_bytes_ += static_cast<std::uint32_t>(piece.size());
    if (ends) {
        const std::string message = std::exchange(held_, std::string());
        message_bytes_ = 0;
        begin_next_frame();
        fragmented_ = false;
        sink.on_text(message);
    } else if (payload_whole()) {
        begin_next_frame();
        fragmented_ = true;
    }
    return std::nullopt;
}

std::optional<close_code> frame_decoder::take_control(std::string_view piece, frame_sink& sink) {
    const opcode which = op();
    if (piece.size() == payload_bytes_) {
        begin_next_frame();
        return end_control(which, piece, sink);
    }
    held_.append(piece);
    if (!payload_whole()) return std::nullopt;
    std::array<char, control_payload_bytes_max> payload{};
    const std::size_t size = held_.copy(payload.data(), payload.size(), message_bytes_);
    held_.resize(message_bytes_);
    if (held_.empty()) std::string().swap(held_);
    begin_next_frame();
    return end_control(which, std::string_view(payload.data(), size), sink);
}

std::optional<close_code> frame_decoder::end_control(opcode op, std::string_view payload, frame_sink& sink) {
    if (op == opcode::close) return end_close(payload, sink);
    if (op == opcode::ping) {
        sink.on_ping(payload);
    } else {
        sink.on_pong(payload);
    }
    return std::nullopt;
}

std::optional<close_code> frame_decoder::end_close(std::string_view payload, frame_sink& sink) {
    close_code code = close_code::none;
    std::string_view reason;
    if (!payload.empty()) {
        if (payload.size() < code_bytes) return close_code::protocol_error;
        code = static_cast<close_code>(big_endian(payload.substr(0, code_bytes)));
        if (!sendable(code)) return close_code::protocol_error;
        reason = payload.substr(code_bytes);
        utf8_checker checker;
        if (!checker.take(reason) || !checker.whole()) return close_code::invalid_utf8;
    }
    stop();
    sink.on_close(code, reason);
    return std::nullopt;
}

void frame_decoder::begin_next_frame() noexcept {
    header_got_ = 0;
    header_need_ = opening_bytes;
    payload_bytes_ = 0;
    payload_got_ = 0;
}

std::string encode_text(std::string_view payload) {
    return encode(opcode::text, payload);
}

std::string encode_text(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    std::string frame;
    frame.reserve(header_bytes(size) + size);
    put_header(frame, opcode::text, size);
    for (const std::string_view part : parts) frame.append(part);
    return frame;
}

std::string encode_ping(std::string_view payload) {
    return encode_control(opcode::ping, payload);
}

std::string encode_pong(std::string_view payload) {
    return encode_control(opcode::pong, payload);
}

std::string encode_close(close_code code, std::string_view reason) {
    if (code == close_code::none) return encode_control(opcode::close, {});
    std::size_t size = std::min(reason.size(), close_reason_bytes_max);
    while (size > 0 && size < reason.size() && (byte_of(reason[size]) & 0xC0U) == 0x80U) --size;
    const auto number = static_cast<unsigned>(code);
    std::string payload{static_cast<char>(number >> 8U), static_cast<char>(number & 0xFFU)};
    payload.append(reason.substr(0, size));
    return encode_control(opcode::close, payload);
}

bool sendable(close_code code) noexcept {
    const auto number = static_cast<unsigned>(code);
    // 1004 is reserved; 1005, 1006 and 1015 are for use within one side only.
    const bool registered = (number >= 1000 && number <= 1003) || (number >= 1007 && number <= 1014);
    return registered || (number >= 3000 && number <= 4999);
}

}  // namespace kith::gateway
