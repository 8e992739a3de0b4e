// The checks of inputs.
#include "rules.hpp"

#include <kith/core/text.hpp>

namespace kith::groups {

void field_errors::raise() const {
    if (!wrong_.empty()) {
        throw error(error_code::invalid, "Some fields are not as expected.", wrong_);
    }
}

void check_name(field_errors& wrong, std::string_view name) {
    // Four bytes a code point at most: a huge text is refused without being counted.
    const bool good = !name.empty() && name.size() <= name_code_points_max * 4 && is_utf8(name)
                      && code_points(name) <= name_code_points_max && !has_controls(name)
                      && has_visible(name);
    wrong.require(good, "/name", "1 to 64 characters, one to see among them, no control characters");
}

void check_people(field_errors& wrong, std::string_view pointer, std::size_t count, std::size_t least) {
    wrong.require(count >= least && count <= people_max, pointer,
                  least == 0 ? "at most 200 people" : "1 to 200 people");
}

void check_limit(field_errors& wrong, std::int64_t limit) {
    wrong.require(limit >= 1 && limit <= page_max, "/limit", "1 to 100");
}

}  // namespace kith::groups
