// What one socket still has to write: a bounded queue of shared encoded frames, without the socket.
#pragma once

#include "encoded_frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <sys/uio.h>

namespace kith::gateway {

enum class frame_kind : std::uint8_t {
    durable,  ///< has a position: is written, or the socket closes
    answer,  ///< answers a request: is written, or the socket closes
    control,  ///< ping, pong: of each opcode only the newest waits
    ephemeral,  ///< may be dropped when the client reads slowly
};

enum class push_result : std::uint8_t {
    queued,
    dropped,  ///< an ephemeral frame for which there was no room
    refused,  ///< the outbox is too slow or closing: it takes nothing more
};

/// Bounds of what waits; control frames are bounded by their kind and do not count.
struct outbox_limits {
    std::size_t bytes_max = 1'048'576;
    std::uint32_t frames_max = 1'000;
};

/// One socket's outbox. The writer calls gather(), writes, and tells consumed(); between the two the gathered frames stay
/// where they are and are neither dropped nor replaced, so a write under way may read them at any time.
///
/// Memory: two frames fit into the object itself, so a socket that keeps up with single messages and heartbeats never
/// allocates. More go to a ring on the heap that grows by doubling. When it has drained, a ring of up to
/// `ring_kept_max` frames stays for the next burst until trim(); a greater one is freed at once.
class outbox {
public:
    static constexpr std::size_t inline_frames = 2;
    static constexpr std::size_t ring_kept_max = 32;
    /// Buffers that one write can hold: beyond some dozens the kernel's copying outweighs what fewer writes save.
    static constexpr std::size_t gather_max = 64;

    explicit outbox(outbox_limits limits = outbox_limits()) noexcept : limits_(limits) {}
    outbox(const outbox&) = delete;
    outbox& operator=(const outbox&) = delete;

    /// Adds a frame (never null or empty), or several as one, which count as many. A data frame is always taken when no
    /// data frame waits, whatever its size. Above half of the bounds ephemeral frames are dropped. When a durable frame or an answer does not fit, waiting
    /// ephemeral frames are dropped for it; if that is not enough, the outbox becomes too_slow(): it frees all that is
    /// not being written and takes nothing more but close_with(). A frame with the close opcode is close_with(frame).
    push_result push(encoded_frame frame, frame_kind kind);
    /// Ends the outbox behind what waits: `last_words` (a text frame, may be null), then the close frame. False when it
    /// was closing already: the first close frame stands.
    bool close_with(encoded_frame close_frame, encoded_frame last_words = nullptr);
    /// Takes nothing more; finished() once what waits is written.
    void close_after_flush() noexcept { closing_ = true; }

    /// Fills `out` from the front with at most gather_max buffers; returns how many. The buffers are valid until
    /// consumed() or the end of the outbox. Throws std::logic_error while a write is under way: a failed one is
    /// consumed(0).
    [[nodiscard]] std::size_t gather(std::span<iovec> out);
    /// Tells how much of the gathered bytes was written, which may be nothing or end within a frame.
    /// Throws std::logic_error when it is more than was gathered.
    void consumed(std::size_t bytes);
    /// Frees the ring kept for bursts when nothing waits; to be called at each heartbeat.
    void trim() noexcept;

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    /// Whether there is something to gather and no write under way.
    [[nodiscard]] bool wants_write() const noexcept { return count_ > 0 && gathered_ == 0; }
    [[nodiscard]] bool too_slow() const noexcept { return too_slow_; }
    [[nodiscard]] bool closing() const noexcept { return closing_; }
    /// Whether the socket can be shut: closing, and all is written.
    [[nodiscard]] bool finished() const noexcept { return closing_ && count_ == 0; }
    /// What waits and counts against the bounds. Bytes already written of the first frame are not in it.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return data_bytes_; }
    [[nodiscard]] std::size_t waiting_frames() const noexcept { return data_frames_; }
    /// Ephemeral frames dropped so far; whoever must repeat a state watches it grow.
    [[nodiscard]] std::uint32_t dropped() const noexcept { return dropped_; }
    /// Heap memory of the ring, without the frames.
    [[nodiscard]] std::size_t heap_bytes() const noexcept { return heap_ ? capacity_ * sizeof(entry) : 0; }

private:
    struct entry {
        encoded_frame frame;
        frame_kind kind = frame_kind::durable;
    };

    [[nodiscard]] entry& at(std::size_t place) noexcept { return slots_[(head_ + place) & (capacity_ - 1)]; }
    [[nodiscard]] bool fits(const encoded_frame& frame, std::size_t share) const noexcept {
        return data_frames_ + frame.frames() <= limits_.frames_max / share
               && data_bytes_ + frame->size() <= limits_.bytes_max / share;
    }
    /// Entries at the front that must not be touched: gathered, or written in part.
    [[nodiscard]] std::size_t fixed() const noexcept;
    push_result push_control(encoded_frame frame);
    void append(encoded_frame frame, frame_kind kind);
    void grow();
    void pop_front() noexcept;
    void count_out(const entry& leaving) noexcept;
    void drop_ephemeral() noexcept;
    void become_too_slow() noexcept;
    void use_inline() noexcept;

    std::array<entry, inline_frames> inline_{};
    std::unique_ptr<entry[]> heap_;
    entry* slots_ = inline_.data();  ///< the ring in use
    outbox_limits limits_;
    std::size_t data_bytes_ = 0;
    std::size_t front_written_ = 0;  ///< bytes of the first frame that are written
    std::size_t gathered_bytes_ = 0;  ///< bytes handed out by gather()
    std::uint32_t capacity_ = inline_frames;  ///< a power of two
    std::uint32_t head_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t gathered_ = 0;  ///< frames handed out by gather()
    std::uint32_t data_frames_ = 0;
    std::uint32_t dropped_ = 0;
    bool too_slow_ = false;
    bool closing_ = false;
};

}  // namespace kith::gateway
