// The checks of a search.
#include "rules.hpp"

#include <kith/core/text.hpp>

namespace kith::search {

std::vector<term> check_query(const search_query& asked) {
    std::vector<error_detail> wrong;
    const auto require = [&wrong](bool good, const char* pointer, const char* expected) {
        if (!good) {
            wrong.emplace_back(pointer, expected);
        }
    };
    const std::size_t length = code_points(asked.text);
    require(length >= 1 && length <= query_code_points_max, "/q", "1 to 100 characters");
    require(asked.limit >= 1 && asked.limit <= page_max, "/limit", "1 to 100");
    require(!asked.since || !asked.until || *asked.since < *asked.until, "/until", "a time after `since`");
    std::vector<term> terms;
    if (wrong.empty()) {
        terms = split_query(asked.text);
        require(index_terms(terms).size() <= query_tokens_max, "/q", "fewer words");
    }
    if (!wrong.empty()) {
        throw error(error_code::invalid, "Some fields are not as expected.", wrong);
    }
    return terms;
}

}  // namespace kith::search
