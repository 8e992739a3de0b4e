// Keeping the index behind the journal: what one step does, and the loop of steps.
#pragma once

#include "store.hpp"

#include <kith/core/metrics.hpp>
#include <kith/core/wait.hpp>
#include <kith/journal.hpp>
#include <kith/search.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::search {

/// Notes of one step. At some 10 µs for a message a step keeps other writes waiting for about a millisecond.
inline constexpr std::size_t step_notes = 100;
/// Messages of one step while the index is filled.
inline constexpr std::int64_t fill_step = 100;
/// Rows of one step while the index is emptied.
inline constexpr std::int64_t clear_step = 2000;
/// Pages that one step of a purge writes.
inline constexpr std::int64_t purge_pages = 64;
/// How long entries that were taken out may stay in the pages of the index.
inline constexpr std::chrono::hours purge_after{24};
/// After something was committed, so long is gathered what else comes.
inline constexpr std::chrono::milliseconds gather_time{150};
/// How often is looked whether there is something to do that no commit tells of.
inline constexpr std::chrono::minutes look_time{30};
/// After a step that failed.
inline constexpr std::chrono::seconds retry_time{5};
inline constexpr std::string_view reader_name = "search";

// Steps, each of a job.

/// Brings the index in line with the messages that the notes name, as they are now.
void index_notes(transaction& t, std::span<const journal::note_row> notes);
/// At the start: decides whether the index is to be made anew.
void check_index(transaction& t);
void begin_rebuild(transaction& t);
/// One step of the phase that the index is in, other than following.
void clear_some(transaction& t);
void fill_some(transaction& t);
/// One step of merging what was taken out away.
void purge_some(transaction& t);

/// Where the index stands, as one read sees it.
struct progress {
    progress() = default;
    store::phase phase = store::phase::following;
    std::int64_t head = 0;
    std::int64_t reached = 0;
    std::int64_t removed = 0;
    timestamp purged_at;
    bool purging = false;
};

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
    /// Until something is committed, or for look_time at most.
    task<void> sleep();
    task<void> rest(std::chrono::milliseconds time);
    void wake();

    database& store_;
    const clock_source& clock_;
    logger& log_;
    gauge& behind_;
    std::unique_ptr<journal::reader> reader_;
    std::optional<boost::asio::steady_timer> timer_;
    bool running_ = false;
    bool stopping_ = false;
    bool pending_ = false;  ///< something was committed since the last step began
    bool asleep_ = false;
};

}  // namespace kith::search
