// Where the database of a configuration is: the file in the data folder, or one on a server.
#pragma once

#include <kith/core/config.hpp>
#include <kith/db.hpp>

namespace kith {

/// The place of the database alone; how it is used is up to the house. Reads the password. Throws `internal` naming the file
/// when that cannot be read.
[[nodiscard]] db::options store_place(const config& settings);

}  // namespace kith
