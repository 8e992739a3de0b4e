// Whole tables of a SQLite file.
#pragma once

#include "bulk_store.hpp"
#include "sqlite.hpp"

namespace kith::db {

class sqlite_bulk final : public bulk_store {
public:
    /// `access::read` begins the snapshot that all rows are read from.
    sqlite_bulk(const std::string& path, access how);

    [[nodiscard]] std::vector<table_shape> tables() override;
    [[nodiscard]] std::unique_ptr<row_source> read(const table_shape& table,
                                                   std::optional<std::int64_t> rows_max) override;
    [[nodiscard]] std::unique_ptr<row_sink> write(const table_shape& table) override;
    void begin() override { must("BEGIN IMMEDIATE"); }
    void commit() override { must("COMMIT"); }
    void clear(const table_shape& table) override;
    [[nodiscard]] std::optional<std::string> unfinished() override;
    void mark(const std::string& source) override;
    void finish(const std::function<void(transaction&)>& last, timestamp now) override;
    void discard(const std::vector<table_shape>& ours) override;

    /// A script, such as a migration.
    void run(const std::string& sql) { on_->run_script(sql); }

private:
    void must(const char* sql);

    const std::string path_;
    std::unique_ptr<connection> on_;
};

}  // namespace kith::db
