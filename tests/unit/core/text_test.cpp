// Unicode: what is the same name, what looks the same, what is not text.
#include <kith/core/text.hpp>

#include <catch2/catch.hpp>

using namespace kith;

TEST_CASE("UTF-8 is checked strictly") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("上海 😀 é"));
    CHECK_FALSE(is_utf8("\xC0\xAF"));  // overlong
    CHECK_FALSE(is_utf8("\xED\xA0\x80"));  // a surrogate
    CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
    CHECK_FALSE(is_utf8("\xE4\xB8"));  // cut
}

TEST_CASE("length is in code points") {
    CHECK(code_points("上海") == 2);
    CHECK(code_points("😀a") == 2);
    CHECK(code_points("") == 0);
}

TEST_CASE("folding makes the spellings of a name one") {
    CHECK(fold("ALICE") == "alice");
    CHECK(fold("Ａlice") == "alice");
    CHECK(fold("Straße") == fold("STRASSE"));
    CHECK(fold("é") == fold("e\u0301"));
    CHECK(fold("İ") != fold("i"));
}

TEST_CASE("names that look alike have one skeleton") {
    CHECK(skeleton("аdmin") == skeleton("admin"));  // a Cyrillic а
    CHECK(skeleton("alice") != skeleton("bob"));
}

TEST_CASE("controls and bidirectional overrides are found") {
    CHECK(has_controls("a\nb"));
    CHECK(has_controls("\u202Eabc"));
    CHECK(has_controls("\u2066abc"));
    CHECK(has_controls(std::string_view("a\0b", 3)));
    CHECK_FALSE(has_controls("plain 文字 😀"));
}

TEST_CASE("blanks at the ends go") {
    CHECK(trim(" \t\u3000abc\u00A0 ") == "abc");
    CHECK(trim(" \u2003 ").empty());
    CHECK(trim("a b") == "a b");
}

TEST_CASE("names hold letters, digits, _ . -") {
    CHECK(is_name_text("anna_1.x-y"));
    CHECK(is_name_text("王小明"));
    CHECK_FALSE(is_name_text("a b"));
    CHECK_FALSE(is_name_text("a/b"));
    CHECK_FALSE(is_name_text("a😀"));
    CHECK_FALSE(is_name_text("\xFF"));
}
