// The sum over the rows of a table.
#include "row_sum.hpp"

#include <kith/core/crypto.hpp>

#include <cstring>
#include <span>

namespace kith::db {
namespace {

void append_number(std::string& to, std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
        to += static_cast<char>(number >> shift & 0xffU);
    }
}

}  // namespace

void row_sum::add(row values) {
    written_.clear();
    for (const value& one : values) {
        written_ += static_cast<char>(one.kind);
        if (one.kind == value_kind::integer) {
            append_number(written_, static_cast<std::uint64_t>(one.number));
        } else if (one.kind != value_kind::null) {
            append_number(written_, one.bytes.size());
            written_ += one.bytes;
        }
    }
    const digest hashed = blake2b(written_);
    std::array<std::uint64_t, 4> summand{};
    static_assert(sizeof summand == sizeof hashed);
    std::memcpy(summand.data(), hashed.data(), sizeof hashed);
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        lanes_[i] += summand[i];
    }
    ++rows_;
}

table_sum row_sum::result() const {
    table_sum told;
    told.rows = rows_;
    told.hash = hex(std::as_bytes(std::span(lanes_)));
    return told;
}

std::size_t bytes_of(row values) noexcept {
    std::size_t bytes = 0;
    for (const value& one : values) {
        bytes += one.kind == value_kind::integer ? sizeof one.number : one.bytes.size();
    }
    return bytes;
}

}  // namespace kith::db
