// The gateway put together: dispatcher, hub, sockets and the HTTP door, opened and drained in order.
#include "dispatch.hpp"
#include "http_door.hpp"
#include "live_hub.hpp"
#include "socket_door.hpp"

#include <kith/core/config.hpp>
#include <kith/core/log.hpp>
#include <kith/core/wait.hpp>
#include <kith/db.hpp>
#include <kith/gateway/server.hpp>

namespace kith::gateway {

namespace {

constexpr std::chrono::seconds sweep_every{60};
constexpr std::chrono::milliseconds drain_poll{5};
constexpr std::string_view draining = "the server is stopping";

hub_options hub_options_of(const config& settings) {
    hub_options options;
    options.ring_max = settings.journal.ring;
    options.sockets_per_user = settings.limits.sockets_per_user;
    options.skip_some = settings.test.mutation == "skip_fan_out";
    return options;
}

socket_limits socket_limits_of(const config& settings) {
    socket_limits limits;
    limits.outbox.bytes_max = settings.limits.outbox_bytes;
    limits.outbox.frames_max = static_cast<std::uint32_t>(settings.limits.outbox_frames);
    limits.unauthenticated_per_address = settings.limits.unauthenticated_sockets_per_address;
    limits.scale = settings.limits.scale;
    return limits;
}

task<std::int64_t> read_head(database& store) {
    return store.read([](snapshot& s) { return journal::read_state(s).pos; });
}

class both_doors final : public server {
public:
    explicit both_doors(const server_deps& needs)
        : needs_(needs),
          calls_(needs.clock, needs.log, needs.metric, needs.settings.limits.scale),
          hub_(needs.reactor.get_executor(), needs.table, needs.log, needs.metric,
               hub_options_of(needs.settings)),
          sockets_(socket_deps{needs.reactor, needs.clock, needs.random, needs.log, needs.metric, needs.tasks,
                               needs.store, needs.table, needs.sessions, calls_, hub_},
                   socket_limits_of(needs.settings)),
          http_(needs, calls_, sockets_),
          sweeper_(needs.reactor) {}

    hub& connections() override { return hub_; }
    journal::tail& tail() override { return hub_; }
    std::string public_url() const override { return http_.public_url(); }

    task<void> prepare() override { hub_.start_at(co_await read_head(needs_.store)); }

    std::uint16_t listen() override {
        const std::uint16_t port = http_.listen();
        listening_ = true;
        needs_.tasks.spawn("limits.sweep", sweep());
        return port;
    }

    void tick() override { http_.tick(); }
    bool reload_certificate() override { return http_.reload_certificate(); }

    task<void> drain() override {
        const steady_time deadline = needs_.clock.steady_now() + needs_.settings.server.drain;
        stopping_ = true;
        sweeper_.cancel();
        if (!listening_) {
            co_return;
        }
        http_.set_not_ready(std::string(draining));
        http_.stop_accepting();
        http_.close_idle();
        co_await sockets_.drain(deadline);
        boost::asio::steady_timer wait(needs_.reactor);
        while (http_.connection_count() > 0 && needs_.clock.steady_now() < deadline) {
            http_.close_idle();
            wait.expires_after(drain_poll);
            co_await wait_for(wait);
        }
        http_.cut_all();
        sockets_.cut_all();
    }

private:
    task<void> sweep() {
        while (!stopping_) {
            sweeper_.expires_after(sweep_every);
            co_await wait_for(sweeper_);
            calls_.sweep();
        }
    }

    server_deps needs_;
    dispatcher calls_;
    live_hub hub_;
    socket_door sockets_;
    http_door http_;
    boost::asio::steady_timer sweeper_;
    bool listening_ = false;
    bool stopping_ = false;
};

}  // namespace

std::unique_ptr<server> make_server(const server_deps& needs) {
    return std::make_unique<both_doors>(needs);
}

}  // namespace kith::gateway
