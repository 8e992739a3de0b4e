// All rows of one store copied into an empty one of the other kind, and both compared: what `kith migrate-data` does.
#pragma once

#include <kith/db.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace kith::db {

/// What a table holds, whatever the order of its rows.
struct table_sum {
    std::int64_t rows = 0;
    std::string hash;  ///< 64 hexadecimal digits
    friend bool operator==(const table_sum&, const table_sum&) = default;
};

struct transferred_table {
    std::string name;
    table_sum source;
    table_sum target;
    [[nodiscard]] bool same() const { return source == target; }
};

struct transfer_progress {
    bool comparing = false;  ///< false: rows are copied
    std::string table;
    std::int64_t rows = 0;  ///< of this table so far
    std::int64_t rows_before = 0;  ///< of the tables that are done
};

struct transfer_request {
    options from;
    options to;
    bool discard_unfinished = false;  ///< empties a target that an earlier transfer left unfinished
    std::size_t batch_rows = 5000;  ///< in one transaction of the target
    std::size_t batch_bytes = 4U << 20U;
    /// The last change of the target, once both sides were found the same: a new epoch.
    std::function<void(transaction&)> finish;
    std::function<void(const transfer_progress&)> tell;  ///< may be empty
    std::function<bool()> stop;  ///< asked between batches; may be empty
};

struct transfer_report {
    std::vector<transferred_table> tables;
    std::int64_t rows = 0;
    std::int64_t bytes = 0;  ///< of all values, as they were read
    std::chrono::milliseconds copying{0};
    std::chrono::milliseconds comparing{0};
    /// Else the target stays unusable.
    [[nodiscard]] bool same() const;
};

/// Copies every table of the source, reads both sides again and compares them. The source is only read, but the log beside a
/// SQLite file is first folded into it. Until all is done a mark in the target makes whoever opens it refuse to, so that half
/// a copy is never taken for a store. Nobody may use either side meanwhile: the caller holds the data folder's lock, and on a
/// server this takes the node's number.
/// Throws `conflict` when the source lacks migrations, when the target holds rows or the mark of an unfinished transfer, or
/// when another process has either side; `overloaded` when `stop` ended it; `internal` when a side cannot be used.
[[nodiscard]] transfer_report transfer_blocking(const transfer_request& request, const clock_source& clock,
                                                logger& log);

}  // namespace kith::db
