// WebSocket frames by RFC 6455, the server's side: a decoder that is fed bytes, and encoders. No sockets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kith::gateway {

enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Why a socket closes (protocol.md). A client may send others: any value is held as it came.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    not_understood = 1003,
    none = 1005,  ///< the close frame had no code; never on the wire
    invalid_utf8 = 1007,
    policy = 1008,
    too_big = 1009,
    fault = 1011,
    token_over = 4001,
    banned = 4003,
    too_slow = 4008,
    too_many_sockets = 4009,
    too_many_requests = 4029,
};

/// The longest message of a client, as one frame or put together from fragments.
inline constexpr std::uint32_t message_bytes_max_default = 65'536;
inline constexpr std::size_t control_payload_bytes_max = 125;
inline constexpr std::size_t close_reason_bytes_max = control_payload_bytes_max - 2;

/// Checks UTF-8 that comes in pieces (RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF).
class utf8_checker {
public:
    /// False as soon as the bytes so far cannot be the beginning of valid text; the checker is of no use then.
    [[nodiscard]] bool take(std::string_view piece) noexcept;
    /// Whether what came so far ends between two code points.
    [[nodiscard]] bool whole() const noexcept { return missing_ == 0; }

private:
    [[nodiscard]] bool take_continuation(unsigned char byte) noexcept;
    [[nodiscard]] bool take_lead(unsigned char byte) noexcept;

    std::uint8_t missing_ = 0;  ///< continuation bytes that the open code point still needs
    std::uint8_t lowest_ = 0;  ///< bounds of the next of them
    std::uint8_t highest_ = 0;
};

/// Lifts or lays on the mask of a client's frame. `offset` is the place of the first byte in the payload.
void unmask(std::span<char> bytes, std::array<char, 4> key, std::size_t offset = 0) noexcept;

/// Gets what the decoder finds. A view lives until the call returns. A call may stop() the decoder, but neither feed it
/// nor destroy it.
class frame_sink {
public:
    virtual void on_text(std::string_view message) = 0;
    virtual void on_ping(std::string_view payload) = 0;
    virtual void on_pong(std::string_view payload) = 0;
    /// `code` is close_code::none when the client gave none.
    virtual void on_close(close_code code, std::string_view reason) = 0;

protected:
    ~frame_sink() = default;
};

/// Decodes the frames of one client. Holds heap memory only while a message is incomplete.
class frame_decoder {
public:
    explicit frame_decoder(std::uint32_t message_bytes_max = message_bytes_max_default) noexcept
        : message_bytes_max_(message_bytes_max) {}

    /// Takes the bytes that came next; they are changed in place (unmasked) and belong to the caller again afterwards.
    /// A whole message within `bytes` is delivered from where it lies. Returns the code to close with when the client
    /// broke the rules. After that, after a close frame, and after a sink's exception, which passes through, further
    /// bytes are ignored.
    [[nodiscard]] std::optional<close_code> feed(std::span<char> bytes, frame_sink& sink);
    /// Delivers nothing more, and frees what is held. A sink may call it.
    void stop() noexcept;

    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    /// Bytes of an incomplete message that wait for the rest.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_.size(); }
    /// Heap memory held: 0 between messages.
    [[nodiscard]] std::size_t heap_bytes() const noexcept;

private:
    using violation = std::optional<close_code>;

    static constexpr std::size_t opening_bytes = 2;
    static constexpr std::size_t key_bytes = 4;
    static constexpr std::size_t header_bytes_max = opening_bytes + 8 + key_bytes;

    violation decode(std::span<char> bytes, frame_sink& sink);
    /// Takes header bytes from the front of `bytes`; header_whole() tells whether the header is complete then.
    violation take_header(std::span<char>& bytes);
    [[nodiscard]] violation check_opening() const noexcept;
    [[nodiscard]] violation take_length() noexcept;
    /// Takes payload bytes from the front of `bytes`, and ends the frame when its last byte is there.
    violation take_payload(std::span<char>& bytes, frame_sink& sink);
    violation take_data(std::string_view piece, frame_sink& sink);
    violation take_control(std::string_view piece, frame_sink& sink);
    violation end_control(opcode op, std::string_view payload, frame_sink& sink);
    violation end_close(std::string_view payload, frame_sink& sink);
    void begin_next_frame() noexcept;
    [[nodiscard]] opcode op() const noexcept;
    [[nodiscard]] bool control() const noexcept { return op() >= opcode::close; }
    [[nodiscard]] bool final() const noexcept;
    [[nodiscard]] std::uint8_t length_end() const noexcept;
    [[nodiscard]] bool header_whole() const noexcept { return header_got_ == header_need_; }
    [[nodiscard]] bool payload_whole() const noexcept { return payload_got_ == payload_bytes_; }

    std::string held_;  ///< the open message, and behind it the open control frame
    std::uint32_t message_bytes_max_;
    std::uint32_t message_bytes_ = 0;  ///< bytes of held_ that belong to the message
    std::uint32_t payload_bytes_ = 0;  ///< of the frame under way
    std::uint32_t payload_got_ = 0;
    std::array<char, header_bytes_max> header_{};
    std::uint8_t header_got_ = 0;
    std::uint8_t header_need_ = opening_bytes;  ///< grows while the header tells more of itself
    bool fragmented_ = false;  ///< a message has begun and its last frame has not
    bool stopped_ = false;
    utf8_checker utf8_;
};

/// Encoded frames of the server: unmasked, never fragmented.
[[nodiscard]] std::string encode_text(std::string_view payload);
/// The payload is these parts one after another.
[[nodiscard]] std::string encode_text(std::initializer_list<std::string_view> parts);
/// Throw std::length_error when the payload is above 125 bytes.
[[nodiscard]] std::string encode_ping(std::string_view payload = {});
[[nodiscard]] std::string encode_pong(std::string_view payload = {});
/// A reason above 123 bytes is cut between two code points. close_code::none makes a frame without code and reason.
[[nodiscard]] std::string encode_close(close_code code, std::string_view reason = {});
/// Whether a peer may send this code in a close frame (RFC 6455 7.4 and the IANA registry).
[[nodiscard]] bool sendable(close_code code) noexcept;

}  // namespace kith::gateway
