// The JSON of remembered answers.
#include "wire.hpp"

#include "wire_types.hpp"

namespace kith::groups::wire {

std::string answer_text(const group& answer) {
    return json::text(answer);
}

group read_answer(std::string_view stored) {
    return json::decode<group>(json::parse(stored));
}

}  // namespace kith::groups::wire
