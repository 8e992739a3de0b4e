// The dialects over WebSocket: Kith's messages, Kith's typing, and the floor's ready events.
#pragma once

#include "dialect.hpp"
#include "frame.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kith::bench {

struct meaning {
    enum class kind { delivery, answer, refusal, other };

    kind what = kind::other;
    message_mark mark;  // delivery: of the message
    std::uint64_t seq = 0;  // delivery: its number in the conversation; 0 where there is none
    std::uint64_t id =
        0;  // answer: of the request; 0 where the server gives none (the floor answers in order)
};

// Finds marks in frames instead of parsing JSON, which would make the load slower than the servers. A mark is looked
// for first where it stood in the frame before.
class mark_finder {
public:
    explicit mark_finder(std::string_view mark) : mark_(mark) {}
    // The position behind the mark, npos where it is missing.
    std::size_t find_behind(std::string_view payload);

private:
    std::string_view mark_;
    std::size_t hint_ = 0;
};

class frame_reader {
public:
    meaning read(std::string_view payload);

private:
    mark_finder created_{R"("type":"message.created")"};
    mark_finder text_{R"("text":")"};
    mark_finder seq_{R"("seq":)"};
    mark_finder ok_{R"("ok":)"};
    mark_finder id_{R"("id":)"};
};

// What all dialects over WebSocket share: frames, pings and closes.
class ws_dialect : public dialect {
public:
    std::size_t cut(std::string_view bytes, listener& to) final;

protected:
    virtual void on_text(std::string_view payload, listener& to);
    // Answers and refusals, the same everywhere.
    static void tell(const meaning& read, std::string_view payload, listener& to);

    frame_reader reader_;
};

// Listens alone; for sockets that belong to no group. Any message of the load that it hears is told as a delivery.
class ws_listening final : public ws_dialect {
public:
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
};

// message.send of Kith into one conversation.
class kith_messages final : public ws_dialect {
public:
    kith_messages(std::string conversation, std::size_t text_bytes);
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    // The request alone; it lives until the next call.
    std::string_view request(std::uint64_t id, const message_mark& mark);

private:
    std::string conversation_;
    std::string text_;
    std::string request_;
};

// message.typing of Kith in one conversation: fan-out without a store. The event names the user and one of three
// states, so a sender's are told apart by going round the states.
class kith_typing final : public ws_dialect {
public:
    // `senders` are user ids, in the order of the group's senders.
    kith_typing(std::string conversation, const std::vector<std::string>& senders);
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    bool reaches_sender() const override { return false; }
    std::uint64_t modulus() const override;
    std::string request(std::uint64_t id, const message_mark& mark) const;

protected:
    void on_text(std::string_view payload, listener& to) override;

private:
    std::string conversation_;
    std::map<std::string, std::size_t, std::less<>> sender_of_;
    mark_finder type_{R"("type":"typing")"};
    mark_finder user_{R"("user":")"};
    mark_finder state_{R"("state":")"};
};

// A ready event for the floor, of just so many bytes as the events that it is compared with.
class floor_events final : public ws_dialect {
public:
    explicit floor_events(std::size_t event_bytes);
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    std::string_view event(const message_mark& mark);

    static std::size_t event_bytes_min();

private:
    std::string event_;
};

// A fresh UUID of version 7; `client_id` of a message. Unique within the process.
void write_uuid_v7(char* out36);

}  // namespace kith::bench
