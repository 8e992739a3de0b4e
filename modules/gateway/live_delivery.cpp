// Delivering a run of committed changes: what a socket gets of them goes out as one piece wherever it can.
//
// Most sockets follow one of the topics that a run tells of. They all get the same frames of it, so these are put behind each
// other once and shared: a delivery then costs the same for one message as for sixteen. A socket that follows several of the
// topics, or that may not see all of its one, is served change by change, because its positions must grow.
#include "live_hub.hpp"

#include <algorithm>

namespace kith::gateway {

std::size_t live_hub::deliver_run() {
    if (run_size_ > 1) {
        share_out();
        if (apart_.size() * run_size_ > pushes_per_turn) {
            // Serving so many one by one would take too long: fewer changes now. Not more sockets come apart by that.
            run_size_ = std::max<std::size_t>(1, pushes_per_turn / apart_.size());
            share_out();
        }
    }
    if (run_size_ == 1) {
        return run_.front().skipped ? 0 : deliver(run_.front());
    }
    std::size_t delivered = 0;
    for (const share& one : shares_) {
        delivered += deliver_share(one);
    }
    for (const served_apart& one : apart_) {
        delivered += deliver_apart(one);
    }
    return delivered;
}

/// Who gets what of the run: its changes by topic, and the sockets that are served apart.
void live_hub::share_out() {
    told_.clear();
    shares_.clear();
    apart_.clear();
    ++run_number_;
    for (std::uint32_t place = 0; place < run_size_; ++place) {
        if (!run_[place].skipped) {
            for (const journal::topic where : run_[place].change.topics) {
                if (topics_.contains(where.packed())) {
                    told_.emplace_back(where.packed(), place);
                }
            }
        }
    }
    std::sort(told_.begin(), told_.end());
    told_.erase(std::unique(told_.begin(), told_.end()), told_.end());
    for (auto first = told_.begin(); first != told_.end();) {
        const auto last =
            std::find_if(first, told_.end(), [first](const auto& one) { return one.first != first->first; });
        shares_.emplace_back(first, last);
        mark_followers(shares_.back());
        first = last;
    }
}

std::size_t live_hub::deliver(ring_entry& entry) {
    std::size_t delivered = 0;
    const std::int64_t pos = entry.change.pos;
    for (const journal::topic where : entry.change.topics) {
        const auto followers = topics_.find(where.packed());
        if (followers == topics_.end()) {
            continue;
        }
        for (const follower& one : followers->second) {
            if (!one.what.admits(entry.change)) {
                continue;
            }
            for (receiver* socket : one.who->sockets) {
                // The cursor keeps a change of two topics from coming twice, and what a resume gave already.
                if (socket->live && socket->cursor < pos) {
                    socket->cursor = pos;
                    socket->push(entry.frame ? entry.frame : frame_of(entry), frame_kind::durable);
                    ++delivered;
                }
            }
        }
    }
    pushed_ += delivered;
    return delivered;
}

/// Finds the sockets that get something of more than one topic, or not all of this one.
void live_hub::mark_followers(share of) {
    std::int64_t lowest_seq = 0;  // 0: none has one
    for (const auto& [topic, place] : of) {
        const std::int64_t seq = run_[place].change.seq;
        lowest_seq = seq != 0 && (lowest_seq == 0 || seq < lowest_seq) ? seq : lowest_seq;
    }
    const std::int64_t first_pos = run_[of.front().second].change.pos;
    for (const follower& one : topics_.find(of.front().first)->second) {
        const bool sees_all =
            first_pos > one.what.from && (lowest_seq == 0 || lowest_seq >= one.what.first_seq);
        for (receiver* const socket : one.who->sockets) {
            if (!socket->live) {
                continue;
            }
            const bool again = socket->run_ == run_number_;
            if (!again) {
                socket->run_ = run_number_;
                socket->apart_ = false;
            }
            if ((again || !sees_all || socket->cursor >= first_pos) && !socket->apart_) {
                socket->apart_ = true;
                apart_.push_back({one.who, socket});
            }
        }
    }
}

std::size_t live_hub::deliver_share(share of) {
    std::size_t delivered = 0;
    const std::int64_t last_pos = run_[of.back().second].change.pos;
    pieces_.clear();
    for (const follower& one : topics_.find(of.front().first)->second) {
        for (receiver* const socket : one.who->sockets) {
            if (!socket->live || socket->apart_) {
                continue;
            }
            if (pieces_.empty()) {
                join_frames(of);
            }
            socket->cursor = last_pos;
            for (const encoded_frame& piece : pieces_) {
                socket->push(piece, frame_kind::durable);
            }
            delivered += of.size();
            pushed_ += pieces_.size();
        }
    }
    return delivered;
}

/// Puts the frames of the share into pieces.
void live_hub::join_frames(share of) {
    if (of.size() == 1) {
        pieces_.push_back(frame_of(run_[of.front().second]));
        return;
    }
    std::size_t bytes = 0;
    for (const auto& [topic, place] : of) {
        bytes += frame_of(run_[place])->size();
    }
    std::string joined;
    joined.reserve(std::min(bytes, piece_bytes_max));
    std::uint32_t frames = 0;
    const auto close = [&] {
        pieces_.emplace_back(std::move(joined), frames);
        joined.clear();
        frames = 0;
    };
    for (const auto& [topic, place] : of) {
        const std::string& frame = *frame_of(run_[place]);
        if (frames > 0 && joined.size() + frame.size() > piece_bytes_max) {
            close();
        }
        joined += frame;
        ++frames;
    }
    close();
}

std::size_t live_hub::deliver_apart(const served_apart& one) {
    std::size_t delivered = 0;
    for (ring_entry& entry : std::span(run_).first(run_size_)) {
        const journal::published& change = entry.change;
        const bool told =
            !entry.skipped && one.socket->cursor < change.pos
            && std::any_of(change.topics.begin(), change.topics.end(), [&](journal::topic where) {
                   const followed* const known = find(one.who->topics, where);
                   return known != nullptr && known->admits(change);
               });
        if (told) {
            one.socket->cursor = change.pos;
            one.socket->push(frame_of(entry), frame_kind::durable);
            ++delivered;
        }
    }
    pushed_ += delivered;
    return delivered;
}

}  // namespace kith::gateway
