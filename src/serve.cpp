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
#include <string_view>

#include <unistd.h>

namespace kith {

namespace {

/// Beyond the drain: what is left after it ends the process, whatever still waits (a disk that does not answer, say).
constexpr std::chrono::seconds last_grace{2};

/// Ends the process at once. What was answered is on disk; the log may lose its last lines, hence straight to stderr.
[[noreturn]] void cut_off() noexcept {
    constexpr std::string_view text = "kith: the stop took too long; what was not finished is cut off\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    std::_Exit(exit_code::failure);
}

/// What one run of the server holds beside the house.
class serving {
public:
    explicit serving(house& of)
        : house_(of),
          signals_(of.reactor(), SIGINT, SIGTERM),
          hang_up_(of.reactor(), SIGHUP),
          watchdog_(of.reactor()) {
        hear_hang_up();
    }

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
        arm_last_resort();
        admin_.reset();
        if (!co_await house_.stop() && !failed) {
            cut_off();
        }
        signals_.cancel();
        hang_up_.cancel();
        if (failed) {
            std::rethrow_exception(failed);
        }
    }

private:
    /// SIGHUP asks daemons to read their settings again: the certificate is.
    void hear_hang_up() {
        hang_up_.async_wait([this](const boost::system::error_code& none, int) {
            if (!none) {
                const bool certificate = house_.server().reload_certificate();
                house_.log().warn(certificate
                                      ? "SIGHUP: the certificate is read anew; for other settings restart"
                                      : "SIGHUP: settings are read at the start only; restart to apply them");
                hear_hang_up();
            }
        });
    }

    /// An alarm, because the reactor itself or a thread that is joined may be what hangs.
    void arm_last_resort() const {
        const std::chrono::seconds limit =
            house_.settings().server.drain + std::chrono::seconds(1) + last_grace;
        std::signal(SIGALRM, [](int) { cut_off(); });
        ::alarm(static_cast<unsigned>(limit.count()));
    }

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
    boost::asio::signal_set hang_up_;
    boost::asio::steady_timer watchdog_;
    std::optional<admin_socket> admin_;
    bool stopping_ = false;
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
    built.log().info("stopped");
    return exit_code::ok;
}

}  // namespace kith
