// Migrations with what tests need besides: another list, and a look at each statement.
#pragma once

#include "transfer_mark.hpp"

#include <kith/db.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace kith::db {

/// The migrations of a dialect as compiled in, sorted by number. Written by tools/cmake/kith_migrations.cmake.
[[nodiscard]] std::span<const migration> compiled_migrations(dialect which);

/// Called before each statement of a migration.
using statement_hook = std::function<void()>;

[[nodiscard]] std::vector<migration_state> status_of(const std::string& path,
                                                     std::span<const migration> known);
int apply_blocking(const std::string& path, std::span<const migration> known, const clock_source& clock,
                   logger& log, copy_mark mark_copy, const statement_hook& before,
                   transfer_mark marked = transfer_mark::refused);

/// migrate_blocking() for the transfer that has put its mark there.
int migrate_marked_blocking(const options& settings, const clock_source& clock, logger& log);

}  // namespace kith::db
