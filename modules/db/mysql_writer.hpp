// The writer on MariaDB: one connection, batches that run again, and a lost COMMIT that is settled.
#pragma once

#include "batch_writer.hpp"
#include "mysql_connection.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <string>

namespace kith::db {

/// Nothing is ever run twice blindly. A connection that is lost before COMMIT: the server has undone the batch, and it runs
/// again. One that is lost at COMMIT: the number of the batch in the node's own row tells whether it happened.
class mysql_writer final : public batch_writer {
public:
    mysql_writer(const options& settings, const deps& needs, store_state& state);
    ~mysql_writer() override { stop_blocking(); }

    /// Connects for the first time; throws mysql_error, or `conflict`.
    void open_blocking();

protected:
    [[nodiscard]] std::exception_ptr refusal(write_kind kind) const override;
    void tend(bool idle) override;
    [[nodiscard]] std::exception_ptr begin(timestamp now) override;
    [[nodiscard]] transaction& running() override { return *running_; }
    [[nodiscard]] bool asks_together() const override { return true; }
    void ask_waiting() override;
    void before_job() override;
    void check_job(bool guarded) override;
    [[nodiscard]] std::exception_ptr gone() override;
    [[nodiscard]] bool changed() override { return connection_.changes() != changes_before_; }
    [[nodiscard]] std::exception_ptr set_savepoint() override { return control("SAVEPOINT kith_job"); }
    [[nodiscard]] std::exception_ptr undo_to_savepoint() override;
    [[nodiscard]] std::exception_ptr release_savepoint() override {
        return control("RELEASE SAVEPOINT kith_job");
    }
    void commit_blocking() override;
    [[nodiscard]] std::exception_ptr outcome() override;
    [[nodiscard]] bool roll_back() override;
    [[nodiscard]] std::exception_ptr give_up(std::exception_ptr cause, bool transaction_lost) override;
    void found_full() override;

private:
    enum class commit_state : std::uint8_t { done, undone, unknown };

    [[nodiscard]] std::exception_ptr control(const char* sql);
    /// Connects anew where that is due; false when there is no connection.
    bool connect();
    /// Waits for a connection as long as a batch may.
    bool wait_for_connection();
    /// Asks the server what became of the batch until it says so; only the stop ends that earlier.
    [[nodiscard]] commit_state settle();
    void lose_connection(const std::string& why);
    /// On a full disk, each `space_check`: whether a file of its own finds room there.
    void try_for_space();
    /// Doubled for each failure up to `longest`, shortened by chance.
    [[nodiscard]] std::chrono::milliseconds next_pause(std::chrono::milliseconds first);

    const server_options server_;
    mysql_connection connection_;
    std::optional<mysql_transaction> running_;
    std::int64_t batch_ = 0;  ///< the number of the running batch, or of the last one
    std::uint64_t changes_before_ = 0;
    int attempts_ = 0;  ///< of the running batch
    commit_state committed_ = commit_state::done;
    steady_time used_at_;
    steady_time next_space_try_;
    // While there is no connection:
    steady_time lost_at_;
    steady_time next_attempt_;
    int failures_ = 0;
    std::minstd_rand jitter_;
};

}  // namespace kith::db
