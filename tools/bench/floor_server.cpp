// The floor: a bare epoll loop and send().
#include "floor_server.hpp"

#include "error.hpp"
#include "frame.hpp"
#include "handshake.hpp"
#include "net.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <vector>

namespace kith::bench {

namespace {

constexpr std::string_view answer_payload =
    R"({"ok":true,"data":{"seq":1,"pos":1,"sent_at":"2000-01-01T00:00:00.000Z"}})";
constexpr std::string_view http_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";
constexpr std::size_t request_bytes_max = 8 << 10;
constexpr std::size_t frame_bytes_max = 64 << 10;
constexpr std::size_t store_bytes = 16 << 20;  // a turn gathers far less

volatile sig_atomic_t stop_asked = 0;

struct group;

struct connection {
    explicit connection(unique_fd socket) : fd(std::move(socket)) {}

    unique_fd fd;
    group* home = nullptr;  // null: still speaks HTTP
    std::string in;  // bytes of a request or frame that is not whole yet
    std::string unsent;  // what the socket would not take
    std::string answers;  // of this turn, in join mode
};

struct group {
    std::vector<connection*> members;
    std::string batch;  // frames of this turn, in join mode
};

class floor_server {
public:
    explicit floor_server(const floor_options& options)
        : mode_(options.mode), listener_(listen_on(options.port)) {
        append_server_frame(answer_frame_, opcode::text, answer_payload);
        if (!options.store_path.empty()) open_store(options.store_path);
        watch(EPOLL_CTL_ADD, listener_.get(), nullptr, EPOLLIN);
    }

    void run();
    std::uint16_t port() const { return port_of(listener_); }

private:
    void watch(int action, int fd, connection* who, std::uint32_t events) const;
    void accept_all();
    void read_from(connection& who);
    void read_http(connection& who);
    void read_frames(connection& who);
    void on_event(connection& sender, std::string_view payload);
    void open_store(const std::string& path);
    void make_durable();
    void flush_turn();
    void write_to(connection& who, std::string_view bytes) const;
    void resume_writing(connection& who) const;
    void drop(connection& who);

    floor_mode mode_;
    unique_fd listener_;
    unique_fd epoll_{epoll_create1(EPOLL_CLOEXEC)};
    unique_fd store_;
    std::size_t store_at_ = 0;
    std::string records_;  // of this turn, to be stored
    std::string answer_frame_;
    std::map<int, std::unique_ptr<connection>> connections_;
    std::map<std::uint64_t, group> groups_;
    std::vector<group*> dirty_;
    std::array<char, 64 << 10> buffer_{};
};

void floor_server::watch(int action, int fd, connection* who, std::uint32_t events) const {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = who;
    if (epoll_ctl(epoll_.get(), action, fd, &wanted) != 0) throw_errno("epoll_ctl");
}

void floor_server::run() {
    std::array<epoll_event, 1024> events{};
    while (stop_asked == 0) {
        const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            auto* who = static_cast<connection*>(event.data.ptr);
            if (who == nullptr) {
                accept_all();
                continue;
            }
            if ((event.events & EPOLLOUT) != 0) resume_writing(*who);
            if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_from(*who);
        }
        flush_turn();
    }
}

void floor_server::accept_all() {
    for (;;) {
        unique_fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.get() < 0) return;
        const int on = 1;
        setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const int number = fd.get();
        auto& place = connections_[number];
        place = std::make_unique<connection>(std::move(fd));
        watch(EPOLL_CTL_ADD, number, place.get(), EPOLLIN);
    }
}

void floor_server::read_from(connection& who) {
    const ssize_t count = recv(who.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN) drop(who);
        return;
    }
    who.in.append(buffer_.data(), static_cast<std::size_t>(count));
    if (who.home == nullptr)
        read_http(who);
    else
        read_frames(who);
}

void floor_server::read_http(connection& who) {
    const std::size_t end = who.in.find("\r\n\r\n");
    if (end == std::string::npos) {
        if (who.in.size() > request_bytes_max) drop(who);
        return;
    }
    const std::string_view request = std::string_view(who.in).substr(0, end);
    constexpr std::string_view join_path = "GET /floor?group=";
    if (request.substr(0, join_path.size()) == join_path) {
        std::uint64_t number = 0;
        std::from_chars(request.data() + join_path.size(), request.data() + request.size(), number);
        who.home = &groups_[number];
        who.home->members.push_back(&who);
        write_to(who, upgrade_answer());
    } else {
        write_to(who, http_answer);
    }
    who.in.erase(0, end + 4);
    who.in.shrink_to_fit();  // an idle member holds no buffer
}

void floor_server::read_frames(connection& who) {
    std::size_t used = 0;
    while (who.in.size() - used >= 2) {
        char* const frame = who.in.data() + used;
        const auto byte = [frame](std::size_t i) { return static_cast<std::uint8_t>(frame[i]); };
        std::size_t length = byte(1) & 0x7f;
        std::size_t head_bytes = 6;  // with the mask
        if (length == 126) {
            if (who.in.size() - used < 4) break;
            length = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
            head_bytes = 8;
        }
        if (length > frame_bytes_max) {
            drop(who);
            return;
        }
        if (who.in.size() - used < head_bytes + length) break;
        char* const payload = frame + head_bytes;
        for (std::size_t i = 0; i < length; ++i)
            payload[i] = static_cast<char>(payload[i] ^ payload[static_cast<std::ptrdiff_t>(i & 3) - 4]);
        if ((byte(0) & 0x0f) == static_cast<std::uint8_t>(opcode::text)) on_event(who, {payload, length});
        used += head_bytes + length;
    }
    who.in.erase(0, used);
}

void floor_server::on_event(connection& sender, std::string_view payload) {
    if (store_.get() >= 0) records_.append(payload);
    if (mode_ == floor_mode::join) {
        if (sender.home->batch.empty()) dirty_.push_back(sender.home);
        append_server_frame(sender.home->batch, opcode::text, payload);
        sender.answers += answer_frame_;
        return;
    }
    make_durable();
    std::string frame;
    append_server_frame(frame, opcode::text, payload);
    for (connection* member : sender.home->members) write_to(*member, frame);
    write_to(sender, answer_frame_);
}

// The log is written once beforehand and then overwritten round and round: that spares the file system its own
// bookkeeping at each commit, as a database does that keeps its write-ahead log.
void floor_server::open_store(const std::string& path) {
    store_ = unique_fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (store_.get() < 0) throw_errno("open " + path);
    const std::string zeros(store_bytes, '\0');
    if (write(store_.get(), zeros.data(), zeros.size()) != static_cast<ssize_t>(zeros.size())
        || fsync(store_.get()) != 0)
        throw_errno("prepare " + path);
}

void floor_server::make_durable() {
    if (records_.empty()) return;
    if (store_at_ + records_.size() > store_bytes) store_at_ = 0;
    const ssize_t written =
        pwrite(store_.get(), records_.data(), records_.size(), static_cast<off_t>(store_at_));
    if (written != static_cast<ssize_t>(records_.size()) || fdatasync(store_.get()) != 0)
        throw_errno("write to the store");
    store_at_ += records_.size();
    records_.clear();
}

void floor_server::flush_turn() {
    make_durable();
    for (group* home : dirty_) {
        for (connection* member : home->members) {
            if (member->answers.empty()) {
                write_to(*member, home->batch);
                continue;
            }
            member->answers += home->batch;
            write_to(*member, member->answers);
            member->answers.clear();
        }
        home->batch.clear();
    }
    dirty_.clear();
}

void floor_server::write_to(connection& who, std::string_view bytes) const {
    if (who.unsent.empty()) {
        const ssize_t sent = send(who.fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent == static_cast<ssize_t>(bytes.size())) return;
        bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
        watch(EPOLL_CTL_MOD, who.fd.get(), &who, EPOLLIN | EPOLLOUT);
    }
    who.unsent.append(bytes);
}

void floor_server::resume_writing(connection& who) const {
    const ssize_t sent =
        send(who.fd.get(), who.unsent.data(), who.unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) who.unsent.erase(0, static_cast<std::size_t>(sent));
    if (who.unsent.empty()) watch(EPOLL_CTL_MOD, who.fd.get(), &who, EPOLLIN);
}

void floor_server::drop(connection& who) {
    if (who.home != nullptr) {
        auto& members = who.home->members;
        members.erase(std::remove(members.begin(), members.end(), &who), members.end());
    }
    connections_.erase(who.fd.get());
}

}  // namespace

int serve_floor(const floor_options& options) {
    struct sigaction action {};
    action.sa_handler = [](int) { stop_asked = 1; };
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    floor_server server(options);
    std::printf("Floor is at http://127.0.0.1:%u\n", static_cast<unsigned>(server.port()));
    std::fflush(stdout);
    server.run();
    return 0;
}

}  // namespace kith::bench
