// The checks of inputs: texts, drafts, UUIDs, windows of history.
#include "rules.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace kith;
using namespace kith::messages;

namespace {

bool text_is_good(std::string_view text) {
    field_errors wrong;
    check_text(wrong, text);
    try {
        wrong.raise();
    } catch (const error& e) {
        CHECK(e.code() == error_code::invalid);
        REQUIRE_FALSE(e.pointers().empty());
        CHECK(e.pointers().front().pointer == "/body/text");
        return false;
    }
    return true;
}

std::string repeat(std::string_view what, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) {
        out += what;
    }
    return out;
}

}  // namespace

TEST_CASE("a text has 1 to 8,000 code points and something to see") {
    CHECK(text_is_good("x"));
    CHECK(text_is_good("  two\n\tlines  "));
    CHECK(text_is_good(repeat("\xF0\x9F\x8D\xB5", text_code_points_max)));
    CHECK_FALSE(text_is_good(repeat("\xE4\xBD\xA0", text_code_points_max + 1)));
    CHECK_FALSE(text_is_good(""));
    CHECK_FALSE(text_is_good(" \n\t "));
    CHECK_FALSE(text_is_good("\xE3\x80\x80\xC2\xA0"));  // ideographic and no-break spaces
}

TEST_CASE("a text has no control characters but tab and the ends of lines of all systems") {
    CHECK(text_is_good("two\r\nlines"));
    CHECK(text_is_good("a\rb"));
    CHECK_FALSE(text_is_good("\r\n"));
    CHECK_FALSE(text_is_good(std::string_view("a\0b", 3)));
    CHECK_FALSE(text_is_good("a\vb"));
    CHECK_FALSE(text_is_good("a\fb"));
    CHECK_FALSE(text_is_good("a\x1B[31m"));
    CHECK(text_is_good("a\u202Eb"));  // right-to-left text is text
}

TEST_CASE("a draft may be empty or blank, but not too long") {
    for (const std::string& good :
         {std::string(), std::string("  "), std::string("a\r\n"), repeat("x", draft_code_points_max)}) {
        field_errors wrong;
        check_draft(wrong, good);
        CHECK_NOTHROW(wrong.raise());
    }
    field_errors wrong;
    check_draft(wrong, repeat("x", draft_code_points_max + 1));
    CHECK_THROWS_AS(wrong.raise(), error);
}

TEST_CASE("a UUID is 8-4-4-4-12 hexadecimal digits of any version, folded to small letters") {
    CHECK(fold_uuid("0190C0DE-ABCD-7EF0-8123-456789ABCDEF") == "0190c0de-abcd-7ef0-8123-456789abcdef");
    CHECK(fold_uuid("00000000-0000-0000-0000-000000000000").has_value());
    CHECK_FALSE(fold_uuid(""));
    CHECK_FALSE(fold_uuid("0190c0deabcd7ef08123456789abcdef"));
    CHECK_FALSE(fold_uuid("{190c0de-abcd-7ef0-8123-456789abcde}"));
    CHECK_FALSE(fold_uuid("0190c0de-abcd-7ef0-8123-456789abcdeg"));
    CHECK_FALSE(fold_uuid("0190c0de-abcd-7ef0-8123-456789abcdef0"));
    CHECK_FALSE(fold_uuid("0190c0de0abcd-7ef0-8123-456789abcdef"));
}

TEST_CASE("a window lies around its number and within what may be seen") {
    const auto is = [](seq_window w, std::int64_t first, std::int64_t last) {
        return w.first == first && w.last == last;
    };
    CHECK(is(window_around(50, 1, 100, 11), 45, 55));
    CHECK(is(window_around(2, 1, 100, 10), 1, 10));
    CHECK(is(window_around(99, 1, 100, 10), 91, 100));
    CHECK(is(window_around(1000, 1, 100, 10), 91, 100));
    CHECK(is(window_around(3, 20, 25, 100), 20, 25));
    CHECK(is(window_around(5, 1, 100, 1), 5, 5));
    const seq_window none = window_around(1, 1, 0, 50);
    CHECK(none.first > none.last);
}
