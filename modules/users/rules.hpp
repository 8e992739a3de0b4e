// What names, passwords and texts of a person must look like; each limit has its name here.
#pragma once

#include <kith/core/error.hpp>
#include <kith/users.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kith::users {

inline constexpr std::size_t username_code_points_min = 3;
inline constexpr std::size_t username_code_points_max = 32;
inline constexpr std::size_t nickname_code_points_max = 64;
inline constexpr std::size_t bio_code_points_max = 500;
inline constexpr std::size_t device_name_code_points_max = 64;
inline constexpr std::size_t query_code_points_max = 64;
inline constexpr std::size_t page_max = 100;
inline constexpr std::int64_t invite_uses_max = 1000;
/// Invites of one person that can still be used.
inline constexpr std::int64_t open_invites_max = 100;
/// Invites of one person that are kept, those that are over too.
inline constexpr std::int64_t kept_invites_max = 1000;
/// An invite ends at the latest after so long, if it ends at all.
inline constexpr std::chrono::hours invite_lifetime_max{366 * 24};

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

void check_username(field_errors& wrong, std::string_view username);
void check_new_password(field_errors& wrong, std::string_view pointer, std::string_view password);
/// A password that is only compared: bounded, nothing else.
void check_given_password(field_errors& wrong, std::string_view pointer, std::string_view password);
/// Expects it trimmed.
void check_nickname(field_errors& wrong, std::string_view nickname);
void check_bio(field_errors& wrong, std::string_view bio);
void check_device(field_errors& wrong, const device& on);
void check_limit(field_errors& wrong, std::int64_t limit, std::size_t most);

}  // namespace kith::users
