// A reader on SQLite: a read-only connection, a WAL snapshot for each job.
#pragma once

#include "reader_pool.hpp"
#include "sqlite.hpp"

#include <exception>

namespace kith::db {

class sqlite_reader final : public reader {
public:
    sqlite_reader(const options& settings, const clock_source& clock);
    [[nodiscard]] std::exception_ptr run(read_job& job, steady_time deadline) override;
    void rest() override {}

private:
    connection on_;
    steady_time deadline_ = steady_time::max();
};

/// As many as the settings want.
[[nodiscard]] std::vector<std::unique_ptr<reader>> make_sqlite_readers(const options& settings,
                                                                       const clock_source& clock);

}  // namespace kith::db
