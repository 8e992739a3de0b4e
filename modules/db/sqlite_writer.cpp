// The writer on SQLite: one connection, and the WAL tended between two batches.
#include "sqlite_writer.hpp"

#include <sqlite3.h>

#include <utility>

namespace kith::db {
namespace {

std::exception_ptr fault(int code, const char* doing) {
    return std::make_exception_ptr(
        sqlite_error(code, std::string(doing) + " failed: SQLite " + std::to_string(code)));
}

/// Null for success.
std::exception_ptr verdict(int code, const char* doing) {
    return code == SQLITE_OK ? nullptr : fault(code, doing);
}

}  // namespace

std::exception_ptr sqlite_writer::refusal(write_kind kind) const {
    if (std::exception_ptr why = batch_writer::refusal(kind)) {
        return why;
    }
    return state_.wal_bytes() > settings_.wal_bytes_max ? overloaded("too much was written at once")
                                                        : nullptr;
}

void sqlite_writer::tend(bool idle) {
    if ((idle || state_.wal_bytes() > settings_.wal_bytes_max) && wal_.restart_due()) {
        wal_.restart(connection_);
    }
}

std::exception_ptr sqlite_writer::begin(timestamp now) {
    running_.emplace(connection_, now);
    connection_.forget_failure();
    const int code = connection_.control("BEGIN IMMEDIATE");
    const int primary = code & 0xff;
    if (code != SQLITE_OK && primary != SQLITE_BUSY && primary != SQLITE_FULL) {
        state_.stop_writing("BEGIN failed: SQLite " + std::to_string(code));
        return writing_is_off();  // nothing of the batch was tried
    }
    return verdict(code, "BEGIN");
}

void sqlite_writer::before_job() {
    connection_.forget_failure();
    changes_before_ = connection_.total_changes();
}

void sqlite_writer::check_job(bool) {
    if (!connection_.foreign_keys_hold()) {
        throw sqlite_error(SQLITE_CONSTRAINT_FOREIGNKEY,
                           "a deferred foreign key does not hold at the job's end");
    }
}

std::exception_ptr sqlite_writer::gone() {
    KITH_ASSERT(connection_.open_cursors() == 0);  // a cursor outlived its job
    if (connection_.in_transaction()) {
        return nullptr;
    }
    const int why = connection_.last_failure();
    return fault(why == 0 ? SQLITE_ABORT : why, "a job ended the transaction; it");
}

std::exception_ptr sqlite_writer::set_savepoint() {
    return verdict(connection_.control("SAVEPOINT kith_job"), "SAVEPOINT");
}

std::exception_ptr sqlite_writer::undo_to_savepoint() {
    return verdict(connection_.control("ROLLBACK TO kith_job"), "ROLLBACK TO");
}

std::exception_ptr sqlite_writer::release_savepoint() {
    return verdict(connection_.control("RELEASE kith_job"), "RELEASE");
}

std::exception_ptr sqlite_writer::outcome() {
    if (commit_code_ == SQLITE_OK) {
        return nullptr;
    }
    forget_batch();
    if ((commit_code_ & 0xff) == SQLITE_FULL) {
        return give_up(fault(commit_code_, "COMMIT"), false);
    }
    (void)connection_.roll_back();  // whatever it says, only the next start can know
    return unknown("COMMIT failed: SQLite " + std::to_string(commit_code_));
}

std::exception_ptr sqlite_writer::give_up(std::exception_ptr cause, bool transaction_lost) {
    const bool ended = connection_.roll_back();
    const int code = sqlite_code(cause) != 0 ? sqlite_code(cause) : (connection_.last_failure() & 0xff);
    if (!ended) {
        return unknown("ROLLBACK failed after: " + text_of(cause));
    }
    if (transaction_lost && code != SQLITE_FULL) {
        return unknown(text_of(cause));
    }
    return code == SQLITE_FULL ? fault(SQLITE_FULL, "the batch") : cause;
}

void sqlite_writer::found_full() {
    state_.disk_is_full();
    wal_.wake();  // it looks for space
}

}  // namespace kith::db
