// What a group's name, a list of people and a page must look like; each limit has its name here.
#pragma once

#include <kith/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::groups {

inline constexpr std::size_t name_code_points_max = 64;
/// People in one request.
inline constexpr std::size_t people_max = 200;
inline constexpr std::int64_t members_max = 10'000;
/// Who is in so many conversations joins no group more: what one follows is read at each resume.
inline constexpr std::int64_t conversations_max = 5'000;
inline constexpr std::int64_t page_default = 50;
inline constexpr std::int64_t page_max = 100;

/// Gathers what is wrong with an input, field by field.
class field_errors {
public:
    void require(bool good, std::string_view pointer, std::string_view expected) {
        if (!good) {
            wrong_.emplace_back(std::string(pointer), std::string(expected));
        }
    }
    /// Throws `invalid` when anything was wrong.
    void raise() const;

private:
    std::vector<error_detail> wrong_;
};

/// As a nickname: 1 to 64 code points, one to see among them, no control characters. Expects it trimmed.
void check_name(field_errors& wrong, std::string_view name);
void check_people(field_errors& wrong, std::string_view pointer, std::size_t count, std::size_t least);
void check_limit(field_errors& wrong, std::int64_t limit);

}  // namespace kith::groups
