// Opening the house to the world, telling where it is, and the way it stops.
#include "serve.hpp"

#include "admin_socket.hpp"
#include "exit_code.hpp"
#include "house.hpp"
#include "notify.hpp"

#include <kith/core/error.hpp>
#include <kith/core/wait.hpp>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace kith {

namespace {

/// What one run of the server holds beside the house.
class serving {
public:
    explicit serving(house& of)
        : house_(of), signals_(of.reactor(), SIGINT, SIGTERM), watchdog_(of.reactor()) {}

    task<void> run() {
        std::exception_ptr failed;
        try {
            co_await house_.start();
            co_await house_.open_doors();
            admin_.emplace(house_);
            announce();
            house_.tasks().spawn("watchdog", keep_watchdog_fed());
            co_await signals_.async_wait(boost::asio::use_awaitable);
            signals_.async_wait([](const boost::system::error_code& none, int) {
                if (!none) {
                    std::fputs("kith: second signal: stopping at once\n", stderr);
                    std::_Exit(exit_code::failure);
                }
            });
        } catch (...) {
            failed = std::current_exception();
        }
        notify_manager("STOPPING=1");
        stopping_ = true;
        watchdog_.cancel();
        admin_.reset();
        finished_ = co_await house_.stop();
        signals_.cancel();
        if (failed) {
            std::rethrow_exception(failed);
        }
    }
    [[nodiscard]] bool finished() const noexcept { return finished_; }

private:
    /// Both lines at once: whoever waits for one may read the other.
    void announce() {
        std::string lines = "Kith is at " + house_.public_url() + "\n";
        if (const std::optional<std::string> link = house_.users().make_setup_link()) {
            lines += "Set up: " + *link + "\n";
        }
        std::fwrite(lines.data(), 1, lines.size(), stdout);
        std::fflush(stdout);
        notify_manager("READY=1\nSTATUS=Serving " + house_.public_url());
    }

    /// The pings come from the reactor, so a stuck one is noticed.
    task<void> keep_watchdog_fed() {
        const std::optional<std::chrono::microseconds> every = watchdog_period();
        while (every && !stopping_) {
            notify_manager("WATCHDOG=1");
            watchdog_.expires_after(*every / 2);
            co_await wait_for(watchdog_);
        }
    }

    house& house_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer watchdog_;
    std::optional<admin_socket> admin_;
    bool stopping_ = false;
    bool finished_ = false;
};

}  // namespace

int serve(const config& settings) {
    std::signal(SIGPIPE, SIG_IGN);
    house built(settings);
    serving now(built);
    std::exception_ptr failed;
    auto done = [&failed](const std::exception_ptr& escaped) { failed = escaped; };
    built.tasks().start_main(now.run(), std::move(done));
    built.reactor().run();
    if (failed) {
        std::rethrow_exception(failed);
    }
    if (!now.finished()) {
        built.log().error("the stop took too long; what was not finished is cut off");
        built.log().flush();
        std::_Exit(exit_code::failure);
    }
    built.log().info("stopped");
    return exit_code::ok;
}

}  // namespace kith
