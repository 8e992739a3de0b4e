// What a database says of the migrations that it went through, held against those of this build.
#pragma once

#include <kith/db.hpp>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith::db {

struct migration_record {
    std::string name;
    std::string checksum;
    std::optional<timestamp> applied_at;  ///< none for one that was cut off
};
using migration_records = std::map<int, migration_record>;

[[nodiscard]] std::string checksum_of(const migration& one);
[[nodiscard]] std::string four_digits(int number);
/// NNNN_name, as its file is called.
[[nodiscard]] std::string title(int number, std::string_view name);

/// Throws `conflict` when what was applied at `place` is not the beginning of what is known.
void check_records(const migration_records& applied, std::span<const migration> known,
                   const std::string& place);
/// One line for each known migration.
[[nodiscard]] std::vector<migration_state> states_of(const migration_records& applied,
                                                     std::span<const migration> known);

}  // namespace kith::db
