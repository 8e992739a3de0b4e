// Frames ready for the wire, shared by all sockets that they go to.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace kith::gateway {

/// A pointer to an encoded frame with its header, or to several that go out together; null or never changing.
/// Counts its owners without atomics, because frames are made, kept and written on the reactor only: a delivery is two of
/// these counts, and some hundred thousand of them come in a second.
class encoded_frame {
public:
    encoded_frame() noexcept = default;
    encoded_frame(std::nullptr_t) noexcept {}
    explicit encoded_frame(std::string bytes, std::uint32_t frames = 1)
        : shared_(new shared{std::move(bytes), 1, frames}) {}
    encoded_frame(const encoded_frame& other) noexcept : shared_(other.shared_) {
        if (shared_ != nullptr) {
            ++shared_->owners;
        }
    }
    encoded_frame(encoded_frame&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    encoded_frame& operator=(encoded_frame other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~encoded_frame() {
        if (shared_ != nullptr && --shared_->owners == 0) {
            delete shared_;
        }
    }

    [[nodiscard]] explicit operator bool() const noexcept { return shared_ != nullptr; }
    [[nodiscard]] const std::string& operator*() const noexcept { return shared_->bytes; }
    [[nodiscard]] const std::string* operator->() const noexcept { return &shared_->bytes; }
    void reset() noexcept { *this = nullptr; }
    /// How many frames it holds, one behind the other.
    [[nodiscard]] std::uint32_t frames() const noexcept { return shared_->frames; }
    /// How many hold it.
    [[nodiscard]] std::uint32_t owners() const noexcept { return shared_ == nullptr ? 0 : shared_->owners; }

private:
    struct shared {
        std::string bytes;
        std::uint32_t owners;
        std::uint32_t frames;
    };
    shared* shared_ = nullptr;
};

}  // namespace kith::gateway
