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
    CHECK(skeleton("aIice") == skeleton("alice"));  // a capital I
    CHECK(skeleton("0wner") == skeleton("owner"));
    CHECK(skeleton("Мary") == skeleton("mary"));  // a Cyrillic capital М
    CHECK(skeleton("Ａlice") == skeleton("alice"));
    CHECK(skeleton("АLICE") != skeleton("alice"));  // as written they do not look alike,
    CHECK(skeleton(fold("АLICE")) == skeleton(fold("alice")));  // in small letters they do
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
    CHECK(is_name_text("e\u0301a"));
    CHECK(is_name_text("7up"));
    CHECK_FALSE(is_name_text(""));
    CHECK_FALSE(is_name_text("_a"));
    CHECK_FALSE(is_name_text("-a"));
    CHECK_FALSE(is_name_text("\u0301\u0301\u0301"));
    CHECK_FALSE(is_name_text("\u3164\u3164\u3164"));  // Hangul fillers: letters by their class
    CHECK_FALSE(is_name_text("a\u034Fb"));  // a mark that is never seen
    CHECK_FALSE(is_name_text("a\u200Db"));
    CHECK_FALSE(is_name_text("a b"));
    CHECK_FALSE(is_name_text("a/b"));
    CHECK_FALSE(is_name_text("a😀"));
    CHECK_FALSE(is_name_text("\xFF"));
}

TEST_CASE("a text has something to see unless it is all blanks and what is shown as nothing") {
    CHECK(has_visible("a"));
    CHECK(has_visible(" \u3164x"));
    CHECK(has_visible("\U0001F469\u200D\U0001F680"));
    CHECK(has_visible("\u2764\uFE0F"));
    CHECK_FALSE(has_visible(""));
    CHECK_FALSE(has_visible(" \u00A0\n"));
    CHECK_FALSE(has_visible("\u3164\u200B\u200D\uFE0F"));
    CHECK_FALSE(has_visible("\u2800"));
    CHECK_FALSE(has_visible("\U000E0061"));  // a tag
    CHECK_FALSE(has_visible("\xFF"));
}
