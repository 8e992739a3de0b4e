// Passwords: length in characters, the commonest ones, Argon2id and its parameters.
#include "common_passwords.hpp"
#include "password.hpp"
#include "rules.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace kith;
using namespace kith::users;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) {
        out += text;
    }
    return out;
}

bool allowed(std::string_view password) {
    field_errors wrong;
    check_new_password(wrong, "/password", password);
    try {
        wrong.raise();
        return true;
    } catch (const error& e) {
        REQUIRE(e.pointers().size() == 1);
        CHECK(e.pointers().front().pointer == "/password");
        return false;
    }
}

const password_cost cheap(1, 1);

}  // namespace

TEST_CASE("the embedded list is sorted, folded and holds only what its length would allow") {
    CHECK(std::ranges::is_sorted(common_passwords));
    CHECK(std::ranges::adjacent_find(common_passwords) == common_passwords.end());
    for (const std::string_view one : common_passwords) {
        INFO(one);
        CHECK(is_common_password(one));
        CHECK_FALSE(allowed(one));
    }
}

TEST_CASE("a password has 10 to 256 characters and is not among the commonest; nothing else is asked") {
    CHECK_FALSE(allowed("ninechars"));
    CHECK(allowed("ten chars!"));
    CHECK(allowed("          x         "));
    CHECK(allowed("correct horse battery 9"));
    CHECK(allowed(repeated("密", 10)));
    CHECK_FALSE(allowed(repeated("密", 9)));
    CHECK(allowed(repeated("😀", 256)));
    CHECK_FALSE(allowed(repeated("😀", 257)));
    CHECK_FALSE(allowed(std::string(100'000, 'x')));
    CHECK(allowed(std::string("zero\0inside", 11)));
    CHECK_FALSE(allowed("password123"));
    CHECK_FALSE(allowed("PassWord123"));
    CHECK_FALSE(allowed("Qwertyuiop"));
}

TEST_CASE("a hash tells the right password from every other, to the last byte") {
    const std::string long_one(256, 'p');
    const std::string hash = hash_password_blocking(long_one, cheap);
    CHECK(hash.starts_with("$argon2id$"));
    CHECK(verify_password_blocking(hash, long_one));
    CHECK_FALSE(verify_password_blocking(hash, long_one.substr(1)));
    CHECK_FALSE(verify_password_blocking(hash, long_one.substr(1) + "q"));
    const std::string with_zero("before\0after!", 13);
    const std::string other = hash_password_blocking(with_zero, cheap);
    CHECK(verify_password_blocking(other, with_zero));
    CHECK_FALSE(verify_password_blocking(other, "before"));
    CHECK(hash_password_blocking(with_zero, cheap) != other);
    CHECK_FALSE(verify_password_blocking("", "anything"));
    CHECK_FALSE(verify_password_blocking(std::string(500, '$'), "anything"));
}

TEST_CASE("a hash of other parameters wants to be made anew") {
    const std::string hash = hash_password_blocking("ten chars!", cheap);
    CHECK_FALSE(needs_rehash(hash, cheap));
    CHECK(needs_rehash(hash, password_cost(2, 1)));
    CHECK(needs_rehash(hash, password_cost(1, 2)));
}

TEST_CASE("names and texts keep to their limits") {
    const auto fails = [](auto check) {
        field_errors wrong;
        check(wrong);
        try {
            wrong.raise();
            return false;
        } catch (const error& e) {
            return e.code() == error_code::invalid;
        }
    };
    const auto name = [&](std::string_view text) {
        return !fails([&](field_errors& w) { check_username(w, text); });
    };
    CHECK(name("ada"));
    CHECK(name("a.b-c_9"));
    CHECK(name("小明同学"));
    CHECK(name(std::string(32, 'a')));
    CHECK_FALSE(name("ab"));
    CHECK_FALSE(name(std::string(33, 'a')));
    CHECK_FALSE(name("a b c"));
    CHECK_FALSE(name("a\nbc"));
    CHECK_FALSE(name("abc\xE2\x80\xAE"));
    CHECK_FALSE(name("ab@c"));
    CHECK_FALSE(name("abc\xFF"));
    const auto nick = [&](std::string_view text) {
        return !fails([&](field_errors& w) { check_nickname(w, text); });
    };
    CHECK(nick("Ada L."));
    CHECK_FALSE(nick(""));
    CHECK_FALSE(nick("a\nb"));
    CHECK_FALSE(nick(std::string(65, 'a')));
    const auto bio = [&](std::string_view text) {
        return !fails([&](field_errors& w) { check_bio(w, text); });
    };
    CHECK(bio(""));
    CHECK(bio("two\nlines"));
    CHECK_FALSE(bio("a\x1b[31m"));
    CHECK(bio(repeated("密", 500)));
    CHECK_FALSE(bio(repeated("密", 501)));
}
