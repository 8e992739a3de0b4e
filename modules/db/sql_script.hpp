// A text of several SQL statements, taken apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kith::db {

/// The statements of a script without their semicolons and comments. Quoted text may hold both.
[[nodiscard]] std::vector<std::string> split_script(std::string_view sql);

}  // namespace kith::db
