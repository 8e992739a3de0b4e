// Migrations on MariaDB, where a change of the schema cannot be undone with a transaction: step by step, each recorded.
#pragma once

#include "migrations.hpp"

#include "transfer_mark.hpp"

#include <kith/db.hpp>

#include <span>
#include <vector>

namespace kith::db {

[[nodiscard]] std::vector<migration_state> status_of(const server_options& where,
                                                     std::span<const migration> known);
/// Takes up a migration that was cut off at the statement where it was. `before` is called before each statement and before
/// each record.
int apply_blocking(const server_options& where, std::span<const migration> known, const clock_source& clock,
                   logger& log, const statement_hook& before, transfer_mark marked = transfer_mark::refused);

}  // namespace kith::db
