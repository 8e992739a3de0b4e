// One socket's outbox: bounds, dropping, gathering into one write, and the memory of its ring.
#include "outbox.hpp"

#include "frame.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kith::gateway {

namespace {

constexpr std::uint32_t first_ring = 8;

opcode opcode_of(const std::string& frame) noexcept {
    return static_cast<opcode>(static_cast<unsigned char>(frame.front()) & 0x0FU);
}

void require_frame(const encoded_frame& frame) {
    if (!frame || frame->empty())
        throw std::invalid_argument("an outbox takes encoded frames, neither null nor empty");
}

}  // namespace

std::size_t outbox::fixed() const noexcept {
    return std::max<std::size_t>(gathered_, front_written_ > 0 ? 1 : 0);
}

push_result outbox::push(encoded_frame frame, frame_kind kind) {
    require_frame(frame);
    if (kind == frame_kind::control && opcode_of(*frame) == opcode::close) {
        return close_with(std::move(frame)) ? push_result::queued : push_result::refused;
    }
    if (closing_ || too_slow_) return push_result::refused;
    if (kind == frame_kind::control) return push_control(std::move(frame));
    if (kind == frame_kind::ephemeral) {
        if (data_frames_ > 0 && !fits(frame, 2)) {
            ++dropped_;
            return push_result::dropped;
        }
    } else if (!fits(frame, 1)) {
        drop_ephemeral();
        if (data_frames_ > 0 && !fits(frame, 1)) {
            become_too_slow();
            return push_result::refused;
        }
    }
    append(std::move(frame), kind);
    return push_result::queued;
}

push_result outbox::push_control(encoded_frame frame) {
    const std::size_t first = fixed();
    for (std::size_t place = count_; place-- > first;) {
        entry& waiting = at(place);
        if (waiting.kind == frame_kind::control && opcode_of(*waiting.frame) == opcode_of(*frame)) {
            waiting.frame = std::move(frame);
            return push_result::queued;
        }
    }
    append(std::move(frame), frame_kind::control);
    return push_result::queued;
}

bool outbox::close_with(encoded_frame close_frame, encoded_frame last_words) {
    require_frame(close_frame);
    if (last_words) require_frame(last_words);
    if (closing_) return false;
    if (last_words) append(std::move(last_words), frame_kind::answer);
    append(std::move(close_frame), frame_kind::control);
    closing_ = true;
    return true;
}

std::size_t outbox::gather(std::span<iovec> out) {
    if (gathered_ > 0) throw std::logic_error("an outbox gathers for one write at a time");
    const std::size_t count = std::min({out.size(), gather_max, static_cast<std::size_t>(count_)});
    std::size_t skip = front_written_;
    gathered_bytes_ = 0;
    for (std::size_t place = 0; place < count; ++place) {
        const std::string& frame = *at(place).frame;
        // A write only reads; iovec has no const.
        out[place].iov_base = const_cast<char*>(frame.data()) + skip;
        out[place].iov_len = frame.size() - skip;
        gathered_bytes_ += out[place].iov_len;
        skip = 0;
    }
    gathered_ = static_cast<std::uint32_t>(count);
    return count;
}

void outbox::consumed(std::size_t bytes) {
    if (bytes > gathered_bytes_) throw std::logic_error("an outbox was told of more bytes than it gave");
    gathered_ = 0;
    gathered_bytes_ = 0;
    while (bytes > 0) {
        const std::size_t left = at(0).frame->size() - front_written_;
        if (bytes < left) {
            front_written_ += bytes;
            if (at(0).kind != frame_kind::control) data_bytes_ -= bytes;
            return;
        }
        bytes -= left;
        pop_front();
    }
    if (count_ == 0 && capacity_ > ring_kept_max) use_inline();
}

void outbox::trim() noexcept {
    if (count_ == 0) use_inline();
}

void outbox::append(encoded_frame frame, frame_kind kind) {
    if (count_ == capacity_) grow();
    if (kind != frame_kind::control) {
        data_bytes_ += frame->size();
        data_frames_ += frame.frames();
    }
    entry& slot = at(count_);
    slot.frame = std::move(frame);
    slot.kind = kind;
    ++count_;
}

void outbox::grow() {
    const std::uint32_t wanted = std::max(first_ring, capacity_ * 2);
    auto ring = std::make_unique<entry[]>(wanted);
    for (std::size_t place = 0; place < count_; ++place) ring[place] = std::move(at(place));
    heap_ = std::move(ring);
    slots_ = heap_.get();
    capacity_ = wanted;
    head_ = 0;
}

void outbox::use_inline() noexcept {
    heap_.reset();
    slots_ = inline_.data();
    capacity_ = inline_frames;
    head_ = 0;
}

void outbox::count_out(const entry& leaving) noexcept {
    if (leaving.kind == frame_kind::control) return;
    data_bytes_ -= leaving.frame->size();
    data_frames_ -= leaving.frame.frames();
}

void outbox::pop_front() noexcept {
    entry& front = at(0);
    // What was written before has left the count already.
    if (front.kind != frame_kind::control) data_bytes_ += front_written_;
    count_out(front);
    front.frame.reset();
    front_written_ = 0;
    head_ = (head_ + 1) & (capacity_ - 1);
    --count_;
}

void outbox::drop_ephemeral() noexcept {
    std::size_t kept = fixed();
    for (std::size_t place = kept; place < count_; ++place) {
        entry& waiting = at(place);
        if (waiting.kind == frame_kind::ephemeral) {
            count_out(waiting);
            waiting.frame.reset();
            ++dropped_;
        } else {
            if (kept != place) at(kept) = std::move(waiting);
            ++kept;
        }
    }
    count_ = static_cast<std::uint32_t>(kept);
}

void outbox::become_too_slow() noexcept {
    // The client gets what is under way, then the close frame, and resumes from there: keeping the rest for a client
    // that does not read would only hold memory, and the close frame back.
    too_slow_ = true;
    const std::size_t kept = fixed();
    for (std::size_t place = kept; place < count_; ++place) {
        count_out(at(place));
        at(place).frame.reset();
    }
    count_ = static_cast<std::uint32_t>(kept);
    if (count_ == 0) use_inline();
}

}  // namespace kith::gateway
