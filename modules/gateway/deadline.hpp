// A deadline that strikes again and again until somebody disarms it.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace kith::gateway {

/// One strike would not do: what it cancels may just not wait for anything, between two steps of one operation, and would
/// then wait without a deadline. Lives on the reactor; destroying it disarms it.
class deadline {
public:
    static constexpr std::chrono::milliseconds again{100};

    /// `strike` cancels what waits; it must not destroy this.
    deadline(const boost::asio::any_io_executor& where, std::function<void()> strike);
    ~deadline();
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    void arm(std::chrono::milliseconds wait);
    void disarm();
    /// Whether it has struck since it was armed.
    [[nodiscard]] bool passed() const noexcept;

private:
    struct state;
    static void wait_for(const std::shared_ptr<state>& it);

    std::shared_ptr<state> state_;
};

}  // namespace kith::gateway
