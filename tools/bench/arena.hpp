// The load: thousands of sockets in groups, driven by one spinning thread, every delivery counted exactly once.
#pragma once

#include "connection.hpp"
#include "dialect.hpp"
#include "ledger.hpp"

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

    arena();

    // A group is a conversation, a channel, a room: what a sender of it sends, each member of it gets.
    std::size_t add_group(std::unique_ptr<dialect> language);
    // A connected socket, greeted and signed in, that is a member of the group and may send.
    void add_socket(std::size_t group, connection socket);
    void add_receiver(std::size_t group, connection socket);  // a member that never sends
    void add_sender(std::size_t group, connection socket);  // no member
    // A socket that only stays connected: it belongs to no group and must get no message.
    void add_idle_socket(connection socket);

    std::size_t groups() const { return groups_.size(); }
    std::size_t sockets() const { return peers_.size(); }
    std::size_t members_of(std::size_t group) const { return groups_[group].members.size(); }
    std::size_t senders_of(std::size_t group) const { return groups_[group].senders.size(); }

    // Sends `count` messages of one sender of the group in one write. `intended_ns` is the moment from which their
    // answers and deliveries are timed.
    void send(std::size_t group, std::size_t sender, std::size_t count, std::int64_t intended_ns);
    bool can_send(std::size_t group, std::size_t sender) const;
    // Messages of the sender that are not answered yet; where nothing is answered, that have not reached everyone.
    std::size_t in_flight(std::size_t group, std::size_t sender) const;

    // One pass over what has come; waits up to `wait_ms` (0: spins).
    void poll(int wait_ms = 0);
    // Spins until every answer and every delivery of what was sent is there; throws what is missing when nothing has
    // come for 60 s.
    void drain();
    // Throws unless every member of every group has got each message of its group once. Listens a little longer first:
    // a doubled delivery may come after all the others.
    void verify();

    bool settled() const { return answers_ == answers_due_ && deliveries_ == deliveries_due_; }
    std::uint64_t sent() const { return sent_; }
    std::uint64_t answers() const { return answers_; }
    std::uint64_t deliveries() const { return deliveries_; }
    // Bytes of the last event, without the frame around it.
    std::size_t event_bytes() const { return event_bytes_; }

    // Times in ns from the intended moment; gathered while a vector is set.
    void record_answers_to(std::vector<std::int64_t>* times) { answer_times_ = times; }
    void record_deliveries_to(std::vector<std::int64_t>* times) { delivery_times_ = times; }

private:
    static constexpr std::size_t no_group = static_cast<std::size_t>(-1);
    // How far a slow member may lag behind its group and its deliveries still be timed.
    static constexpr std::size_t timed_messages = 1024;
    static constexpr std::size_t rest_bytes_max = 4 << 20;
    // A burst may leave a large buffer behind in each of thousands of sockets.
    static constexpr std::size_t rest_bytes_kept = 64 << 10;

    struct request_under_way {
        std::uint64_t id = 0;  // 0: free
        std::int64_t intended_ns = 0;
    };

    struct peer {
        peer(connection from, std::size_t in) : socket(std::move(from)), group(in) {}

        connection socket;
        std::size_t group;
        std::string rest;  // bytes of what is not whole yet
        delivery_ledger ledger;
        sequence_ledger sequence;
        std::uint64_t last_id = 1;  // hello was 1
        std::uint64_t oldest_id = 2;
        std::size_t under_way = 0;
        std::vector<request_under_way> requests;  // by id modulo in_flight_max; made at the first send
    };

    struct sender_state {
        std::size_t peer = 0;
        bool is_member = false;
        std::uint64_t sent = 0;
        std::uint64_t delivered = 0;  // to all members together
        std::vector<std::int64_t> intended_ns;  // by number modulo timed_messages; made at the first send
    };

    struct group_state {
        std::unique_ptr<dialect> language;
        std::vector<std::size_t> members;
        std::vector<sender_state> senders;
        std::uint64_t first_seq = 0;  // of its first delivery

        bool expects_own(const sender_state& sender) const {
            return sender.is_member && language->reaches_sender();
        }
        std::size_t deliveries_of(const sender_state& sender) const {
            return members.size() - (sender.is_member && !language->reaches_sender() ? 1 : 0);
        }
    };

    struct hearing;  // the listener for one socket

    std::size_t add_peer(std::size_t group, connection socket);
    group_state& group_to_join(std::size_t group);
    void read_from(std::size_t index);
    void hear(std::size_t index, std::string_view bytes);
    void on_delivery(std::size_t index, const delivery& what);
    void on_answer(std::size_t index, std::uint64_t id);
    [[noreturn]] void refuse_delivery(std::size_t index, const delivery& what,
                                      delivery_ledger::verdict verdict) const;
    // What the socket lacks, or nothing.
    std::string missing_at(std::size_t index) const;
    std::string describe_missing() const;

    unique_fd epoll_;
    std::deque<peer> peers_;
    std::vector<group_state> groups_;
    std::unique_ptr<dialect> idle_language_;
    std::vector<std::int64_t>* answer_times_ = nullptr;
    std::vector<std::int64_t>* delivery_times_ = nullptr;
    std::uint64_t sent_ = 0;
    std::uint64_t answers_ = 0;
    std::uint64_t answers_due_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t deliveries_due_ = 0;
    std::size_t event_bytes_ = 0;
    std::string out_;
    std::vector<char> buffer_ = std::vector<char>(256 << 10);
};

}  // namespace kith::bench
