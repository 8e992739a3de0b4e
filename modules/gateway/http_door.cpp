// Putting the HTTP door together: names, handler, listener and the set of connections.
#include "http_door.hpp"

#include "http_handler.hpp"
#include "http_session.hpp"
#include "listener.hpp"

#include <kith/core/metrics.hpp>

#include <optional>
#include <unordered_set>

namespace kith::gateway {

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
        static_cast<void>(make_names(url_of(sample), sample.port()));
        listener_ = std::make_shared<listener>(deps, counts_, taken);
        const boost::asio::ip::tcp::endpoint bound = listener_->open(wanted);
        names_.emplace(make_names(url_of(bound), bound.port()));
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
    [[nodiscard]] std::size_t under_way() const noexcept { return under_way_; }
    [[nodiscard]] std::size_t connections() const noexcept { return sessions_.size(); }
    [[nodiscard]] const std::string& public_url() const noexcept { return public_url_; }

    http_handler& handler() noexcept override { return *handler_; }
    socket_side& sockets() noexcept override { return sockets_; }
    const http_times& times() const noexcept override { return times_; }
    const gate_rules& rules() const noexcept override { return *rules_; }
    std::size_t header_bytes() const noexcept override { return needs_.settings.limits.header_bytes; }
    bool stopping() const noexcept override { return stopping_; }
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
        return site_names(public_url_, needs_.settings.server.origins, port);
    }
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
