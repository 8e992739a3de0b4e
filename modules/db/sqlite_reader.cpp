// A reader on SQLite: a read-only connection, a WAL snapshot for each job.
#include "sqlite_reader.hpp"

#include <sqlite3.h>

namespace kith::db {

sqlite_reader::sqlite_reader(const options& settings, const clock_source& clock)
    : on_(settings.path, access::read, settings.synchronous) {
    on_.interrupt_when([this, &clock] { return clock.steady_now() >= deadline_; });
}

std::exception_ptr sqlite_reader::run(read_job& job, steady_time deadline) {
    deadline_ = deadline;
    std::exception_ptr failed;
    try {
        if (const int code = on_.control("BEGIN"); code != SQLITE_OK) {
            on_.raise(code, "BEGIN");
        }
        sqlite_snapshot state(on_);
        job.run(state);
    } catch (...) {
        failed = std::current_exception();
    }
    KITH_ASSERT(on_.open_cursors() == 0);  // a cursor outlived its job
    deadline_ = steady_time::max();  // the end of the snapshot must not be interrupted
    // The snapshot ends before the answer: a checkpoint may wait for it.
    if (on_.in_transaction() && on_.control("COMMIT") != SQLITE_OK) {
        (void)on_.roll_back();  // a read has nothing to lose; the connection must be free for the next
    }
    KITH_ASSERT(!on_.in_transaction());
    return failed;
}

std::vector<std::unique_ptr<reader>> make_sqlite_readers(const options& settings, const clock_source& clock) {
    std::vector<std::unique_ptr<reader>> made;
    for (std::size_t i = 0; i < settings.readers; ++i) {
        made.push_back(std::make_unique<sqlite_reader>(settings, clock));
    }
    return made;
}

}  // namespace kith::db
