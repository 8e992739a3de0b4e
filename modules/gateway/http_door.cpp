// Putting the HTTP door together: names, handler, listener and the set of connections.
#include "http_door.hpp"

#include "certificate_keeper.hpp"
#include "handshake_turns.hpp"
#include "http_handler.hpp"
#include "http_session.hpp"
#include "listener.hpp"

#include <kith/core/metrics.hpp>

#include <map>
#include <optional>
#include <unordered_set>

namespace kith::gateway {

namespace {

/// The handshakes under way, and what came of those before.
class handshakes {
public:
    handshakes(metrics& where, std::size_t at_once_max)
        : turns_(at_once_max),
          done_(made(where, "done")),
          failed_(made(where, "failed")),
          timed_out_(made(where, "timed_out")),
          gave_way_(made(where, "gave_way")),
          plain_http_(made(where, "plain_http")) {}

    std::uint64_t begin(http_session& session, const std::string& address) {
        const handshake_turns::begun fresh = turns_.begin(address);
        sessions_.emplace(fresh.number, &session);
        if (fresh.gives_way) {
            const auto cut = sessions_.extract(*fresh.gives_way);
            gave_way_.add();
            cut.mapped()->cut();
        }
        return fresh.number;
    }
    void end(std::uint64_t number, tls_opening how, bool timed_out) noexcept {
        if (!turns_.end(number)) {
            return;
        }
        sessions_.erase(number);
        if (how == tls_opening::failed) {
            (timed_out ? timed_out_ : failed_).add();
        } else {
            (how == tls_opening::done ? done_ : plain_http_).add();
        }
    }

private:
    static counter& made(metrics& where, const char* result) {
        return where.make_counter("kith_tls_handshakes_total", "Handshakes of TLS by what came of them",
                                  {{"result", result}});
    }

    handshake_turns turns_;
    std::map<std::uint64_t, http_session*> sessions_;
    counter& done_;
    counter& failed_;
    counter& timed_out_;
    counter& gave_way_;
    counter& plain_http_;
};

}  // namespace

class http_door::impl final : public session_host, public std::enable_shared_from_this<impl> {
public:
    impl(const server_deps& needs, dispatcher& calls, socket_side& sockets, const http_times& times)
        : needs_(needs),
          calls_(calls),
          sockets_(sockets),
          times_(times),
          proxies_(needs.settings.server.trusted_proxies),
          counts_(std::make_shared<connection_counts>(needs.settings.limits.connections,
                                                      needs.settings.limits.connections_per_address)),
          handshakes_(needs.metric, needs.settings.limits.tls_handshakes),
          open_(needs.metric.make_gauge("kith_http_connections",
                                        "Open HTTP connections, without WebSockets")) {}

    std::uint16_t listen() {
        const listener_deps deps{needs_.reactor, needs_.log, needs_.metric, needs_.tasks, proxies_};
        const auto taken = [weak = weak_from_this()](accepted connection) {
            if (const std::shared_ptr<impl> self = weak.lock()) {
                self->take(std::move(connection));
            }
        };
        // What may be wrong in the settings is told before the port is bound.
        const boost::asio::ip::tcp::endpoint wanted = parse_listen(needs_.settings.server.listen);
        const boost::asio::ip::tcp::endpoint sample(wanted.address(),
                                                    std::max<std::uint16_t>(wanted.port(), 1));
        static_cast<void>(make_names(url_of(sample, tls()), sample.port()));
        if (tls()) {
            const keeper_deps tools{needs_.clock,  needs_.random, needs_.log,
                                    needs_.metric, needs_.tasks,  needs_.blocking};
            keeper_ = std::make_shared<certificate_keeper>(tools, needs_.settings.tls);
        }
        listener_ = std::make_shared<listener>(deps, counts_, taken);
        const boost::asio::ip::tcp::endpoint bound = listener_->open(wanted);
        names_.emplace(make_names(url_of(bound, tls()), bound.port()));
        rules_.emplace(needs_.settings.limits.header_fields, needs_.settings.limits.body_bytes, *names_);
        handler_.emplace(needs_, calls_, sockets_, *names_, public_url_);
        for (const std::string& reason : not_ready_) {
            handler_->set_not_ready(reason);
        }
        return bound.port();
    }

    void stop_accepting() {
        stopping_ = true;
        if (listener_) {
            listener_->close();
        }
        if (handler_) {
            handler_->set_draining();
        }
    }
    template <class Action>
    void each(Action action) {
        // A copy: closing one may end it within the call.
        const std::vector<http_session*> all(sessions_.begin(), sessions_.end());
        for (http_session* const session : all) {
            action(*session);
        }
    }
    void set_ready(const std::string& reason, bool ready) {
        std::erase(not_ready_, reason);
        if (!ready) {
            not_ready_.push_back(reason);
        }
        if (handler_) {
            ready ? handler_->clear_not_ready(reason) : handler_->set_not_ready(reason);
        }
    }
    void tick() {
        if (keeper_) {
            keeper_->tick();
        }
    }
    bool reload() {
        if (keeper_) {
            keeper_->reload();
        }
        return keeper_ != nullptr;
    }
    [[nodiscard]] std::size_t under_way() const noexcept { return under_way_; }
    [[nodiscard]] std::size_t connections() const noexcept { return sessions_.size(); }
    [[nodiscard]] const std::string& public_url() const noexcept { return public_url_; }

    http_handler& handler() noexcept override { return *handler_; }
    socket_side& sockets() noexcept override { return sockets_; }
    const http_times& times() const noexcept override { return times_; }
    const gate_rules& rules() const noexcept override { return *rules_; }
    std::size_t header_bytes() const noexcept override { return needs_.settings.limits.header_bytes; }
    bool stopping() const noexcept override { return stopping_; }
    std::shared_ptr<const certificate> offered() const override {
        return keeper_ ? keeper_->current() : nullptr;
    }
    std::uint64_t handshake_began(http_session& session, const std::string& address) override {
        return handshakes_.begin(session, address);
    }
    void handshake_ended(std::uint64_t number, tls_opening how, bool timed_out) noexcept override {
        handshakes_.end(number, how, timed_out);
    }
    void request_began() noexcept override { ++under_way_; }
    void request_ended() noexcept override { --under_way_; }
    void opened(http_session& session) override {
        sessions_.insert(&session);
        open_.set(static_cast<double>(sessions_.size()));
    }
    void closed(http_session& session) noexcept override {
        sessions_.erase(&session);
        open_.set(static_cast<double>(sessions_.size()));
    }

private:
    site_names make_names(const std::string& own_url, std::uint16_t port) {
        public_url_ = needs_.settings.server.public_url.empty() ? own_url : needs_.settings.server.public_url;
        while (public_url_.ends_with('/')) {
            public_url_.pop_back();
        }
        return site_names(public_url_, needs_.settings.server.origins, port, tls());
    }
    [[nodiscard]] bool tls() const noexcept { return needs_.settings.tls.on(); }
    void take(accepted connection) {
        auto session = std::make_shared<http_session>(std::move(connection), shared_from_this());
        needs_.tasks.spawn("http.session", http_session::run(std::move(session)));
    }

    server_deps needs_;
    dispatcher& calls_;
    socket_side& sockets_;
    http_times times_;
    trusted_proxies proxies_;
    std::shared_ptr<connection_counts> counts_;
    std::shared_ptr<certificate_keeper> keeper_;  ///< null: no TLS
    handshakes handshakes_;
    gauge& open_;
    std::string public_url_;
    std::vector<std::string> not_ready_;
    std::optional<site_names> names_;
    std::optional<gate_rules> rules_;
    std::optional<http_handler> handler_;
    std::shared_ptr<listener> listener_;
    std::unordered_set<http_session*> sessions_;
    std::size_t under_way_ = 0;
    bool stopping_ = false;
};

http_door::http_door(const server_deps& needs, dispatcher& calls, socket_side& sockets)
    : http_door(needs, calls, sockets, http_times()) {}

http_door::http_door(const server_deps& needs, dispatcher& calls, socket_side& sockets,
                     const http_times& times)
    : impl_(std::make_shared<impl>(needs, calls, sockets, times)) {}

http_door::~http_door() {
    stop_accepting();
    cut_all();
}

std::uint16_t http_door::listen() {
    return impl_->listen();
}

void http_door::tick() {
    impl_->tick();
}

bool http_door::reload_certificate() {
    return impl_->reload();
}

void http_door::stop_accepting() {
    impl_->stop_accepting();
}

std::size_t http_door::requests_under_way() const noexcept {
    return impl_->under_way();
}

std::size_t http_door::connection_count() const noexcept {
    return impl_->connections();
}

void http_door::close_idle() {
    impl_->each([](http_session& session) { session.close_if_idle(); });
}

void http_door::cut_all() {
    impl_->each([](http_session& session) { session.cut(); });
}

void http_door::set_not_ready(const std::string& reason) {
    impl_->set_ready(reason, false);
}

void http_door::clear_not_ready(const std::string& reason) {
    impl_->set_ready(reason, true);
}

std::string http_door::public_url() const {
    return impl_->public_url();
}

}  // namespace kith::gateway
