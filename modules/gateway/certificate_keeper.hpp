// Holds the certificate that new connections are offered, and takes a new one from its files while the server runs.
#pragma once

#include "certificate.hpp"

#include <kith/core/task.hpp>

#include <memory>
#include <string>

namespace kith {
class counter;
class gauge;
class logger;
class metrics;
class worker_pool;
}  // namespace kith

namespace kith::gateway {

struct keeper_deps {
    const clock_source& clock;
    random_source& random;
    logger& log;
    metrics& metric;
    spawner& tasks;
    worker_pool& blocking;  ///< reads the files
};

/// Lives on the reactor, in a shared_ptr: a look at the files keeps it alive.
class certificate_keeper : public std::enable_shared_from_this<certificate_keeper> {
public:
    /// Reads the pair. Throws `invalid` naming tls.certificate or tls.key.
    certificate_keeper(const keeper_deps& needs, const config::tls_section& paths);

    [[nodiscard]] const std::shared_ptr<const certificate>& current() const noexcept { return current_; }
    /// Each second: looks at the files when it is time. They must have been the same in two looks to be read.
    void tick();
    /// Reads the files now, as SIGHUP asks for. A pair that is not good changes nothing but the log.
    void reload();

private:
    static constexpr std::chrono::hours ticket_keys_live{12};

    [[nodiscard]] static task<void> look(std::shared_ptr<certificate_keeper> self, bool asked);
    void begin(bool asked);
    void take(const pair_look& found);
    void use(std::shared_ptr<const certificate> fresh);

    keeper_deps needs_;
    config::tls_section paths_;
    std::shared_ptr<const certificate> current_;
    pair_known known_;
    steady_time look_at_;
    steady_time ticket_keys_until_;
    bool settling_ = false;  ///< the files were changing at the last look
    bool looking_ = false;
    bool asked_meanwhile_ = false;
    gauge& valid_until_;
    counter& taken_;
    counter& refused_;
};

}  // namespace kith::gateway
