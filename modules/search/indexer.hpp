// Keeping the index behind the journal: the loop of steps.
#pragma once

#include "steps.hpp"

#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/wait.hpp>
#include <kith/journal.hpp>
#include <kith/search.hpp>

#include <chrono>
#include <optional>

namespace kith::search {

/// After something was committed, so long is gathered what else comes.
inline constexpr std::chrono::milliseconds gather_time{150};
/// How often is looked whether there is something to do that no commit tells of.
inline constexpr std::chrono::minutes look_time{30};
/// After a step that failed.
inline constexpr std::chrono::seconds retry_time{5};

class indexer {
public:
    explicit indexer(const deps& needs);

    task<void> run();
    void committed(const journal::batch& changes);
    void stop();
    task<void> rebuild();
    task<status> read_status();
    /// One step of whatever is to be done, false when little is left: what run() does, and rebuild() without it.
    task<bool> step();

private:
    /// The notes behind `reached`, a step's worth; true when there are more.
    task<bool> follow(std::int64_t reached);
    task<bool> purge(const store::state& now);
    /// Until something is committed, or for look_time at most.
    task<void> sleep();
    task<void> rest(std::chrono::milliseconds time);
    void wake();

    database& store_;
    database& index_;
    const clock_source& clock_;
    logger& log_;
    lasting_warning trouble_;
    gauge& behind_;
    std::optional<boost::asio::steady_timer> timer_;
    bool running_ = false;
    bool stopping_ = false;
    bool pending_ = false;  ///< something was committed since the last step began
    bool asleep_ = false;
};

}  // namespace kith::search
