// The hashed timer wheel: lists through the timers themselves, one list for each slot.
#include "timer_wheel.hpp"

#include <algorithm>
#include <stdexcept>

namespace kith::gateway {

void timer_link::unlink() noexcept {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
}

void timer_link::insert_before(timer_link& place) noexcept {
    previous = place.previous;
    next = &place;
    previous->next = this;
    place.previous = this;
}

void timer::cancel() noexcept {
    if (wheel_ == nullptr) return;
    unlink();
    --wheel_->armed_;
    wheel_ = nullptr;
}

timer_wheel::timer_wheel(time_point start, std::chrono::milliseconds tick, std::size_t slots)
    : start_(start), tick_(tick), slots_(slots) {
    if (tick <= std::chrono::milliseconds::zero() || slots == 0) {
        throw std::invalid_argument("a timer wheel needs a tick above zero and a slot");
    }
}

timer_wheel::~timer_wheel() {
    const auto let_go = [](timer_link& list) {
        while (list.next != &list) static_cast<timer*>(list.next)->cancel();
    };
    for (timer_link& slot : slots_) let_go(slot);
    let_go(due_);
}

void timer_wheel::arm(timer& which, time_point deadline) noexcept {
    which.cancel();
    // The tick whose end the deadline does not pass: never early.
    std::uint64_t tick = 0;
    if (deadline > start_) {
        const auto wait = deadline - start_;
        tick = static_cast<std::uint64_t>(wait / tick_) + (wait % tick_ != decltype(wait)::zero() ? 1U : 0U);
    }
    which.due_tick_ = std::max(tick, now_tick_ + 1);
    which.wheel_ = this;
    which.insert_before(slots_[which.due_tick_ % slots_.size()]);
    ++armed_;
}

std::size_t timer_wheel::advance(time_point now) {
    std::size_t fired = fire_due();
    const auto passed = now > start_ ? now - start_ : time_point::duration::zero();
    const auto target = static_cast<std::uint64_t>(passed / tick_);
    if (target <= now_tick_) return fired;
    // After a long pause each slot is visited once.
    const std::uint64_t visits = std::min<std::uint64_t>(target - now_tick_, slots_.size());
    for (std::uint64_t visit = 1; visit <= visits; ++visit) {
        collect_due(slots_[(now_tick_ + visit) % slots_.size()], target);
    }
    now_tick_ = target;
    fired += fire_due();
    return fired;
}

void timer_wheel::collect_due(timer_link& slot, std::uint64_t tick) noexcept {
    for (timer_link* it = slot.next; it != &slot;) {
        timer_link* const following = it->next;
        if (static_cast<timer*>(it)->due_tick_ <= tick) {
            it->unlink();
            it->insert_before(due_);
        }
        it = following;
    }
}

std::size_t timer_wheel::fire_due() {
    std::size_t fired = 0;
    while (due_.next != &due_) {
        timer& next = *static_cast<timer*>(due_.next);
        // The call may destroy the timer: what it needs is taken out first.
        void* const owner = next.owner_;
        const timer::call fire = next.fire_;
        next.cancel();
        fire(owner);
        ++fired;
    }
    return fired;
}

}  // namespace kith::gateway
