// The load: thousands of sockets in groups, driven by one spinning thread, every delivery counted exactly once.
#pragma once

#include "frame.hpp"
#include "ledger.hpp"
#include "net.hpp"
#include "wire.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace kith::bench {

class arena {
public:
    // Requests of one socket that may be under way (protocol.md).
    static constexpr std::size_t in_flight_max = 64;

    // A group is a conversation: what one socket of it sends, each socket of it gets, the sending one too.
    std::size_t add_group(std::unique_ptr<request_maker> requests);
    // A connected socket, upgraded and signed in.
    void add_socket(std::size_t group, unique_fd fd);
    // A socket that only stays connected: it belongs to no group and must get no message.
    void add_idle_socket(unique_fd fd);

    std::size_t groups() const { return groups_.size(); }
    std::size_t sockets() const { return peers_.size(); }
    std::size_t sockets_of(std::size_t group) const { return groups_[group].members.size(); }

    // Sends `count` messages from one socket of the group in one write. `intended_ns` is the moment from which their
    // answers are timed.
    void send(std::size_t group, std::size_t member, std::size_t count, std::int64_t intended_ns);
    bool can_send(std::size_t group, std::size_t member) const;
    std::size_t in_flight(std::size_t group, std::size_t member) const;

    // One pass over what has come; waits up to `wait_ms` (0: spins).
    void poll(int wait_ms = 0);
    // Spins until every answer and every delivery of what was sent is there; throws what is missing after 20 s.
    void drain();
    // Throws unless every socket of every group has got each message of its group once. Listens a little longer first:
    // a doubled delivery may come after all the others.
    void verify();

    bool settled() const { return answers_ == sent_ && deliveries_ == deliveries_due_; }
    std::uint64_t answers() const { return answers_; }
    std::uint64_t deliveries() const { return deliveries_; }
    // Bytes of JSON in the last delivery.
    std::size_t event_bytes() const { return event_bytes_; }

    // Answer times in ns, from the intended moment; gathered while a vector is set.
    void record_answers_to(std::vector<std::int64_t>* times) { answer_times_ = times; }

private:
    static constexpr std::size_t no_group = static_cast<std::size_t>(-1);

    struct request_under_way {
        std::uint64_t id = 0;  // 0: free
        std::int64_t intended_ns = 0;
    };

    struct peer {
        unique_fd fd;
        std::size_t group = no_group;
        frame_parser parser;
        delivery_ledger ledger;
        std::uint64_t last_id = 1;  // hello was 1
        std::uint64_t oldest_id = 2;
        std::size_t under_way = 0;
        std::vector<request_under_way> requests;  // by id modulo in_flight_max; made at the first send
    };

    struct group_state {
        std::vector<std::size_t> members;
        std::unique_ptr<request_maker> requests;
        std::uint64_t sent = 0;
    };

    void add_peer(std::size_t group, unique_fd fd);
    void read_from(std::size_t index);
    void on_frame(std::size_t index, opcode op, std::string_view payload);
    void on_delivery(std::size_t index, std::uint64_t number);
    void on_answer(peer& who, std::uint64_t id);
    std::string describe_missing() const;

    unique_fd epoll_ = make_epoll();
    static unique_fd make_epoll();
    std::deque<peer> peers_;
    std::vector<group_state> groups_;
    frame_reader reader_;
    std::vector<std::int64_t>* answer_times_ = nullptr;
    std::uint64_t sent_ = 0;
    std::uint64_t answers_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t deliveries_due_ = 0;
    std::size_t event_bytes_ = 0;
    std::string out_;
    std::vector<char> buffer_ = std::vector<char>(256 << 10);
};

}  // namespace kith::bench
