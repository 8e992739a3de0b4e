// One hashed timer wheel for all sessions: arming and cancelling cost the same however many there are. No clock inside.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::gateway {

class timer_wheel;

/// What the wheel's lists are made of.
struct timer_link {
    timer_link* previous = this;
    timer_link* next = this;

    timer_link() = default;
    timer_link(const timer_link&) = delete;
    timer_link& operator=(const timer_link&) = delete;
    void unlink() noexcept;
    void insert_before(timer_link& place) noexcept;
};

/// A timer that its owner holds as a member; it needs no heap memory, and destroying it cancels it.
class timer : private timer_link {
public:
    /// `timer silence_ = timer::calling<&session::on_silence>(*this);` The call may do anything with this timer and with
    /// others, also destroy them and its own owner.
    template <auto Method, class Owner>
    [[nodiscard]] static timer calling(Owner& owner) noexcept {
        return timer(&owner, [](void* it) { (static_cast<Owner*>(it)->*Method)(); });
    }
    ~timer() { cancel(); }

    void cancel() noexcept;
    [[nodiscard]] bool armed() const noexcept { return wheel_ != nullptr; }

private:
    friend class timer_wheel;
    using call = void (*)(void*);

    timer(void* owner, call fire) noexcept : owner_(owner), fire_(fire) {}

    void* owner_;
    call fire_;
    timer_wheel* wheel_ = nullptr;  ///< null: not armed
    std::uint64_t due_tick_ = 0;
};

/// Slots of one tick each; a timer beyond one turn of the wheel stays in its slot until its turn comes.
/// A timer never fires early, and late by less than a tick plus the time between two calls of advance().
class timer_wheel {
public:
    using time_point = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds tick_default{250};
    /// With the tick above one turn is 128 s, more than the longest wait of a session that is usual (75 s).
    static constexpr std::size_t slots_default = 512;

    explicit timer_wheel(time_point start, std::chrono::milliseconds tick = tick_default,
                         std::size_t slots = slots_default);
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;
    /// Timers that are still armed become unarmed.
    ~timer_wheel();

    /// Arms the timer for `deadline`, anew when it was armed. A deadline that has passed fires with the next tick.
    void arm(timer& which, time_point deadline) noexcept;
    /// Fires what is due at `now`, in no certain order within one call; returns how many. A timer armed by a call that
    /// fires waits for a later advance(), so this ends. A `now` before the last one does nothing. When a call throws,
    /// the exception passes through and what else was due fires with the next advance().
    std::size_t advance(time_point now);

    [[nodiscard]] std::size_t armed() const noexcept { return armed_; }
    [[nodiscard]] std::chrono::milliseconds tick() const noexcept { return tick_; }

private:
    friend class timer;

    void collect_due(timer_link& slot, std::uint64_t tick) noexcept;
    std::size_t fire_due();

    time_point start_;
    std::chrono::milliseconds tick_;
    std::uint64_t now_tick_ = 0;
    std::vector<timer_link> slots_;
    timer_link due_;  ///< taken out of their slots, about to fire
    std::size_t armed_ = 0;
};

}  // namespace kith::gateway
