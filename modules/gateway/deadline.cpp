// The timer of a deadline.
#include "deadline.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>

namespace kith::gateway {

struct deadline::state {
    state(const boost::asio::any_io_executor& where, std::function<void()> what)
        : timer(where), strike(std::move(what)) {}
    boost::asio::steady_timer timer;
    std::function<void()> strike;
    std::uint64_t armed = 0;  ///< tells the wait under way from those before
    bool passed = false;
};

deadline::deadline(const boost::asio::any_io_executor& where, std::function<void()> strike)
    : state_(std::make_shared<state>(where, std::move(strike))) {}

deadline::~deadline() = default;

void deadline::arm(std::chrono::milliseconds wait) {
    ++state_->armed;
    state_->passed = false;
    state_->timer.expires_after(wait);
    wait_for(state_);
}

void deadline::disarm() {
    ++state_->armed;
    state_->timer.cancel();
}

bool deadline::passed() const noexcept {
    return state_->passed;
}

void deadline::wait_for(const std::shared_ptr<state>& it) {
    it->timer.async_wait(
        [weak = std::weak_ptr(it), own = it->armed](const boost::system::error_code& cancelled) {
            const std::shared_ptr<state> self = weak.lock();
            if (!self || cancelled || self->armed != own) {
                return;
            }
            self->passed = true;
            self->timer.expires_after(again);
            wait_for(self);
            self->strike();
        });
}

}  // namespace kith::gateway
