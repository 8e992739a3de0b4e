// A reader on MariaDB: a connection that can only read, one snapshot for each job.
#pragma once

#include "mysql_connection.hpp"
#include "reader_pool.hpp"

#include <exception>
#include <memory>
#include <vector>

namespace kith::db {

class mysql_reader final : public reader {
public:
    mysql_reader(const options& settings, const clock_source& clock);
    [[nodiscard]] std::exception_ptr run(read_job& job, steady_time deadline) override;
    void rest() override;

private:
    /// Null, or why there is no connection.
    [[nodiscard]] std::exception_ptr connect();

    const clock_source& clock_;
    mysql_connection on_;
    steady_time deadline_ = steady_time::max();
    steady_time next_attempt_;
    std::uint64_t statements_before_ = 0;
};

/// As many as the settings want. They connect when they are needed.
[[nodiscard]] std::vector<std::unique_ptr<reader>> make_mysql_readers(const options& settings,
                                                                      const clock_source& clock);

}  // namespace kith::db
