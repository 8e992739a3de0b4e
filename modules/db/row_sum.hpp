// The sum over the rows of a table: equal for equal rows on whatever database, in whatever order they come.
#pragma once

#include "bulk_store.hpp"

#include <kith/db/transfer.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace kith::db {

/// Each row is written out in one way (kinds, lengths and bytes; NULL is not the empty text, nor is a text a blob) and hashed
/// by BLAKE2b; the hashes are added. Databases order texts in different ways, so the order says nothing.
class row_sum {
public:
    void add(row values);
    [[nodiscard]] std::int64_t rows() const noexcept { return rows_; }
    [[nodiscard]] table_sum result() const;

private:
    std::int64_t rows_ = 0;
    std::array<std::uint64_t, 4> lanes_{};
    std::string written_;
};

/// Bytes of the values of a row.
[[nodiscard]] std::size_t bytes_of(row values) noexcept;

}  // namespace kith::db
