// The writer on MariaDB: one connection, batches that run again, and a lost COMMIT that is settled.
#include "mysql_writer.hpp"

#include "mysql_nodes.hpp"
#include "transfer_mark.hpp"

#include <algorithm>
#include <utility>

namespace kith::db {
namespace {

/// How often a batch runs before its callers are told that the database is busy.
constexpr int attempts_max = 8;
/// Pauses between attempts to connect, and those after a deadlock, whose other side goes on at once.
constexpr std::chrono::milliseconds pause_first{50};
constexpr std::chrono::milliseconds deadlock_pause_first{2};
constexpr std::chrono::milliseconds pause_max{2000};
/// A connection that was idle for this long is asked whether it still is one.
constexpr std::chrono::milliseconds idle_check{900};
/// Files of 64 KiB or more that a full disk must take before everything is written again: InnoDB lets a large table grow by
/// four megabytes. They are made and not written to, because a server may not survive to undo what found no space.
constexpr const char* space_wanted =
    " (number INT) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin "
    "PARTITION BY HASH (number) PARTITIONS 80";

}  // namespace

mysql_writer::mysql_writer(const options& settings, const deps& needs, store_state& state)
    : batch_writer(settings, needs, state),
      server_(settings.server.value()),
      connection_(server_, mysql_connection::use::write, std::chrono::milliseconds(0)),
      jitter_(std::random_device{}()) {}

void mysql_writer::open_blocking() {
    const std::int64_t last = connection_.number();
    connection_.open();
    try {
        take_node(connection_, server_.node, last);
        // A transfer may have had the node until now, and have been killed.
        refuse_unfinished(connection_, server_.where.text());
        batch_ = std::max(batch_, lock_node(connection_, server_.node));
        connection_.run("COMMIT");
    } catch (...) {
        connection_.close();
        throw;
    }
    used_at_ = clock_.steady_now();
    failures_ = 0;
    state_.set_away(false);
}

std::exception_ptr mysql_writer::refusal(write_kind kind) const {
    if (std::exception_ptr why = batch_writer::refusal(kind)) {
        return why;
    }
    return state_.away() ? server_is_away() : nullptr;
}

void mysql_writer::tend(bool idle) {
    attempts_ = 0;
    if (!idle) {
        return;
    }
    if (!connection_.is_open()) {
        (void)connect();
    } else if (clock_.steady_now() - used_at_ > idle_check) {
        used_at_ = clock_.steady_now();
        try {
            connection_.run("DO 0");
        } catch (const mysql_error& e) {
            lose_connection(e.what());
            (void)connect();
        }
    }
    if (state_.full() && connection_.is_open()) {
        try_for_space();
    }
}

void mysql_writer::found_full() {
    state_.disk_is_full();
    next_space_try_ = clock_.steady_now() + settings_.space_check;
}

void mysql_writer::try_for_space() {
    if (clock_.steady_now() < next_space_try_) {
        return;
    }
    next_space_try_ = clock_.steady_now() + settings_.space_check;
    const std::string node = std::to_string(server_.node);
    const std::string drop = "DROP TABLE IF EXISTS db_space_" + node;
    bool room = true;  // for all that a trial which is not allowed can tell: the next write finds out
    try {
        connection_.run(drop);
        connection_.run("CREATE TABLE db_space_" + node + space_wanted);
    } catch (const mysql_error& e) {
        room = !e.is_full() && !e.is_lost();
    }
    try {
        connection_.run(drop);
        connection_.run("COMMIT");
    } catch (const mysql_error& e) {
        lose_connection(e.what());
    }
    if (room) {
        state_.server_has_space();
    }
}

void mysql_writer::lose_connection(const std::string& why) {
    log_.warn("the connection to the database server was lost", {{"cause", why}});
    connection_.close();
    lost_at_ = clock_.steady_now();
    next_attempt_ = lost_at_;
    failures_ = 0;
}

std::chrono::milliseconds mysql_writer::next_pause(std::chrono::milliseconds first) {
    const auto longest = std::min(pause_max, first * (1 << std::min(failures_, 6)));
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(longest.count() / 2, longest.count())(jitter_));
}

bool mysql_writer::connect() {
    if (clock_.steady_now() < next_attempt_) {
        return false;
    }
    try {
        open_blocking();
        return true;
    } catch (const std::exception& e) {
        next_attempt_ = clock_.steady_now() + next_pause(pause_first);
        ++failures_;
        state_.set_away(true, e.what());
        return false;
    }
}

bool mysql_writer::wait_for_connection() {
    while (!connection_.is_open() && !connect()) {
        if (stopping() || clock_.steady_now() - lost_at_ >= server_.away_patience) {
            return false;
        }
        (void)pause(next_pause(pause_first));
    }
    return true;
}

std::exception_ptr mysql_writer::begin(timestamp now) {
    if (!wait_for_connection()) {
        return server_is_away();
    }
    running_.emplace(connection_, now);
    connection_.forget_failure();
    connection_.together().forget_known();
    try {
        // The node's own row before anything else: once it is locked, whoever waits for that lock waits for the end of this
        // batch, even when the connection is lost.
        note_batch(connection_, server_.node, ++batch_);
    } catch (...) {
        return give_up(std::current_exception(), true);
    }
    return nullptr;
}

void mysql_writer::ask_waiting() {
    try {
        connection_.together().ask();
    } catch (const mysql_error&) {
        if (connection_.failure()) {
            throw;
        }
        connection_.together().forget_known();  // each job asks for itself
    }
}

void mysql_writer::before_job() {
    connection_.begin_job();
    changes_before_ = connection_.changes();
}

void mysql_writer::check_job(bool guarded) {
    if (guarded) {
        connection_.together().send_held();
        connection_.wait();
    }
}

std::exception_ptr mysql_writer::gone() {
    KITH_ASSERT(connection_.open_cursors() == 0);  // a cursor outlived its job
    if (connection_.failure()) {
        return connection_.failure();
    }
    if (connection_.earlier_job_failed()) {
        throw undo_needed();  // the next run waits for the answers of each job at its end
    }
    return nullptr;
}

std::exception_ptr mysql_writer::undo_to_savepoint() {
    connection_.together().forget_held();
    connection_.together().forget_known();
    connection_.drain();
    return connection_.failure() ? connection_.failure() : control("ROLLBACK TO SAVEPOINT kith_job");
}

std::exception_ptr mysql_writer::control(const char* sql) {
    try {
        connection_.run(sql);
        return nullptr;
    } catch (...) {
        return std::current_exception();
    }
}

void mysql_writer::commit_blocking() {
    committed_ = commit_state::done;
    if (std::exception_ptr failed = control("COMMIT")) {
        lose_connection(text_of(failed));
        committed_ = settle();
    }
    used_at_ = clock_.steady_now();
}

mysql_writer::commit_state mysql_writer::settle() {
    const std::int64_t wanted = batch_;
    for (;;) {
        try {
            if (connection_.is_open() || connect()) {
                const std::int64_t stored = lock_node(connection_, server_.node);
                connection_.run("COMMIT");
                return stored == wanted ? commit_state::done : commit_state::undone;
            }
        } catch (const mysql_error& e) {
            lose_connection(e.what());
            next_attempt_ = clock_.steady_now() + next_pause(pause_first);
        }
        if (!pause(next_pause(pause_first))) {
            return commit_state::unknown;
        }
    }
}

std::exception_ptr mysql_writer::outcome() {
    if (committed_ == commit_state::done) {
        return nullptr;
    }
    forget_batch();
    if (committed_ == commit_state::unknown) {
        return std::make_exception_ptr(
            error(error_code::outcome_unknown,
                  "the database server went away in the commit: whether this was done is not known"));
    }
    if (++attempts_ < attempts_max) {
        throw run_again();
    }
    return server_is_away();
}

bool mysql_writer::roll_back() {
    if (connection_.is_open()) {
        connection_.together().forget_held();
        connection_.drain();
        connection_.forget_failure();
        if (std::exception_ptr failed = control("ROLLBACK")) {
            lose_connection(text_of(failed));
        }
    }
    return true;  // without a connection the server undoes it
}

std::exception_ptr mysql_writer::give_up(std::exception_ptr cause, bool) {
    // What ended the transaction counts, not what a job made of it.
    std::exception_ptr ended = connection_.failure() ? connection_.failure() : cause;
    const bool lost = is_lost(ended);
    if (lost) {
        lose_connection(text_of(ended));
    } else {
        (void)roll_back();
    }
    if ((lost || is_contention(ended)) && ++attempts_ < attempts_max && !stopping()) {
        if (!lost) {
            failures_ = attempts_;
            (void)pause(next_pause(deadlock_pause_first));
        }
        throw run_again();
    }
    return ended;
}

}  // namespace kith::db
