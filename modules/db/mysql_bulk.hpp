// Whole tables of a database on MariaDB or MySQL.
#pragma once

#include "bulk_store.hpp"
#include "mysql_connection.hpp"

namespace kith::db {

class mysql_bulk final : public bulk_store {
public:
    enum class use : std::uint8_t {
        source,  ///< one snapshot that all rows are read from; nothing can be changed
        target,
    };

    /// Connects and takes the node's number. Throws `conflict` when another process has it.
    mysql_bulk(const server_options& where, use what);

    [[nodiscard]] std::vector<table_shape> tables() override;
    [[nodiscard]] std::unique_ptr<row_source> read(const table_shape& table,
                                                   std::optional<std::int64_t> rows_max) override;
    [[nodiscard]] std::unique_ptr<row_sink> write(const table_shape& table) override;
    void begin() override { on_.run("START TRANSACTION"); }
    void commit() override { on_.run("COMMIT"); }
    void clear(const table_shape& table) override;
    [[nodiscard]] std::optional<std::string> unfinished() override;
    void mark(const std::string& source) override;
    void finish(const std::function<void(transaction&)>& last, timestamp now) override;
    void discard(const std::vector<table_shape>& ours) override;

private:
    mysql_connection on_;
};

}  // namespace kith::db
