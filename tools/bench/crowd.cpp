// Thousands of sockets that come at once.
#include "crowd.hpp"

#include "error.hpp"
#include "handshake.hpp"

#include <nlohmann/json.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace kith::bench {

namespace {

// Of one step: some 10 µs each.
constexpr std::size_t opened_a_step = 8;
constexpr std::size_t events_a_step = 16;
constexpr std::size_t head_bytes_max = 16 << 10;

}  // namespace

crowd::crowd(std::uint16_t port, std::vector<seat_plan> plans)
    : port_(port), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_.get() < 0) throw_errno("epoll_create1");
    for (seat_plan& plan : plans) {
        seats_.emplace_back();
        seats_.back().index = seats_.size() - 1;
        seats_.back().plan = std::move(plan);
    }
}

void crowd::step() {
    open_some();
    std::array<epoll_event, events_a_step> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        seat& who = seats_[event.data.u64];
        if (who.at == stage::connecting)
            on_writable(who);
        else
            read_from(who);
    }
}

void crowd::open_some() {
    const std::size_t end = std::min(seats_.size(), opened_ + opened_a_step);
    for (; opened_ < end; ++opened_) {
        seat& who = seats_[opened_];
        who.fd = start_dial(port_, who.plan.source);
        who.at = stage::connecting;
        watch(EPOLL_CTL_ADD, who, EPOLLOUT);
    }
}

void crowd::watch(int action, const seat& who, std::uint32_t events) const {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u64 = who.index;
    if (epoll_ctl(epoll_.get(), action, who.fd.get(), &wanted) != 0) throw_errno("epoll_ctl");
}

void crowd::on_writable(seat& who) {
    check_connected(who.fd.get());
    watch(EPOLL_CTL_MOD, who, EPOLLIN);
    who.at = stage::upgrading;
    send_all(who.fd.get(), upgrade_request(who.plan.path, who.plan.subprotocol));
}

void crowd::read_from(seat& who) {
    const ssize_t count = recv(who.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) fail(who, std::generic_category().message(errno));
    if (count == 0) fail(who, "the server closed it without a word");
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
    if (who.at == stage::upgrading)
        on_upgrade_bytes(who, bytes);
    else
        on_frames(who, bytes);
}

void crowd::on_upgrade_bytes(seat& who, std::string_view bytes) {
    who.head.append(bytes);
    const std::size_t end = who.head.find("\r\n\r\n");
    if (end == std::string::npos) {
        if (who.head.size() > head_bytes_max) fail(who, "no end of the answer to the upgrade");
        return;
    }
    check_upgrade(who.head.substr(0, end + 4), who.plan.subprotocol);
    const std::string behind = who.head.substr(end + 4);
    std::string().swap(who.head);
    if (who.plan.hello.empty()) {
        arrive(who);
    } else {
        who.at = stage::greeting;
        std::string frame;
        append_client_frame(frame, opcode::text, who.plan.hello);
        send_all(who.fd.get(), frame);
    }
    if (!behind.empty()) on_frames(who, behind);
}

void crowd::on_frames(seat& who, std::string_view bytes) {
    who.parser.feed(bytes, [&](opcode op, std::string_view payload) {
        if (op == opcode::text) {
            on_text(who, payload);
        } else if (op == opcode::ping) {
            std::string pong;
            append_client_frame(pong, opcode::pong, payload);
            send_all(who.fd.get(), pong);
        } else if (op == opcode::close) {
            fail(who, "the server closed it: "
                          + std::string(payload.substr(std::min<std::size_t>(payload.size(), 2))));
        }
    });
}

void crowd::on_text(seat& who, std::string_view payload) {
    if (who.at == stage::greeting) {
        on_hello_answer(who, payload);
        return;
    }
    const meaning read = reader_.read(payload);
    if (read.what == meaning::kind::refusal) fail(who, "refused: " + std::string(payload.substr(0, 400)));
    if (read.what == meaning::kind::delivery) {
        const bool good = read.mark.sender == 0 && read.mark.number < who.plan.missed
                          && who.ledger.mark(0, read.mark.number) == delivery_ledger::verdict::next;
        if (!good)
            fail(who, "it got message " + std::to_string(read.mark.number) + " where "
                          + std::to_string(who.ledger.complete(0)) + " of " + std::to_string(who.plan.missed)
                          + " was next");
        return;
    }
    if (who.at == stage::catching_up && caught_up_.find_behind(payload) != std::string_view::npos) {
        if (who.ledger.complete(0) != who.plan.missed)
            fail(who, "it is told that it has caught up after " + std::to_string(who.ledger.complete(0))
                          + " of " + std::to_string(who.plan.missed) + " messages");
        arrive(who);
    }
}

void crowd::on_hello_answer(seat& who, std::string_view payload) {
    const auto answer = nlohmann::json::parse(payload);
    if (!answer.value("ok", false)) fail(who, "hello was refused: " + answer.dump());
    const auto& data = answer.at("data");
    if (who.plan.resumes && !data.value("resumed", false)) fail(who, "not resumed: " + answer.dump());
    who.pos = data.at("pos").get<std::int64_t>();
    epoch_ = data.at("epoch").get<std::string>();
    who.at = stage::catching_up;
    if (!who.plan.resumes) arrive(who);
}

void crowd::arrive(seat& who) {
    who.at = stage::arrived;
    ++arrived_;
}

void crowd::verify() const {
    for (const seat& who : seats_) {
        if (who.at != stage::arrived) fail(who, "it has not arrived");
        if (who.ledger.complete(0) != who.plan.missed) fail(who, "it lacks messages");
    }
}

void crowd::fail(const seat& who, const std::string& what) const {
    throw bench_error("socket " + std::to_string(who.index) + " of the crowd of "
                      + std::to_string(seats_.size()) + " (" + std::to_string(arrived_)
                      + " have arrived): " + what);
}

}  // namespace kith::bench
