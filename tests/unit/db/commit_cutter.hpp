// Stands between Kith and the test server and cuts a connection at its COMMIT, before or after the server heard of it.
#pragma once

#include "../store_place.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kith::db_test {

class commit_cutter {
public:
    enum class cut { none, before, after };

    explicit commit_cutter(const std::string& path)
        : path_(path), listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        const sockaddr_un at = address(path);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0
            || ::listen(listener_, 16) != 0) {
            throw std::runtime_error("the proxy cannot listen at " + path);
        }
        accepting_ = std::thread([this] { accept_all(); });
    }
    ~commit_cutter() {
        ending_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        accepting_.join();
        for (std::thread& one : links_) {
            one.join();
        }
        ::close(listener_);
    }
    commit_cutter(const commit_cutter&) = delete;
    commit_cutter& operator=(const commit_cutter&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    /// What happens to the next COMMIT of any connection.
    std::atomic<cut> next{cut::none};
    /// No connection is made, and one that was cut stays so.
    std::atomic<bool> closed{false};

private:
    static sockaddr_un address(const std::string& path) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
        return at;
    }

    void accept_all() {
        while (!ending_) {
            const int client = ::accept(listener_, nullptr, nullptr);
            if (client < 0) {
                return;
            }
            const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
            const sockaddr_un at = address(testing::test_server_socket());
            if (closed || ::connect(server, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
                ::close(client);
                ::close(server);
                continue;
            }
            links_.emplace_back([this, client, server] { link(client, server); });
        }
    }

    /// Copies both ways until one side ends or the COMMIT is cut.
    void link(int client, int server) {
        bool hide_answer = false;
        while (!ending_) {
            std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
            if (::poll(both.data(), both.size(), 50) < 0) {
                break;
            }
            if (both[0].revents != 0 && !pass_on(client, server, hide_answer)) {
                break;
            }
            if (both[1].revents != 0 && (hide_answer || !copy(server, client))) {
                break;  // the answer to the COMMIT has come, so it is done
            }
        }
        ::close(client);
        ::close(server);
    }

    bool pass_on(int client, int server, bool& hide_answer) {
        std::array<char, 16384> bytes;
        const ssize_t count = ::read(client, bytes.data(), bytes.size());
        if (count <= 0) {
            return false;
        }
        const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
        if (text.ends_with(std::string_view("\x03"
                                            "COMMIT",
                                            7))) {
            const cut what = next.exchange(cut::none);
            if (what == cut::before) {
                return false;
            }
            hide_answer = what == cut::after;
        }
        return ::send(server, text.data(), text.size(), MSG_NOSIGNAL) == count;
    }

    static bool copy(int from, int to) {
        std::array<char, 16384> bytes;
        const ssize_t count = ::read(from, bytes.data(), bytes.size());
        return count > 0 && ::send(to, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
    }

    const std::string path_;
    const int listener_;
    std::atomic<bool> ending_{false};
    std::thread accepting_;
    std::vector<std::thread> links_;  ///< of the accepting thread until it has ended
};

}  // namespace kith::db_test
