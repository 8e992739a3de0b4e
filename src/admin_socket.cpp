// Accepting, reading lines with a deadline, answering them one after another.
#include "admin_socket.hpp"

#include "admin_commands.hpp"
#include "admin_place.hpp"
#include "house.hpp"

#include <kith/core/error.hpp>
#include <kith/core/wait.hpp>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <set>

namespace kith {

namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using socket_error = boost::system::error_code;

constexpr std::size_t sessions_max = 16;
/// For the next line to be whole, and for an answer to be taken.
constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds pause_after_failure{200};

const std::string busy =
    R"({"error":{"code":"overloaded","detail":"too many commands at once; try again","errors":[]}})";
const std::string too_large =
    R"({"error":{"code":"too_large","detail":"the request is too large","errors":[]}})";

/// One client. Its deadline closes the socket, which ends whatever waits on it.
class session {
public:
    session(stream_protocol::socket taken, asio::io_context& reactor)
        : socket_(std::move(taken)), deadline_(reactor) {}

    void close() noexcept {
        socket_error ignored;
        socket_.close(ignored);
        deadline_.cancel();
    }

    /// False at the end. A line that is too long is answered here.
    static task<bool> read_line(std::shared_ptr<session> self, std::string& line) {
        self->start_deadline(self);
        socket_error failed;
        auto buffer = asio::dynamic_buffer(self->pending_, admin_request_bytes_max);
        const std::size_t length = co_await asio::async_read_until(
            self->socket_, std::move(buffer), '\n', asio::redirect_error(asio::use_awaitable, failed));
        self->deadline_.cancel();
        if (failed == asio::error::not_found) {
            co_await write_line(self, too_large);
            co_return false;
        }
        if (failed) {
            co_return false;
        }
        line = self->pending_.substr(0, length - 1);
        self->pending_.erase(0, length);
        co_return true;
    }

    static task<bool> write_line(std::shared_ptr<session> self, std::string line) {
        line += '\n';
        self->start_deadline(self);
        socket_error failed;
        const auto whole = asio::buffer(line);
        co_await asio::async_write(self->socket_, whole, asio::redirect_error(asio::use_awaitable, failed));
        self->deadline_.cancel();
        co_return !failed;
    }

private:
    void start_deadline(const std::shared_ptr<session>& self) {
        deadline_.expires_after(patience);
        deadline_.async_wait([kept = std::weak_ptr<session>(self)](const socket_error& cancelled) {
            const std::shared_ptr<session> one = kept.lock();
            if (!cancelled && one) {
                one->close();
            }
        });
    }

    stream_protocol::socket socket_;
    asio::steady_timer deadline_;
    std::string pending_;
};

}  // namespace

/// Outlives the admin_socket until its tasks have ended.
class admin_socket::door {
public:
    explicit door(house& of)
        : house_(of),
          place_(choose_admin_place(of.settings().data.dir)),
          acceptor_(of.reactor()),
          pause_(of.reactor()) {
        // Whoever holds the lock of the folder may remove what an earlier server left.
        ::unlink(place_.c_str());
        socket_error failed;
        acceptor_.open(stream_protocol(), failed);
        if (!failed) {
            acceptor_.bind(stream_protocol::endpoint(place_.string()), failed);
        }
        if (!failed && ::chmod(place_.c_str(), 0600) != 0) {
            failed.assign(errno, boost::system::system_category());
        }
        if (!failed) {
            acceptor_.listen(static_cast<int>(sessions_max), failed);
        }
        if (failed) {
            throw error(error_code::internal,
                        "can't listen at the admin socket " + place_.string() + ": " + failed.message());
        }
    }

    void close() noexcept {
        open_ = false;
        socket_error ignored;
        acceptor_.close(ignored);
        pause_.cancel();
        for (const std::shared_ptr<session>& one : sessions_) {
            one->close();
        }
        remove_admin_place(house_.settings().data.dir, place_);
    }

    static task<void> accept_all(std::shared_ptr<door> self) {
        while (self->open_) {
            stream_protocol::socket taken(self->house_.reactor());
            socket_error failed;
            co_await self->acceptor_.async_accept(taken, asio::redirect_error(asio::use_awaitable, failed));
            if (!self->open_) {
                break;
            }
            if (failed) {  // no descriptors left, most likely: the next try would fail as fast
                self->pause_.expires_after(pause_after_failure);
                co_await wait_for(self->pause_);
                continue;
            }
            auto one = std::make_shared<session>(std::move(taken), self->house_.reactor());
            const bool full = self->sessions_.size() >= sessions_max;
            if (full) {
                co_await session::write_line(one, busy);
                continue;
            }
            self->sessions_.insert(one);
            self->house_.tasks().spawn("admin session", talk(self, one));
        }
    }

private:
    static task<void> talk(std::shared_ptr<door> self, std::shared_ptr<session> one) {
        std::string line;
        bool more = co_await session::read_line(one, line);
        while (more) {
            std::string answer = co_await answer_admin_request(self->house_, line);
            more = co_await session::write_line(one, std::move(answer));
            if (more) {
                more = co_await session::read_line(one, line);
            }
        }
        one->close();
        self->sessions_.erase(one);
    }

    house& house_;
    std::filesystem::path place_;
    stream_protocol::acceptor acceptor_;
    asio::steady_timer pause_;
    std::set<std::shared_ptr<session>> sessions_;
    bool open_ = true;
};

admin_socket::admin_socket(house& of) : door_(std::make_shared<door>(of)) {
    of.tasks().spawn("admin socket", door::accept_all(door_));
}

admin_socket::~admin_socket() {
    door_->close();
}

}  // namespace kith
