// Who is here: online at the first socket, offline 30 s after the last; changes gathered for a second.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/gateway.hpp>
#include <kith/users.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kith::users {

/// The presence of one person, as an ephemeral event tells it.
struct presence_change {
    presence_change() = default;
    user_id user;
    presence_state presence = presence_state::offline;
    std::optional<timestamp> last_seen;  ///< none while online, and when never seen
};

/// A class without sockets or timers: the hub tells it who comes and goes, tick() lets time pass. On the reactor.
/// Of each person only the newest change waits, so what waits is bounded by the people, and none is dropped here.
class presence_board final : public presence, public gateway::connection_observer {
public:
    /// How long after the last socket a person is still online.
    static constexpr std::chrono::seconds grace{30};
    /// last_seen of a person is written at most this often.
    static constexpr std::chrono::seconds write_interval{60};
    /// First states sent to one socket in one go; the rest follows with the next ticks, so that its outbox holds.
    static constexpr std::size_t first_states_each = 200;

    using last_seen_list = std::vector<std::pair<user_id, timestamp>>;
    using render = std::function<std::string(const presence_change&)>;
    using write_last_seen = std::function<void(last_seen_list)>;

    presence_board(const clock_source& clock, render text, write_last_seen write)
        : clock_(clock), text_(std::move(text)), write_(std::move(write)) {}

    void set_hub(gateway::hub& people) {
        hub_ = &people;
        people.observe(*this);
    }
    /// What the database knew at the start.
    void load(const last_seen_list& known);
    /// About once a second.
    void tick();
    /// Writes down everyone's last_seen now.
    void flush();
    /// These could not be written: they are due again with the next round.
    void write_again(const last_seen_list& failed);

    void fill(user& who) const override;
    void user_connected(user_id user) override;
    void user_disconnected(user_id user) override;
    void caught_up(gateway::connection_id socket, user_id user,
                   const std::vector<journal::topic>& followed) override;

    [[nodiscard]] std::size_t online_count() const noexcept { return here_.size(); }

private:
    struct stay {
        bool connected = true;
        steady_time left;  ///< when the last socket went, unless connected
    };

    [[nodiscard]] presence_change state_of(user_id user) const;
    /// The next first states of one socket; true when none are left.
    bool send_first_states(gateway::connection_id socket, std::vector<user_id>& waiting);
    void write_due(bool all);

    const clock_source& clock_;
    render text_;
    write_last_seen write_;
    gateway::hub* hub_ = nullptr;
    std::unordered_map<user_id, stay> here_;
    std::unordered_map<user_id, timestamp> last_seen_;  ///< everyone's: 16 bytes a person
    std::unordered_set<user_id> changed_;  ///< since the last tick
    std::unordered_set<user_id> unwritten_;  ///< last_seen_ is newer than the database
    std::unordered_map<user_id, steady_time> written_;  ///< within the last interval
    std::unordered_map<gateway::connection_id, std::vector<user_id>> first_states_;
};

}  // namespace kith::users
