// A store as tables of plain values, for reading and writing all of it: what both databases have in common for a transfer.
#pragma once

#include <kith/db.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith::db {

enum class value_kind : std::uint8_t { null, integer, text, blob, other };

/// One value of a row, the same on every database.
struct value {
    value_kind kind = value_kind::null;
    std::int64_t number = 0;
    std::string_view bytes;  ///< of a text or a blob
};
using row = std::span<const value>;

struct column_shape {
    std::string name;
    value_kind kind = value_kind::other;  ///< of what is not NULL; `other` cannot be copied
    // clang-tidy 14 takes the 0 within a defaulted comparison for a pointer.
    friend auto operator<=>(const column_shape&,
                            const column_shape&) = default;  // NOLINT(modernize-use-nullptr)
};
struct table_shape {
    std::string name;
    std::vector<column_shape> columns;
    std::vector<std::string> key;  ///< columns of the primary key
};

/// Rows of one table in the order of its key.
class row_source {
public:
    virtual ~row_source() = default;
    /// Valid until the next call; empty at the end.
    [[nodiscard]] virtual row next() = 0;
};

/// Takes rows of one table into the transaction that is open.
class row_sink {
public:
    virtual ~row_sink() = default;
    virtual void add(row values) = 0;
    /// What was added is in the transaction.
    virtual void flush() = 0;
};

/// Methods throw driver_error. One thing at a time: no change while rows are read.
class bulk_store {
public:
    virtual ~bulk_store() = default;
    /// All tables but those of `db`, which tell of this one database, by name.
    [[nodiscard]] virtual std::vector<table_shape> tables() = 0;
    /// At most `rows_max` rows; all without it.
    [[nodiscard]] virtual std::unique_ptr<row_source> read(const table_shape& table,
                                                           std::optional<std::int64_t> rows_max) = 0;
    [[nodiscard]] virtual std::unique_ptr<row_sink> write(const table_shape& table) = 0;
    virtual void begin() = 0;
    virtual void commit() = 0;
    virtual void clear(const table_shape& table) = 0;

    /// The source of a transfer into this store that did not end; see transfer_mark.hpp.
    [[nodiscard]] virtual std::optional<std::string> unfinished() = 0;
    virtual void mark(const std::string& source) = 0;
    /// Runs `last` in a transaction and takes the mark away. The store is on disk afterwards.
    virtual void finish(const std::function<void(transaction&)>& last, timestamp now) = 0;
    /// Takes everything away that a transfer put here, `ours` and what `db` has, the mark last. The object may not be used
    /// afterwards.
    virtual void discard(const std::vector<table_shape>& ours) = 0;
};

/// Both exclude other processes as transfer_blocking() says. A target may lack its tables.
[[nodiscard]] std::unique_ptr<bulk_store> open_bulk_source(const options& place);
[[nodiscard]] std::unique_ptr<bulk_store> open_bulk_target(const options& place);
/// A store in memory as this build's migrations leave it: the tables that there are, and the rows with which they begin.
[[nodiscard]] std::unique_ptr<bulk_store> make_bulk_reference();

// Texts that both databases understand.
[[nodiscard]] std::string quoted_name(std::string_view name);
[[nodiscard]] std::string select_text(const table_shape& table, std::optional<std::int64_t> rows_max);
[[nodiscard]] std::string insert_text(const table_shape& table, std::size_t rows);

}  // namespace kith::db
