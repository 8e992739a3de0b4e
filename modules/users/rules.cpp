// What names, passwords and texts of a person must look like.
#include "rules.hpp"

#include "password.hpp"

#include <kith/core/text.hpp>

#include <algorithm>

namespace kith::users {

namespace {

bool length_within(std::string_view text, std::size_t least, std::size_t most) {
    // Four bytes a code point at most: a huge text is refused without being counted.
    if (text.size() > most * 4 || !is_utf8(text)) {
        return false;
    }
    const std::size_t length = code_points(text);
    return length >= least && length <= most;
}

}  // namespace

void field_errors::raise() const {
    if (!wrong_.empty()) {
        throw error(error_code::invalid, "The input is not as expected.", wrong_);
    }
}

void check_username(field_errors& wrong, std::string_view username) {
    // Folding may make a name longer, shorter or another kind of text.
    const auto fits = [](std::string_view name) {
        return length_within(name, username_code_points_min, username_code_points_max) && is_name_text(name);
    };
    const bool good = fits(username) && fits(fold(username));
    wrong.require(good, "/username", "3 to 32 letters, digits, _ . or -, a letter or digit first");
}

void check_new_password(field_errors& wrong, std::string_view pointer, std::string_view password) {
    if (!length_within(password, password_code_points_min, password_code_points_max)) {
        wrong.require(false, pointer, "10 to 256 characters");
        return;
    }
    wrong.require(!is_common_password(password), pointer, "a password that is not among the commonest");
}

void check_given_password(field_errors& wrong, std::string_view pointer, std::string_view password) {
    wrong.require(length_within(password, 1, password_code_points_max), pointer, "1 to 256 characters");
}

void check_nickname(field_errors& wrong, std::string_view nickname) {
    const bool good = length_within(nickname, 1, nickname_code_points_max) && !has_controls(nickname)
                      && has_visible(nickname);
    wrong.require(good, "/nickname", "1 to 64 characters, one to see among them, no control characters");
}

void check_bio(field_errors& wrong, std::string_view bio) {
    std::string lines(bio.substr(0, bio_code_points_max * 4 + 1));
    std::erase(lines, '\n');
    const bool good = length_within(bio, 0, bio_code_points_max) && !has_controls(lines);
    wrong.require(good, "/bio", "at most 500 characters, of control characters only line feeds");
}

void check_device(field_errors& wrong, const device& on) {
    const bool good = length_within(on.name, 1, device_name_code_points_max) && !has_controls(on.name);
    wrong.require(good, "/device/name", "1 to 64 characters without control characters");
}

void check_limit(field_errors& wrong, std::int64_t limit, std::size_t most) {
    wrong.require(limit >= 1 && limit <= static_cast<std::int64_t>(most), "/limit",
                  "1 to " + std::to_string(most));
}

}  // namespace kith::users
