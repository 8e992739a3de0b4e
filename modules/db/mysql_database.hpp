// The database of db.hpp on MariaDB.
#pragma once

#include <kith/db.hpp>

#include <memory>

namespace kith::db {

/// As open(), for settings that name a server.
[[nodiscard]] std::unique_ptr<database> open_mysql(const options& settings, const deps& needs);

}  // namespace kith::db
