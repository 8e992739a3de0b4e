// The writer on SQLite: one connection, and the WAL tended between two batches.
#pragma once

#include "batch_writer.hpp"
#include "checkpointer.hpp"
#include "sqlite.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace kith::db {

class sqlite_writer final : public batch_writer {
public:
    sqlite_writer(const options& settings, const deps& needs, store_state& state, connection& on,
                  checkpointer& wal)
        : batch_writer(settings, needs, state), connection_(on), wal_(wal) {}
    ~sqlite_writer() override { stop_blocking(); }

protected:
    [[nodiscard]] std::exception_ptr refusal(write_kind kind) const override;
    void tend(bool idle) override;
    [[nodiscard]] std::exception_ptr begin(timestamp now) override;
    [[nodiscard]] transaction& running() override { return *running_; }
    void before_job() override;
    void check_job(bool guarded) override;
    [[nodiscard]] std::exception_ptr gone() override;
    [[nodiscard]] bool changed() override { return connection_.total_changes() != changes_before_; }
    [[nodiscard]] std::exception_ptr set_savepoint() override;
    [[nodiscard]] std::exception_ptr undo_to_savepoint() override;
    [[nodiscard]] std::exception_ptr release_savepoint() override;
    void commit_blocking() override { commit_code_ = connection_.control("COMMIT"); }
    [[nodiscard]] std::exception_ptr outcome() override;
    [[nodiscard]] bool roll_back() override { return connection_.roll_back(); }
    [[nodiscard]] std::exception_ptr give_up(std::exception_ptr cause, bool transaction_lost) override;
    void found_full() override;

private:
    connection& connection_;
    checkpointer& wal_;
    std::optional<sqlite_transaction> running_;
    std::int64_t changes_before_ = 0;
    int commit_code_ = 0;
};

}  // namespace kith::db
