// How a server is spoken to: what sends a message, and what stands in the bytes that come. No sockets in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith::bench {

// A message as the load numbers it: of this sender of a group, its so-manieth.
struct message_mark {
    std::size_t sender = 0;
    std::uint64_t number = 0;
};

inline constexpr std::size_t mark_chars = 17;  // # and 16 digits

// #ssssnnnnnnnnnnnn, hexadecimal: sender and number, as they stand in the text of a message.
void write_mark(char* out17, const message_mark& mark);
// The mark with which `text` begins; false where there is none.
bool read_mark(std::string_view text, message_mark& mark);

// The text of a message: its mark, then words up to so many bytes.
std::string make_text(std::size_t bytes);

struct delivery {
    message_mark mark;
    std::uint64_t seq = 0;  // that the server gave; 0: this one gives none
    std::size_t event_bytes = 0;
};

// Hears what a dialect has found in the bytes of one socket.
class listener {
public:
    virtual void on_delivery(const delivery& what) = 0;
    // The answer to request `id`; 0: to the oldest (the server answers in order).
    virtual void on_answer(std::uint64_t id) = 0;
    // Goes back at once, such as a pong.
    virtual void on_reply_due(std::string_view bytes) = 0;

protected:
    ~listener() = default;
};

class dialect {
public:
    virtual ~dialect() = default;

    // Appends the bytes that send this message; `id` is the socket's own number of the request.
    virtual void append_request(std::string& out, std::uint64_t id, const message_mark& mark) = 0;

    // Reads what is whole at the beginning of `bytes` and gives how much that was; what is left comes again with more
    // behind it. Throws bench_error on a refusal, a close, and on what no such server may send.
    virtual std::size_t cut(std::string_view bytes, listener& to) = 0;

    // Whether each request is answered; otherwise its deliveries are all that is heard of it.
    virtual bool answers() const { return true; }
    // Whether a sender that is a member too gets its own messages.
    virtual bool reaches_sender() const { return true; }
    // Deliveries tell their number only modulo this; 0: all of it.
    virtual std::uint64_t modulus() const { return 0; }
};

}  // namespace kith::bench
