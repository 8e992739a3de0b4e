// The hub: takes committed batches in order and hands each change to the sockets that follow it. No sockets in here.
#pragma once

#include "frame.hpp"
#include "outbox.hpp"

#include <kith/gateway.hpp>
#include <kith/gateway/registry.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace kith {
class counter;
class gauge;
class logger;
class metrics;
}  // namespace kith

namespace kith::gateway {

/// What the hub sees of an authenticated socket. Owned by the socket's side; entered and left there.
class receiver {
public:
    virtual ~receiver() = default;
    /// Queues a frame; never fails and never calls back into the hub.
    virtual void push(const encoded_frame& frame, frame_kind kind) = 0;
    /// Begins to close with `code` of protocol.md. `retry` asks the client to come back after a wait. Never calls back
    /// into the hub.
    virtual void end(close_code code, std::string_view reason, bool retry) = 0;

    connection about;  ///< who and from where
    std::int64_t cursor = 0;  ///< the newest position it was given, or began from
    bool live = false;  ///< gets events as they pass

private:
    friend class live_hub;
    std::uint64_t run_ = 0;  ///< the last run of changes of which it is to get something
    bool apart_ = false;  ///< in that run it is served change by change
};

struct hub_options {
    std::size_t ring_max = 16384;
    std::size_t sockets_per_user = 10;
    bool skip_some = false;  ///< a mutation for the oracle's own check: some changes are not delivered
};

class live_hub final : public hub, public journal::tail {
public:
    /// What is passed in one turn of the reactor, but for the run that goes beyond: pieces handed to sockets, changes, and bytes
    /// of their frames. The rest goes on in the next turn, in order. Sockets write between two turns, and an outbox holds
    /// several turns' bytes, so that who reads at all is not taken for too slow.
    static constexpr std::size_t pushes_per_turn = 10'000;
    static constexpr std::size_t changes_per_turn = 512;
    static constexpr std::size_t bytes_per_turn = 256U << 10U;
    /// Changes that are passed together, and bytes of what one socket gets as one piece of them.
    static constexpr std::size_t run_max = 64;
    static constexpr std::size_t piece_bytes_max = 65'536;

    live_hub(boost::asio::any_io_executor reactor, const registry& table, logger& log, metrics& metric,
             const hub_options& options);
    ~live_hub() override;

    /// Where the journal stood when the server started.
    void start_at(std::int64_t pos) { pos_ = pos; }
    /// The newest position that was passed on.
    [[nodiscard]] std::int64_t pos() const noexcept { return pos_; }
    /// Whether every change after `pos` is still in the ring.
    [[nodiscard]] bool covers(std::int64_t pos) const noexcept;

    /// A socket has said who it is. Beyond the bound the user's oldest socket is closed with 4009.
    void enter(receiver& socket);
    /// It is gone.
    void leave(receiver& socket);
    /// Makes `socket` live in this very turn: it has all up to `pos`, where its user followed `subscriptions`; what the ring
    /// holds beyond is pushed now. False when the ring does not reach back to `pos`: nothing has happened then.
    bool go_live(receiver& socket, std::int64_t pos, std::span<const journal::subscription> subscriptions);
    /// Tells the observers, after the frame `caught_up` or the first answer.
    void tell_caught_up(receiver& socket);

    void committed(journal::batch changes) override;

    void send_ephemeral(journal::topic where, std::string_view type, std::string_view data,
                        user_id except) override;
    void send_ephemeral(connection_id socket, std::string_view type, std::string_view data) override;
    [[nodiscard]] bool connected(user_id user) const override;
    [[nodiscard]] bool follows(user_id user, journal::topic where) const override;
    [[nodiscard]] std::size_t connection_count() const noexcept override { return entered_; }
    [[nodiscard]] std::vector<connection> connections() const override;
    void observe(connection_observer& who) override { observers_.push_back(&who); }

private:
    /// What a person follows, and since when.
    struct followed {
        journal::topic where;
        std::int64_t first_seq = 0;
        /// Changes up to here are not told by this entry: it was learnt by a socket that had them already, and whether the
        /// person followed before is for the notes in between to say.
        std::int64_t from = 0;

        [[nodiscard]] bool admits(const journal::published& change) const noexcept {
            return change.pos > from && (change.seq == 0 || change.seq >= first_seq);
        }
    };
    struct person;
    /// The same entry where deliveries find it.
    struct follower {
        person* who = nullptr;
        followed what;
    };
    struct person {
        user_id user;
        std::vector<receiver*> sockets;  ///< in order of coming
        std::size_t live = 0;
        std::vector<followed> topics;  ///< sorted; kept while somebody is live
    };
    /// A change that passed, kept for those who come back. Encoded when somebody first needs it.
    struct ring_entry {
        journal::published change;
        const event* type = nullptr;
        encoded_frame frame;
        std::vector<effect> effects;
        bool skipped = false;  ///< see hub_options::skip_some
    };

    /// A socket that gets the changes of a run one by one.
    struct served_apart {
        person* who = nullptr;
        receiver* socket = nullptr;
    };
    /// The changes of a run that one topic tells of.
    using share = std::span<const std::pair<std::int64_t, std::uint32_t>>;

    void pass_pending();
    void take_run();
    [[nodiscard]] bool count_followers(const journal::published& change);
    void close_run();
    // live_delivery.cpp
    std::size_t deliver_run();
    void share_out();
    std::size_t deliver(ring_entry& entry);
    void mark_followers(share of);
    std::size_t deliver_share(share of);
    std::size_t deliver_apart(const served_apart& one);
    void join_frames(share of);
    void apply(const effect& what, std::int64_t at);
    void end_sockets(const effect& what);
    void follow(person& who, followed what);
    void unfollow(person& who, journal::topic where);
    void drop_topics(person& who);
    void cut_everyone(std::int64_t now_at);
    const encoded_frame& frame_of(ring_entry& entry);
    person* find_person(user_id user) const;

    static std::vector<followed>::iterator place_of(std::vector<followed>& sorted, journal::topic where);
    static followed* find(std::vector<followed>& sorted, journal::topic where);
    static void insert(std::vector<followed>& into, const followed& what);
    static void erase(std::vector<followed>& from, journal::topic where);

    boost::asio::any_io_executor reactor_;
    const registry& table_;
    logger& log_;
    hub_options options_;
    counter& deliveries_;
    counter& changes_;
    gauge& sockets_;
    gauge& waiting_;

    std::int64_t pos_ = 0;
    std::deque<journal::published> pending_;
    std::vector<ring_entry> run_;  ///< the next changes to be passed
    std::size_t run_size_ = 0;  ///< so many of them now; what is left comes next
    std::uint64_t run_number_ = 0;
    std::vector<std::pair<std::int64_t, std::uint32_t>> told_;  ///< of the run: topic and place, sorted
    std::vector<share> shares_;  ///< of the run, by topic
    std::vector<served_apart> apart_;  ///< of the run
    std::vector<encoded_frame> pieces_;  ///< of one share
    std::vector<journal::topic> run_topics_;  ///< that somebody follows
    std::size_t run_followers_ = 0;  ///< of all of them
    std::size_t run_bytes_ = 0;  ///< of its frames
    std::size_t pushed_ = 0;  ///< in this turn
    bool turn_posted_ = false;
    std::deque<ring_entry> ring_;
    std::unordered_map<user_id, std::unique_ptr<person>> people_;
    std::unordered_map<std::int64_t, std::vector<follower>> topics_;
    std::unordered_map<connection_id, receiver*> by_connection_;
    std::vector<connection_observer*> observers_;
    std::size_t entered_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< posted handlers may outlive the hub
};

}  // namespace kith::gateway
