// The journal: which durable changes happened, in what order, for whom. It holds no content.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>
#include <kith/db.hpp>

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace kith {

class random_source;

namespace journal {

/// Where a change is heard of.
enum class topic_kind : std::uint8_t {
    user,  ///< a person's own devices
    conversation,  ///< the members of a conversation
    card,  ///< the public part of a person: friends and peers of direct conversations
};

/// A kind and an id, stored as one integer.
class topic {
public:
    constexpr topic() noexcept = default;
    constexpr topic(topic_kind kind, std::int64_t id) noexcept
        : packed_(id * 4 + static_cast<std::int64_t>(kind)) {}
    [[nodiscard]] static constexpr topic from_packed(std::int64_t packed) noexcept {
        topic made;
        made.packed_ = packed;
        return made;
    }
    [[nodiscard]] static constexpr topic of_user(user_id user) noexcept {
        return {topic_kind::user, user.value()};
    }
    [[nodiscard]] static constexpr topic of_card(user_id user) noexcept {
        return {topic_kind::card, user.value()};
    }
    template <class Id>
    [[nodiscard]] static constexpr topic of_conversation(Id conversation) noexcept {
        return {topic_kind::conversation, conversation.value()};
    }

    [[nodiscard]] constexpr topic_kind kind() const noexcept { return static_cast<topic_kind>(packed_ & 3); }
    [[nodiscard]] constexpr std::int64_t id() const noexcept { return packed_ >> 2; }
    [[nodiscard]] constexpr std::int64_t packed() const noexcept { return packed_; }
    friend constexpr auto operator<=>(topic, topic) noexcept = default;

private:
    std::int64_t packed_ = 0;
};

/// Characters of a key under which an answer is remembered, at most.
inline constexpr std::size_t idempotency_key_max = 64;

/// A change is told to at most this many topics at once.
inline constexpr std::size_t topics_max = 4;

/// A note as stored, one for each topic of a change.
struct note_row {
    std::int64_t pos = 0;
    topic where;
    std::string change;  ///< the event type, e.g. `message.created`
    std::int64_t thing = 0;  ///< the key by which the owning module finds what changed
    std::int64_t seq = 0;  ///< the message number where there is one, else 0
};

/// A committed change as it travels in memory, with the struct that the module noted.
struct published {
    std::int64_t pos = 0;
    std::string_view change;  ///< a literal
    std::int64_t thing = 0;
    std::int64_t seq = 0;
    std::vector<topic> topics;
    std::shared_ptr<const void> content;
    const std::type_info* type = nullptr;  ///< of content
};

/// The changes of one commit: positions first … last without a hole.
struct batch {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::vector<published> changes;
};

/// Hears every batch on the reactor, in order of commit, before the answers of its jobs. The hub of this node.
class tail {
public:
    virtual ~tail() = default;
    virtual void committed(batch changes) = 0;
};

/// Where the journal stands.
struct state {
    std::string epoch;  ///< another one after a restore or an import
    std::int64_t pos = 0;  ///< the head: the newest committed position
    std::int64_t horizon = 0;  ///< the highest position pruned
};

/// What a viewer follows; in a conversation only from message `first_seq` on, and only what came after they joined.
struct subscription {
    subscription() = default;
    subscription(topic followed, std::int64_t from, std::int64_t joined_pos = 0)
        : where(followed), first_seq(from), after(joined_pos) {}
    topic where;
    std::int64_t first_seq = 0;
    std::int64_t after = 0;  ///< changes up to this position are from before they followed it
};

[[nodiscard]] state read_state(snapshot& s);

/// The notes of `followed` in (after, up_to], in order of position, at most `limit` + 1 of them (one more than `limit`
/// tells that there are more). Messages below a subscription's first_seq are left out, and what came before it.
[[nodiscard]] std::vector<note_row> notes_between(snapshot& s, std::span<const subscription> followed,
                                                  std::int64_t after, std::int64_t up_to, std::size_t limit);
/// All notes in (after, head], whoever they are for; for readers.
[[nodiscard]] std::vector<note_row> notes_after(snapshot& s, std::int64_t after, std::size_t limit);

/// A change on its way into the journal; see note() in journal_tx.hpp.
struct change {
    std::string_view name;
    std::int64_t thing = 0;
    std::int64_t seq = 0;
    std::vector<topic> topics;
    std::shared_ptr<const void> content;
    const std::type_info* type = nullptr;
};

/// Gives positions inside each batch of writes and hands the committed batch to the tail.
class writer : public db::batch_participant {
public:
    /// The hub; set once, before the first write. Without one nothing is pushed.
    virtual void set_tail(tail& hub) = 0;
    /// Adds a change to the running job and returns its position. On the writer thread, inside a job.
    virtual std::int64_t append(transaction& t, change what) = 0;
};

[[nodiscard]] std::unique_ptr<writer> make_writer();

struct prune_limits {
    prune_limits() = default;
    prune_limits(std::chrono::seconds oldest, std::int64_t kept) : age(oldest), positions_max(kept) {}
    std::chrono::seconds age{30 * 86400};
    std::int64_t positions_max = 20'000'000;  ///< kept below the head
    std::int64_t step_max = 2000;  ///< pruned in one job
};
/// Deletes the notes of positions older than `age` or beyond `positions_max`, never past the cursor of a reader, and
/// raises the horizon in the same job; before that, what an earlier epoch has left below it. Returns how many positions went;
/// call again while that is `step_max`.
std::int64_t prune(transaction& t, const prune_limits& limits);

/// Gives the data a new epoch and raises the head above every stored position: for new data, and after restore, import
/// and migration. Every client that comes back gets a reset. To be run before the server takes calls: no other job of
/// its batch may note a change.
void begin_epoch(transaction& t, random_source& random);
/// In a copy of the data: takes the epoch away, so that a server started on it begins a new one. Without that, clients
/// that saw more than the copy holds would go on from positions that mean something else.
void mark_copy(transaction& t);

/// A durable follower of the journal with a stored cursor: search index, notifications, webhooks.
/// `handle` runs in a job: it reads rows and writes what it makes; the cursor moves in that same job by compare-and-set,
/// so two holders of the same name can never both succeed. One holder at a time by a lease on the database's clock.
class reader {
public:
    virtual ~reader() = default;
    /// Takes or renews the lease and handles the next notes. Returns how many were handled; 0: nothing new, or another
    /// holds the lease. Throws what `handle` threw: nothing moved then.
    virtual task<std::size_t> step() = 0;
    /// Gives the lease back.
    virtual task<void> release() = 0;
};
using reader_job = std::function<void(transaction&, std::span<const note_row>)>;

struct reader_options {
    std::string name;  ///< unique among readers
    std::string holder;  ///< unique among processes
    std::size_t notes_max = 1000;  ///< notes of one step
    std::chrono::seconds lease{30};
};
/// The newest position that the reader of this name has handled; nullopt before its first step.
[[nodiscard]] std::optional<std::int64_t> reader_position(snapshot& s, std::string_view name);
[[nodiscard]] std::unique_ptr<reader> make_reader(database& where, reader_options options, reader_job handle);

}  // namespace journal
}  // namespace kith
