// What each driver looks at for examine_blocking().
#pragma once

#include <kith/db/examine.hpp>

#include <functional>
#include <vector>

namespace kith::db {

[[nodiscard]] std::vector<finding> examine_sqlite(const options& settings);
void look_at_sqlite(const options& settings, const std::function<void(snapshot&)>& look);
[[nodiscard]] std::vector<finding> examine_mysql(const options& settings);
void look_at_mysql(const options& settings, const std::function<void(snapshot&)>& look);

}  // namespace kith::db
