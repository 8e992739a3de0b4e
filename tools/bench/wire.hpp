// What the bench says and understands on a socket: requests that send a message, and what a frame of a server means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith::bench {

// Makes the requests that send message `number` of a group.
class request_maker {
public:
    virtual ~request_maker() = default;
    // Gives the JSON text; it lives until the next call. `id` is the socket's own number of the request.
    virtual std::string_view make(std::uint64_t id, std::uint64_t number) = 0;
};

// message.send of Kith into one conversation.
class kith_requests final : public request_maker {
public:
    kith_requests(std::string conversation, std::size_t text_bytes);
    std::string_view make(std::uint64_t id, std::uint64_t number) override;

private:
    std::string conversation_;
    std::string padding_;
    std::string request_;
};

// A ready event for the floor, of just so many bytes as the events that it is compared with.
class floor_requests final : public request_maker {
public:
    explicit floor_requests(std::size_t event_bytes);
    std::string_view make(std::uint64_t id, std::uint64_t number) override;

    static std::size_t event_bytes_min();

private:
    std::string event_;
};

struct meaning {
    enum class kind { delivery, answer, refusal, other };

    kind what = kind::other;
    std::uint64_t number = 0;  // delivery: of the message in its group
    std::uint64_t id =
        0;  // answer: of the request; 0 where the server gives none (the floor answers in order)
};

// Reads frames by their marks instead of parsing JSON, which would make the load slower than the servers. It looks
// first where a mark stood in the frame before.
class frame_reader {
public:
    meaning read(std::string_view payload);

private:
    // The position behind `mark`, npos where it is missing.
    static std::size_t find_behind(std::string_view payload, std::string_view mark, std::size_t& hint);

    std::size_t type_hint_ = 0;
    std::size_t text_hint_ = 0;
    std::size_t ok_hint_ = 0;
    std::size_t id_hint_ = 0;
};

// A fresh UUID of version 7; `client_id` of a message. Unique within the process.
void write_uuid_v7(char* out36);

}  // namespace kith::bench
