// Passing committed changes on: encode once, deliver in order, change subscriptions as the notes pass, keep a ring.
#include "live_hub.hpp"

#include "envelope.hpp"
#include "frame.hpp"

#include <kith/core/error.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>

namespace kith::gateway {

namespace {

encoded_frame make_frame(std::string_view text) {
    return encoded_frame(encode_text(text));
}

}  // namespace

std::vector<live_hub::followed>::iterator live_hub::place_of(std::vector<followed>& sorted,
                                                             journal::topic where) {
    return std::lower_bound(sorted.begin(), sorted.end(), where,
                            [](const followed& one, journal::topic wanted) { return one.where < wanted; });
}

live_hub::followed* live_hub::find(std::vector<followed>& sorted, journal::topic where) {
    const auto place = place_of(sorted, where);
    return place != sorted.end() && place->where == where ? &*place : nullptr;
}

/// The later knowledge of first_seq counts, and the earlier beginning.
void live_hub::insert(std::vector<followed>& into, const followed& what) {
    const auto place = place_of(into, what.where);
    if (place == into.end() || place->where != what.where) {
        into.insert(place, what);
        return;
    }
    place->first_seq = what.from >= place->from ? what.first_seq : place->first_seq;
    place->from = std::min(place->from, what.from);
}

void live_hub::erase(std::vector<followed>& from, journal::topic where) {
    if (followed* const found = find(from, where)) {
        from.erase(from.begin() + (found - from.data()));
    }
}

live_hub::live_hub(boost::asio::any_io_executor reactor, const registry& table, logger& log, metrics& metric,
                   const hub_options& options)
    : reactor_(std::move(reactor)),
      table_(table),
      log_(log),
      options_(options),
      deliveries_(metric.make_counter("kith_hub_deliveries_total", "Durable events handed to sockets")),
      changes_(metric.make_counter("kith_hub_changes_total", "Committed changes that passed the hub")),
      sockets_(metric.make_gauge("kith_sockets", "Authenticated sockets")),
      waiting_(metric.make_gauge("kith_hub_waiting_changes", "Committed changes not yet passed on")) {}

live_hub::~live_hub() {
    *alive_ = false;
}

bool live_hub::covers(std::int64_t pos) const noexcept {
    return pos >= pos_ || (!ring_.empty() && pos + 1 >= ring_.front().change.pos);
}

void live_hub::enter(receiver& socket) {
    std::unique_ptr<person>& entry = people_[socket.about.user];
    if (!entry) {
        entry = std::make_unique<person>();
        entry->user = socket.about.user;
    }
    entry->sockets.push_back(&socket);
    by_connection_.emplace(socket.about.id, &socket);
    ++entered_;
    sockets_.set(static_cast<double>(entered_));
    if (entry->sockets.size() > options_.sockets_per_user) {
        // Those that are closing already are still in the list until they have left.
        entry->sockets[entry->sockets.size() - options_.sockets_per_user - 1]->end(
            close_code::too_many_sockets, "too many sockets", false);
    }
}

void live_hub::leave(receiver& socket) {
    const auto found = people_.find(socket.about.user);
    if (found == people_.end() || std::erase(found->second->sockets, &socket) == 0) {
        return;
    }
    person& who = *found->second;
    by_connection_.erase(socket.about.id);
    --entered_;
    sockets_.set(static_cast<double>(entered_));
    const bool was_last_live = socket.live && --who.live == 0;
    socket.live = false;
    if (was_last_live) {
        drop_topics(who);
    }
    const user_id user = who.user;
    if (who.sockets.empty()) {
        people_.erase(found);
    }
    if (was_last_live) {
        for (connection_observer* observer : observers_) {
            observer->user_disconnected(user);
        }
    }
}

bool live_hub::go_live(receiver& socket, std::int64_t pos,
                       std::span<const journal::subscription> subscriptions) {
    if (!covers(pos)) {
        return false;
    }
    person* who = find_person(socket.about.user);
    KITH_ASSERT(who != nullptr && !socket.live);
    std::vector<live_hub::followed> topics;
    for (const journal::subscription& one : subscriptions) {
        insert(topics, {one.where, one.first_seq, pos});
    }
    socket.cursor = std::max(socket.cursor, pos);
    for (ring_entry& entry : ring_) {
        const journal::published& change = entry.change;
        if (change.pos <= pos) {
            continue;
        }
        const bool told = std::any_of(change.topics.begin(), change.topics.end(), [&](journal::topic where) {
            const live_hub::followed* const entry_of = find(topics, where);
            return entry_of != nullptr && entry_of->admits(change);
        });
        if (told) {
            socket.cursor = change.pos;
            socket.push(frame_of(entry), frame_kind::durable);
        }
        for (const effect& what : entry.effects) {
            if (what.user == socket.about.user && what.what == effect::kind::follow) {
                erase(topics, what.where);
                insert(topics, {what.where, what.first_seq, change.pos});
            } else if (what.user == socket.about.user && what.what == effect::kind::unfollow) {
                erase(topics, what.where);
            }
        }
    }
    socket.live = true;
    for (const live_hub::followed& one : topics) {
        follow(*who, one);
    }
    if (++who->live == 1) {
        for (connection_observer* observer : observers_) {
            observer->user_connected(who->user);
        }
    }
    return true;
}

void live_hub::tell_caught_up(receiver& socket) {
    const person* who = find_person(socket.about.user);
    if (who == nullptr || !socket.live) {
        return;
    }
    std::vector<journal::topic> topics;
    for (const followed& one : who->topics) {
        topics.push_back(one.where);
    }
    for (connection_observer* observer : observers_) {
        observer->caught_up(socket.about.id, who->user, topics);
    }
}

void live_hub::committed(journal::batch changes) {
    const std::int64_t expected = pos_ + static_cast<std::int64_t>(run_.size() + pending_.size()) + 1;
    if (changes.first != expected) {
        log_.warn("the journal moved without this hub; sockets resume from it",
                  {{"expected", expected}, {"first", changes.first}});
        cut_everyone(changes.last);
        return;
    }
    if (pending_.size() > options_.ring_max) {
        log_.warn("pushing falls behind the commits; sockets resume", {{"waiting", pending_.size()}});
        cut_everyone(changes.last);
        return;
    }
    std::move(changes.changes.begin(), changes.changes.end(), std::back_inserter(pending_));
    if (!turn_posted_) {
        pass_pending();
    }
}

/// Passes what waits, in order, but not more than a turn's worth.
void live_hub::pass_pending() {
    turn_posted_ = false;
    std::size_t delivered = 0;
    std::size_t passed = 0;
    std::size_t bytes = 0;
    pushed_ = 0;
    while (!(run_.empty() && pending_.empty()) && pushed_ < pushes_per_turn && passed < changes_per_turn
           && bytes < bytes_per_turn) {
        take_run();
        bytes += run_bytes_;
        delivered += deliver_run();
        passed += run_size_;
        close_run();
    }
    deliveries_.add(static_cast<double>(delivered));
    waiting_.set(static_cast<double>(run_.size() + pending_.size()));
    if (!run_.empty() || !pending_.empty()) {
        turn_posted_ = true;
        boost::asio::post(reactor_, [this, alive = alive_] {
            if (*alive) {
                pass_pending();
            }
        });
    }
}

/// The next changes, up to one that changes who follows what: that one is the last of its run. What an earlier run left is
/// the next one.
void live_hub::take_run() {
    run_topics_.clear();
    run_followers_ = 0;
    run_bytes_ = 0;
    while (run_.empty()
           || (!pending_.empty() && run_.size() < run_max && run_followers_ < pushes_per_turn
               && run_bytes_ < bytes_per_turn && run_.back().effects.empty())) {
        ring_entry entry;
        entry.change = std::move(pending_.front());
        pending_.pop_front();
        entry.type = table_.find_event(entry.change.change);
        KITH_ASSERT(entry.type != nullptr && *entry.type->content == *entry.change.type);
        if (entry.type->effects) {
            entry.effects = entry.type->effects(entry.change.content.get(), entry.change.topics);
        }
        entry.skipped = options_.skip_some && entry.change.pos % 7 == 0;
        if (count_followers(entry.change)) {
            run_bytes_ += frame_of(entry)->size();
        }
        run_.push_back(std::move(entry));
    }
    run_size_ = run_.size();
}

/// Whether anybody hears of the change.
bool live_hub::count_followers(const journal::published& change) {
    bool heard = false;
    for (const journal::topic where : change.topics) {
        const auto followers = topics_.find(where.packed());
        if (followers == topics_.end()) {
            continue;
        }
        heard = true;
        if (std::find(run_topics_.begin(), run_topics_.end(), where) == run_topics_.end()) {
            run_topics_.push_back(where);
            run_followers_ += followers->second.size();
        }
    }
    return heard;
}

void live_hub::close_run() {
    const auto end = run_.begin() + static_cast<std::ptrdiff_t>(run_size_);
    const ring_entry& last = *(end - 1);
    pos_ = last.change.pos;
    for (const effect& what : last.effects) {
        apply(what, pos_);
    }
    changes_.add(static_cast<double>(run_size_));
    for (auto entry = run_.begin(); entry != end; ++entry) {
        if (!entry->skipped) {
            ring_.push_back(std::move(*entry));
        }
    }
    run_.erase(run_.begin(), end);
    while (ring_.size() > options_.ring_max) {
        ring_.pop_front();
    }
}

const encoded_frame& live_hub::frame_of(ring_entry& entry) {
    if (!entry.frame) {
        entry.frame = encoded_frame(durable_frame(entry.type->type, entry.change.pos,
                                                  entry.type->encode(entry.change.content.get())));
        entry.change.content.reset();
    }
    return entry.frame;
}

void live_hub::apply(const effect& what, std::int64_t at) {
    person* who = find_person(what.user);
    if (who == nullptr) {
        return;
    }
    switch (what.what) {
    case effect::kind::follow:
        if (who->live > 0) {
            unfollow(*who, what.where);  // what held before this change is over
            follow(*who, {what.where, what.first_seq, at});
        }
        return;
    case effect::kind::unfollow: unfollow(*who, what.where); return;
    case effect::kind::end_session:
    case effect::kind::end_user: end_sockets(what); return;
    }
}

void live_hub::end_sockets(const effect& what) {
    const std::vector<receiver*> sockets = find_person(what.user)->sockets;
    for (receiver* socket : sockets) {
        if (what.what == effect::kind::end_user || socket->about.session == what.session) {
            socket->end(close_code::token_over, "the session has ended", false);
        }
    }
}

void live_hub::follow(person& who, followed what) {
    const followed* const known = find(who.topics, what.where);
    if (known == nullptr) {
        insert(who.topics, what);
        topics_[what.where.packed()].push_back({&who, what});
        return;
    }
    const followed before = *known;
    insert(who.topics, what);
    const followed after = *find(who.topics, what.where);
    if (after.first_seq == before.first_seq && after.from == before.from) {
        return;
    }
    for (follower& one : topics_[what.where.packed()]) {
        if (one.who == &who) {
            one.what = after;
            return;
        }
    }
}

void live_hub::unfollow(person& who, journal::topic where) {
    if (find(who.topics, where) == nullptr) {
        return;
    }
    erase(who.topics, where);
    const auto followers = topics_.find(where.packed());
    std::erase_if(followers->second, [&who](const follower& one) { return one.who == &who; });
    if (followers->second.empty()) {
        topics_.erase(followers);
    }
}

void live_hub::drop_topics(person& who) {
    const std::vector<followed> topics = who.topics;
    for (const followed& one : topics) {
        unfollow(who, one.where);
    }
}

void live_hub::cut_everyone(std::int64_t now_at) {
    run_.clear();
    pending_.clear();
    ring_.clear();
    pos_ = now_at;
    for (const auto& [id, socket] : by_connection_) {
        socket->end(close_code::going_away, "resume from the journal", true);
    }
}

void live_hub::send_ephemeral(journal::topic where, std::string_view type, std::string_view data,
                              user_id except) {
    const auto followers = topics_.find(where.packed());
    if (followers == topics_.end()) {
        return;
    }
    encoded_frame frame;
    for (const follower& one : followers->second) {
        for (receiver* socket : one.who->sockets) {
            if (socket->live && one.who->user != except) {
                frame = frame ? frame : make_frame(ephemeral_text(type, data));
                socket->push(frame, frame_kind::ephemeral);
            }
        }
    }
}

void live_hub::send_ephemeral(connection_id socket, std::string_view type, std::string_view data) {
    const auto found = by_connection_.find(socket);
    if (found != by_connection_.end() && found->second->live) {
        found->second->push(make_frame(ephemeral_text(type, data)), frame_kind::ephemeral);
    }
}

bool live_hub::connected(user_id user) const {
    const person* who = find_person(user);
    return who != nullptr && who->live > 0;
}

bool live_hub::follows(user_id user, journal::topic where) const {
    person* const who = find_person(user);
    return who != nullptr && find(who->topics, where) != nullptr;
}

std::vector<connection> live_hub::connections() const {
    std::vector<connection> all;
    all.reserve(by_connection_.size());
    for (const auto& [id, socket] : by_connection_) {
        all.push_back(socket->about);
    }
    return all;
}

live_hub::person* live_hub::find_person(user_id user) const {
    const auto found = people_.find(user);
    return found == people_.end() ? nullptr : found->second.get();
}

}  // namespace kith::gateway
