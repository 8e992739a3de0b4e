// The load: thousands of sockets in groups, driven by one spinning thread.
#include "arena.hpp"

#include "clock.hpp"
#include "error.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

namespace kith::bench {

namespace {

constexpr std::int64_t drain_timeout_ns = 20 * ns_per_s;
constexpr std::int64_t late_ns = ns_per_s / 50;

std::string close_reason(std::string_view payload) {
    if (payload.size() < 2) return "without a code";
    const unsigned code = static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8
                          | static_cast<unsigned char>(payload[1]);
    return std::to_string(code) + " " + std::string(payload.substr(2));
}

}  // namespace

unique_fd arena::make_epoll() {
    unique_fd fd(epoll_create1(EPOLL_CLOEXEC));
    if (fd.get() < 0) throw_errno("epoll_create1");
    return fd;
}

std::size_t arena::add_group(std::unique_ptr<request_maker> requests) {
    groups_.emplace_back();
    groups_.back().requests = std::move(requests);
    return groups_.size() - 1;
}

void arena::add_socket(std::size_t group, unique_fd fd) {
    if (groups_.at(group).sent != 0) throw bench_error("a socket joins a group before its first message");
    groups_[group].members.push_back(peers_.size());
    add_peer(group, std::move(fd));
}

void arena::add_idle_socket(unique_fd fd) {
    add_peer(no_group, std::move(fd));
}

void arena::add_peer(std::size_t group, unique_fd fd) {
    set_nonblocking(fd.get());
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLET;
    wanted.data.u64 = peers_.size();
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &wanted) != 0) throw_errno("epoll_ctl");
    peers_.emplace_back();
    peers_.back().fd = std::move(fd);
    peers_.back().group = group;
}

std::size_t arena::in_flight(std::size_t group, std::size_t member) const {
    return peers_[groups_[group].members[member]].under_way;
}

bool arena::can_send(std::size_t group, std::size_t member) const {
    const auto& home = groups_[group];
    const peer& who = peers_[home.members[member]];
    if (who.requests.empty()) return true;
    // The oldest unanswered request still holds its place when the ring has gone round.
    return who.requests[(who.last_id + 1) % in_flight_max].id == 0;
}

void arena::send(std::size_t group, std::size_t member, std::size_t count, std::int64_t intended_ns) {
    auto& home = groups_[group];
    peer& who = peers_[home.members[member]];
    if (who.requests.empty()) who.requests.resize(in_flight_max);
    out_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t id = who.last_id + 1;
        request_under_way& place = who.requests[id % in_flight_max];
        if (place.id != 0) throw bench_error("more than 64 requests of a socket under way");
        place.id = who.last_id = id;
        place.intended_ns = intended_ns;
        append_client_frame(out_, opcode::text, home.requests->make(id, home.sent++));
    }
    who.under_way += count;
    sent_ += count;
    deliveries_due_ += count * home.members.size();
    send_all(who.fd.get(), out_);
}

void arena::poll(int wait_ms) {
    std::array<epoll_event, 1024> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
    if (count < 0 && errno != EINTR) throw_errno("epoll_wait");
    for (int i = 0; i < count; ++i)
        read_from(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64));
}

void arena::read_from(std::size_t index) {
    peer& who = peers_[index];
    for (;;) {
        const ssize_t count = recv(who.fd.get(), buffer_.data(), buffer_.size(), 0);
        if (count < 0) {
            if (errno == EAGAIN) return;
            throw_errno("socket " + std::to_string(index));
        }
        if (count == 0)
            throw bench_error("the server closed socket " + std::to_string(index) + " without a word");
        const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
        who.parser.feed(bytes, [&](opcode op, std::string_view payload) { on_frame(index, op, payload); });
        // A short read has emptied the socket; more will raise the next edge.
        if (bytes.size() < buffer_.size()) return;
    }
}

void arena::on_frame(std::size_t index, opcode op, std::string_view payload) {
    peer& who = peers_[index];
    if (op == opcode::ping) {
        std::string pong;
        append_client_frame(pong, opcode::pong, payload);
        send_all(who.fd.get(), pong);
        return;
    }
    if (op == opcode::close)
        throw bench_error("the server closed socket " + std::to_string(index) + ": " + close_reason(payload));
    if (op != opcode::text) return;
    const meaning read = reader_.read(payload);
    switch (read.what) {
    case meaning::kind::delivery:
        event_bytes_ = payload.size();
        on_delivery(index, read.number);
        break;
    case meaning::kind::answer: on_answer(who, read.id); break;
    case meaning::kind::refusal:
        throw bench_error("the server refused a message: " + std::string(payload.substr(0, 400)));
    case meaning::kind::other: break;
    }
}

void arena::on_delivery(std::size_t index, std::uint64_t number) {
    peer& who = peers_[index];
    if (who.group == no_group) throw bench_error("an idle socket got message " + std::to_string(number));
    const delivery_ledger::verdict verdict = who.ledger.mark(number);
    if (verdict == delivery_ledger::verdict::first && number < groups_[who.group].sent) {
        ++deliveries_;
        return;
    }
    std::string what = "socket " + std::to_string(index) + " of group " + std::to_string(who.group);
    what += " got message " + std::to_string(number);
    if (number >= groups_[who.group].sent) throw bench_error(what + ", which nobody has sent");
    if (verdict == delivery_ledger::verdict::doubled) throw bench_error(what + " twice");
    throw bench_error(what + " but never message " + std::to_string(who.ledger.complete()));
}

void arena::on_answer(peer& who, std::uint64_t id) {
    const std::uint64_t expected = id == 0 ? who.oldest_id : id;
    if (who.requests.empty() || who.requests[expected % in_flight_max].id != expected)
        throw bench_error("an answer to request " + std::to_string(expected) + ", which is not under way");
    request_under_way& place = who.requests[expected % in_flight_max];
    if (answer_times_ != nullptr) answer_times_->push_back(now_ns() - place.intended_ns);
    place.id = 0;
    --who.under_way;
    ++answers_;
    while (who.oldest_id <= who.last_id && who.requests[who.oldest_id % in_flight_max].id == 0)
        ++who.oldest_id;
}

void arena::drain() {
    const std::int64_t deadline = now_ns() + drain_timeout_ns;
    while (!settled()) {
        poll();
        if (now_ns() > deadline) throw bench_error("20 s after the last message: " + describe_missing());
    }
}

std::string arena::describe_missing() const {
    std::string text = std::to_string(sent_ - answers_) + " answers and "
                       + std::to_string(deliveries_due_ - deliveries_) + " deliveries are missing";
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const peer& who = peers_[i];
        if (who.group == no_group || who.ledger.complete() == groups_[who.group].sent) continue;
        return text + "; socket " + std::to_string(i) + " of group " + std::to_string(who.group)
               + " lacks message " + std::to_string(who.ledger.complete());
    }
    return text;
}

void arena::verify() {
    for (const std::int64_t end = now_ns() + late_ns; now_ns() < end;) poll();
    for (const peer& who : peers_) {
        const std::uint64_t due = who.group == no_group ? 0 : groups_[who.group].sent;
        if (who.ledger.complete() != due || !who.ledger.without_gap() || who.under_way != 0)
            throw bench_error("the count is wrong: " + describe_missing());
    }
    if (!settled()) throw bench_error("the count is wrong: " + describe_missing());
}

}  // namespace kith::bench
