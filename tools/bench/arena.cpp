// The load: thousands of sockets in groups, driven by one spinning thread.
#include "arena.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "wire.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

namespace kith::bench {

namespace {

// An archive that commits each of hundreds of messages before it delivers the first takes long on a slow disk.
constexpr std::int64_t drain_timeout_ns = 60 * ns_per_s;
constexpr std::int64_t late_ns = ns_per_s / 50;

}  // namespace

struct arena::hearing final : listener {
    hearing(arena& of, std::size_t socket) : load(of), index(socket) {}

    void on_delivery(const delivery& what) override { load.on_delivery(index, what); }
    void on_answer(std::uint64_t id) override { load.on_answer(index, id); }
    void on_reply_due(std::string_view bytes) override { load.peers_[index].socket.send(bytes); }

    arena& load;
    std::size_t index;
};

arena::arena() : epoll_(epoll_create1(EPOLL_CLOEXEC)), idle_language_(std::make_unique<ws_listening>()) {
    if (epoll_.get() < 0) throw_errno("epoll_create1");
}

std::size_t arena::add_group(std::unique_ptr<dialect> language) {
    groups_.emplace_back();
    groups_.back().language = std::move(language);
    return groups_.size() - 1;
}

arena::group_state& arena::group_to_join(std::size_t group) {
    group_state& home = groups_.at(group);
    for (const sender_state& sender : home.senders) {
        if (sender.sent != 0) throw bench_error("a socket joins a group before its first message");
    }
    return home;
}

void arena::add_socket(std::size_t group, connection socket) {
    group_state& home = group_to_join(group);
    const std::size_t index = add_peer(group, std::move(socket));
    home.members.push_back(index);
    home.senders.push_back({index, true, 0, 0, {}});
}

void arena::add_receiver(std::size_t group, connection socket) {
    group_state& home = group_to_join(group);
    home.members.push_back(add_peer(group, std::move(socket)));
}

void arena::add_sender(std::size_t group, connection socket) {
    group_state& home = group_to_join(group);
    home.senders.push_back({add_peer(group, std::move(socket)), false, 0, 0, {}});
}

void arena::add_idle_socket(connection socket) {
    add_peer(no_group, std::move(socket));
}

std::size_t arena::add_peer(std::size_t group, connection socket) {
    set_nonblocking(socket.fd());
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLET;
    wanted.data.u64 = peers_.size();
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.fd(), &wanted) != 0) throw_errno("epoll_ctl");
    peers_.emplace_back(std::move(socket), group);
    return peers_.size() - 1;
}

std::size_t arena::in_flight(std::size_t group, std::size_t sender) const {
    const group_state& home = groups_[group];
    const sender_state& from = home.senders[sender];
    if (home.language->answers()) return peers_[from.peer].under_way;
    const std::size_t each = home.deliveries_of(from);
    return (from.sent * each - from.delivered + each - 1) / each;
}

bool arena::can_send(std::size_t group, std::size_t sender) const {
    const peer& who = peers_[groups_[group].senders[sender].peer];
    if (who.requests.empty()) return true;
    // The oldest unanswered request still holds its place when the ring has gone round.
    return who.requests[(who.last_id + 1) % in_flight_max].id == 0;
}

void arena::send(std::size_t group, std::size_t sender, std::size_t count, std::int64_t intended_ns) {
    group_state& home = groups_[group];
    sender_state& from = home.senders.at(sender);
    peer& who = peers_[from.peer];
    if (who.requests.empty()) who.requests.resize(in_flight_max);
    if (from.intended_ns.empty()) from.intended_ns.resize(timed_messages);
    out_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t id = who.last_id + 1;
        if (home.language->answers()) {
            request_under_way& place = who.requests[id % in_flight_max];
            if (place.id != 0) throw bench_error("more than 64 requests of a socket under way");
            place = {id, intended_ns};
            ++who.under_way;
            ++answers_due_;
        }
        who.last_id = id;
        from.intended_ns[from.sent % timed_messages] = intended_ns;
        home.language->append_request(out_, id, {sender, from.sent++});
    }
    sent_ += count;
    deliveries_due_ += count * home.deliveries_of(from);
    who.socket.send(out_);
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
        const ssize_t count = who.socket.receive(buffer_.data(), buffer_.size());
        if (count < 0) {
            if (errno == EAGAIN) return;
            throw_errno("socket " + std::to_string(index));
        }
        if (count == 0)
            throw bench_error("the server closed socket " + std::to_string(index) + " without a word");
        const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
        hear(index, bytes);
        // A short read has emptied the socket; more will raise the next edge.
        if (bytes.size() < buffer_.size()) return;
    }
}

// Whole units are read in place; only one that is cut by the end of the bytes is copied.
void arena::hear(std::size_t index, std::string_view bytes) {
    peer& who = peers_[index];
    dialect& language = who.group == no_group ? *idle_language_ : *groups_[who.group].language;
    hearing ear(*this, index);
    if (who.rest.empty()) {
        const std::size_t used = language.cut(bytes, ear);
        who.rest.assign(bytes.substr(used));
    } else {
        who.rest.append(bytes);
        who.rest.erase(0, language.cut(who.rest, ear));
    }
    if (who.rest.size() > rest_bytes_max)
        throw bench_error("socket " + std::to_string(index) + " gets no end of one thing");
    if (who.rest.empty() && who.rest.capacity() > rest_bytes_kept) std::string().swap(who.rest);
}

void arena::on_delivery(std::size_t index, const delivery& what) {
    using verdict = delivery_ledger::verdict;
    peer& who = peers_[index];
    event_bytes_ = what.event_bytes;
    if (who.group == no_group) refuse_delivery(index, what, verdict::next);
    group_state& home = groups_[who.group];
    const auto [sender, number] = what.mark;
    if (sender >= home.senders.size()) refuse_delivery(index, what, verdict::next);
    const std::uint64_t modulus = home.language->modulus();
    const std::uint64_t expected = who.ledger.complete(sender);
    const verdict found =
        modulus == 0 ? who.ledger.mark(sender, number) : who.ledger.mark_modulo(sender, number, modulus);
    if (found != verdict::next || expected >= home.senders[sender].sent) refuse_delivery(index, what, found);
    if (what.seq != 0) {
        if (home.first_seq == 0) home.first_seq = what.seq;
        if (!who.sequence.mark(what.seq, home.first_seq))
            throw bench_error("socket " + std::to_string(index) + " of group " + std::to_string(who.group)
                              + " got seq " + std::to_string(what.seq) + " where "
                              + std::to_string(who.sequence.expected()) + " was next");
    }
    ++deliveries_;
    ++home.senders[sender].delivered;
    if (delivery_times_ != nullptr)
        delivery_times_->push_back(now_ns() - home.senders[sender].intended_ns[expected % timed_messages]);
}

void arena::refuse_delivery(std::size_t index, const delivery& what, delivery_ledger::verdict verdict) const {
    const peer& who = peers_[index];
    std::string text = "socket " + std::to_string(index);
    const std::string number =
        " got message " + std::to_string(what.mark.number) + " of sender " + std::to_string(what.mark.sender);
    if (who.group == no_group) throw bench_error("idle " + text + number);
    text += " of group " + std::to_string(who.group) + number;
    const auto& senders = groups_[who.group].senders;
    const bool known = what.mark.sender < senders.size() && what.mark.number < senders[what.mark.sender].sent;
    if (!known) throw bench_error(text + ", which nobody has sent");
    if (verdict == delivery_ledger::verdict::behind) throw bench_error(text + " twice or out of order");
    throw bench_error(text + " but message " + std::to_string(who.ledger.complete(what.mark.sender))
                      + " was next: lost, doubled or out of order");
}

void arena::on_answer(std::size_t index, std::uint64_t id) {
    peer& who = peers_[index];
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
    std::int64_t deadline = now_ns() + drain_timeout_ns;
    std::uint64_t seen = 0;
    while (!settled()) {
        poll();
        if (answers_ + deliveries_ != seen) {
            seen = answers_ + deliveries_;
            deadline = now_ns() + drain_timeout_ns;  // slow is no fault, silent is
        } else if (now_ns() > deadline) {
            throw bench_error("nothing has come for 60 s: " + describe_missing());
        }
    }
}

std::string arena::missing_at(std::size_t index) const {
    const peer& who = peers_[index];
    const std::string name = "socket " + std::to_string(index);
    if (who.under_way != 0) return name + " waits for " + std::to_string(who.under_way) + " answers";
    if (who.group == no_group) return {};
    const group_state& home = groups_[who.group];
    for (std::size_t s = 0; s < home.senders.size(); ++s) {
        const sender_state& sender = home.senders[s];
        const bool hears = sender.peer != index || home.expects_own(sender);
        if (!hears || who.ledger.complete(s) == sender.sent) continue;
        return name + " of group " + std::to_string(who.group) + " lacks message "
               + std::to_string(who.ledger.complete(s)) + " of sender " + std::to_string(s);
    }
    return {};
}

std::string arena::describe_missing() const {
    std::string text = std::to_string(answers_due_ - answers_) + " answers and "
                       + std::to_string(deliveries_due_ - deliveries_) + " deliveries are missing";
    for (const group_state& home : groups_) {
        for (const std::size_t index : home.members) {
            const std::string missing = missing_at(index);
            if (!missing.empty()) return text + "; " + missing;
        }
    }
    return text;
}

void arena::verify() {
    for (const std::int64_t end = now_ns() + late_ns; now_ns() < end;) poll();
    if (!settled()) throw bench_error("the count is wrong: " + describe_missing());
    for (const group_state& home : groups_) {
        for (const std::size_t index : home.members) {
            const std::string missing = missing_at(index);
            if (!missing.empty()) throw bench_error("the count is wrong: " + missing);
        }
    }
}

}  // namespace kith::bench
