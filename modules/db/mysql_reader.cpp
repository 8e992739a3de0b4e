// A reader on MariaDB: a connection that can only read, one snapshot for each job.
#include "mysql_reader.hpp"

#include "store_state.hpp"

namespace kith::db {
namespace {

/// After an attempt to connect that failed, reads are refused at once for this long.
constexpr std::chrono::milliseconds attempt_pause{500};

}  // namespace

mysql_reader::mysql_reader(const options& settings, const clock_source& clock)
    : clock_(clock), on_(settings.server.value(), mysql_connection::use::read, settings.read_timeout) {
    on_.interrupt_when([this] { return clock_.steady_now() >= deadline_; });
}

std::exception_ptr mysql_reader::connect() {
    if (on_.is_open()) {
        return nullptr;
    }
    if (clock_.steady_now() < next_attempt_) {
        return server_is_away();
    }
    try {
        deadline_ = steady_time::max();
        on_.open();
        return nullptr;
    } catch (...) {
        next_attempt_ = clock_.steady_now() + attempt_pause;
        return std::current_exception();
    }
}

std::exception_ptr mysql_reader::run(read_job& job, steady_time deadline) {
    // A connection that was lost while it was idle shows so in the first statement: the job runs again on a new one.
    for (bool again = true;; again = false) {
        if (std::exception_ptr failed = connect()) {
            return failed;
        }
        deadline_ = deadline;
        on_.forget_failure();
        on_.together().forget_known();
        statements_before_ = on_.statements();
        std::exception_ptr failed;
        try {
            mysql_snapshot state(on_);
            job.run(state);
        } catch (...) {
            failed = std::current_exception();
        }
        KITH_ASSERT(on_.open_cursors() == 0);  // a cursor outlived its job
        std::exception_ptr lost = on_.failure();
        if (!is_lost(lost)) {
            return failed;
        }
        on_.close();
        if (!again || clock_.steady_now() >= deadline) {
            return lost;  // whatever the job made of it
        }
    }
}

void mysql_reader::rest() {
    if (!on_.is_open() || on_.statements() == statements_before_) {
        return;
    }
    deadline_ = steady_time::max();
    on_.together().forget_known();
    try {
        on_.run("COMMIT");  // the next job sees what is new by then
    } catch (const mysql_error&) {
        on_.close();
    }
}

std::vector<std::unique_ptr<reader>> make_mysql_readers(const options& settings, const clock_source& clock) {
    std::vector<std::unique_ptr<reader>> made;
    for (std::size_t i = 0; i < settings.readers; ++i) {
        made.push_back(std::make_unique<mysql_reader>(settings, clock));
    }
    return made;
}

}  // namespace kith::db
