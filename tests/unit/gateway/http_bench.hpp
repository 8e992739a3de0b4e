// A whole HTTP door on a loopback port, with operations, sessions and sockets that are made up; and a client
// of raw bytes.
#pragma once

#include "dispatch.hpp"
#include "http_door.hpp"
#include "http_session.hpp"
#include "sockets.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/config.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/random.hpp>
#include <kith/core/task.hpp>
#include <kith/core/worker_pool.hpp>
#include <kith/gateway/registry.hpp>
#include <kith/gateway/server.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace http_bench {

using namespace kith;

/// A database of which only the health is asked.
class still_database final : public database {
public:
    std::atomic<db::health> state{db::health::ok};
    [[nodiscard]] db::health health() const noexcept override { return state; }
    task<void> backup(std::string) override { co_return; }
    void end_backups() override {}
    void tick() override {}
    void stop_blocking() override {}

protected:
    void enqueue(std::unique_ptr<db::write_job>, std::size_t, db::write_kind) override {}
    void enqueue(std::unique_ptr<db::read_job>, db::read_kind) override {}
};

/// Tokens are names: `user`, `admin`.
class token_list final : public gateway::authenticator {
public:
    [[nodiscard]] gateway::principal authenticate(std::string_view access_token) override;
};

class socket_list final : public gateway::socket_side {
public:
    [[nodiscard]] bool may_open(const std::string&) const override { return open; }
    void adopt(gateway::upgraded connection) override;
    std::atomic<bool> open{true};
    std::vector<gateway::upgraded> taken;  ///< on the reactor
};

class counting_spawner final : public spawner {
public:
    explicit counting_spawner(boost::asio::io_context& reactor) : reactor_(reactor) {}
    void spawn(std::string_view name, task<void> work) override;
    std::atomic<int> running{0};
    std::atomic<int> failed{0};

private:
    boost::asio::io_context& reactor_;
};

/// An answer as it came.
struct reply {
    int status = 0;
    std::multimap<std::string, std::string> fields;  ///< names in lower case
    std::string body;
    [[nodiscard]] std::string field(const std::string& name) const;
};

/// One connection of a client that speaks bytes. Every wait has a deadline, and throws when it passes.
class raw_client {
public:
    explicit raw_client(std::uint16_t port);
    void send(std::string_view bytes);
    /// The next answer; `head` when it answers a HEAD request.
    [[nodiscard]] reply receive(bool head = false);
    [[nodiscard]] reply ask(std::string_view bytes);
    /// Whether the other side ended the connection (within the deadline).
    [[nodiscard]] bool ended();
    /// Reads until so much has come.
    [[nodiscard]] std::string bytes(std::size_t count);

private:
    [[nodiscard]] bool fill();
    boost::asio::io_context context_;
    boost::asio::ip::tcp::socket socket_;
    std::string buffer_;
};

class bench {
public:
    explicit bench(config settings = config(), const gateway::http_times& times = gateway::http_times());
    ~bench();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
    /// `GET path` with the right Host and `more` header lines (each with its line end).
    [[nodiscard]] std::string get(std::string_view path, std::string_view more = "") const;
    [[nodiscard]] std::string request(std::string_view method, std::string_view path, std::string_view body,
                                      std::string_view more = "") const;
    [[nodiscard]] reply ask(std::string_view bytes) const;

    /// Runs `work` on the reactor and returns what it returns.
    template <class Work>
    auto on_reactor(Work work) -> decltype(work()) {
        std::packaged_task<decltype(work())()> packaged(std::move(work));
        auto result = packaged.get_future();
        boost::asio::post(reactor_, [&packaged] { packaged(); });
        return result.get();
    }
    /// Waits until `good`, asked on the reactor, is true; false when the deadline passes.
    [[nodiscard]] bool eventually(const std::function<bool()>& good);

    boost::asio::io_context& reactor() noexcept { return reactor_; }

private:
    void add_operations();

    boost::asio::io_context reactor_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{reactor_.get_executor()};
    system_clock_source clock_;
    system_random random_;
    std::unique_ptr<logger> log_ = make_null_logger();
    std::unique_ptr<kith::metrics> metrics_ = make_metrics();
    std::unique_ptr<worker_pool> pool_ = make_worker_pool(reactor_.get_executor(), "bench", 1, 16);

public:
    config settings;
    still_database store;
    token_list sessions;
    socket_list sockets;
    counting_spawner tasks{reactor_};
    gateway::registry table;
    boost::asio::steady_timer hold{reactor_};  ///< `slow` waits for it
    bool slow_began = false;
    std::string seen_cookies;  ///< by the operation with a cookie
    std::string seen_key;
    std::string seen_address;
    bool seen_secure = false;

private:
    gateway::dispatcher calls_;

public:
    std::optional<gateway::http_door> door;

private:
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace http_bench
