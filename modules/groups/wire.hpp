// What `groups` keeps as JSON, for its rules, which read no JSON themselves.
#pragma once

#include <kith/groups.hpp>

#include <string>
#include <string_view>

namespace kith::groups::wire {

/// An answer as it is remembered for a repeated request.
[[nodiscard]] std::string answer_text(const group& answer);
[[nodiscard]] group read_answer(std::string_view stored);

}  // namespace kith::groups::wire
