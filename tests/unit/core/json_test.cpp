// JSON at the doors: bounds of the parser, exact pointers, the writer.
#include <kith/core/json.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace kith;

namespace {

enum class colour : std::uint8_t { red, green };
BOOST_DESCRIBE_ENUM(colour, red, green)

struct inner {
    user_id owner;
    std::vector<std::int64_t> numbers;
};
BOOST_DESCRIBE_STRUCT(inner, (), (owner, numbers))

struct outer {
    std::string name;
    std::optional<std::string> note;
    json::change<std::string> draft;
    bool new_ = false;
    colour tone = colour::red;
    inner part;
    std::optional<timestamp> at;
};
BOOST_DESCRIBE_STRUCT(outer, (), (name, note, draft, new_, tone, part, at))

struct page {
    std::int64_t limit = 50;
    std::optional<bool> all;
};
BOOST_DESCRIBE_STRUCT(page, (), (limit, all))

struct told {
    std::optional<std::int64_t> nothing;
    json::omittable<std::string> left_out;
    json::omittable<std::string> put_in;
    double share = 0.5;
};
BOOST_DESCRIBE_STRUCT(told, (), (nothing, left_out, put_in, share))

std::vector<std::string> pointers_of(const std::string& text) {
    std::vector<std::string> found;
    try {
        (void)json::decode<outer>(json::parse(text));
    } catch (const error& wrong) {
        CHECK(wrong.code() == error_code::invalid);
        for (const error_detail& one : wrong.pointers()) {
            found.push_back(one.pointer);
        }
    }
    return found;
}

const std::string good =
    R"({"name":"n","note":null,"new":true,"tone":"green","part":{"owner":"12","numbers":[1,-2]},"at":"2026-01-01T00:00:00Z"})";

}  // namespace

TEST_CASE("a described struct is read whole") {
    const outer out = json::decode<outer>(json::parse(good));
    CHECK(out.name == "n");
    CHECK_FALSE(out.note);
    CHECK_FALSE(out.draft.present);
    CHECK(out.new_);
    CHECK(out.tone == colour::green);
    CHECK(out.part.owner == user_id(12));
    CHECK(out.part.numbers == std::vector<std::int64_t>{1, -2});
    CHECK(out.at == parse_time("2026-01-01T00:00:00Z"));
}

TEST_CASE("every wrong place is named by its pointer") {
    CHECK(pointers_of("[]") == std::vector<std::string>{""});
    CHECK(pointers_of("{}") == std::vector<std::string>{"/name", "/new", "/tone", "/part"});
    CHECK(pointers_of(R"({"name":1,"new":"x","tone":"blue","part":{"owner":"0","numbers":[1.5]},"a/b~":1})")
          == std::vector<std::string>{"/name", "/new", "/tone", "/part/owner", "/part/numbers/0", "/a~1b~0"});
}

TEST_CASE("absent, null and a value are three things in a change") {
    std::string text = good;
    text.insert(1, R"("draft":null,)");
    const outer cleared = json::decode<outer>(json::parse(text));
    CHECK(cleared.draft.present);
    CHECK_FALSE(cleared.draft.value);
}

TEST_CASE("the parser is bounded and strict") {
    const std::string deep = std::string(100'000, '[');
    CHECK_THROWS_AS(json::parse(deep), error);
    CHECK_NOTHROW(json::parse(std::string(32, '[') + std::string(32, ']')));
    CHECK_THROWS_AS(json::parse(std::string(33, '[') + std::string(33, ']')), error);
    for (const char* wrong :
         {"", "{", "{\"a\":1,\"a\":2}", "nul", "[1,]", "\"\xFF\"", "\"\\ud800\"", "\"\\udc00\"",
          "\"\\udfff x\"", "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "1 2", "NaN", "1e999"}) {
        INFO(wrong);
        CHECK_THROWS_AS(json::parse(wrong), error);
        CHECK_THROWS_AS(json::document(wrong), error);
    }
}

TEST_CASE("a document in its text takes and refuses what the parser of values does") {
    CHECK_THROWS_AS(json::document(std::string(100'000, '[')), error);
    CHECK_NOTHROW(json::document(std::string(32, '[') + std::string(32, ']')));
    CHECK_THROWS_AS(json::document(std::string(33, '[') + std::string(33, ']')), error);
    std::string many = "{";
    for (int i = 0; i < 100; ++i) {
        many += "\"k" + std::to_string(i) + "\":[{\"deep\":" + std::to_string(i) + "}],";
    }
    CHECK(json::document(many + "\"k\":1}").root().size() == 101);
    CHECK_THROWS_AS(json::document(many + "\"k50\":1}"), error);
    CHECK_THROWS_AS(json::document(R"([{"a":{"b":1,"c":2,"b":3}}])"), error);
}

TEST_CASE("what only the slower parser takes is read by it") {
    const json::document great(R"({"id":5,"data":{"limit":18446744073709551616}})");
    CHECK(great.root().find("id")->integer() == 5);
    CHECK_FALSE(great.root().find("data")->find("limit")->integer());
    CHECK(json::document("\xEF\xBB\xBF{\"id\":7}").root().find("id")->integer() == 7);
}

TEST_CASE("a struct is read from a text as from a value") {
    const auto both = [](const std::string& text) {
        CHECK(json::document(text).root().copy() == json::parse(text));
        std::vector<std::string> found;
        try {
            (void)json::decode<outer>(json::document(text).root());
        } catch (const error& wrong) {
            for (const error_detail& one : wrong.pointers()) {
                found.push_back(one.pointer + " " + one.detail);
            }
        }
        std::vector<std::string> expected;
        try {
            (void)json::decode<outer>(json::parse(text));
        } catch (const error& wrong) {
            for (const error_detail& one : wrong.pointers()) {
                expected.push_back(one.pointer + " " + one.detail);
            }
        }
        CHECK(found == expected);
        return found;
    };
    CHECK(both(good).empty());
    CHECK(both("[]").size() == 1);
    CHECK(both("null").size() == 1);
    CHECK(
        both(
            R"({"name":1,"new":"x","tone":"bl\u0000ue","part":{"owner":12,"numbers":[1.5,true,"3",9223372036854775808]},)"
            R"("at":"x","a/b~":1,"note":{},"draft":[]})")
            .size()
        == 12);
    json::document first(R"({"name":"\u4e2d\ud83d\ude00\n","more":[1,{"x":null}]})");
    CHECK(first.root().find("name")->text() == "中😀\n");
    CHECK(first.root().find("more")->elements().at(1).find("x")->is_null());
    CHECK_FALSE(first.root().find("none"));
    CHECK_FALSE(first.root().find("name")->integer());
}

TEST_CASE("numbers that do not fit are refused, not cut") {
    CHECK_THROWS_AS(json::decode<page>(json::parse(R"({"limit":9223372036854775808})")), error);
    CHECK_THROWS_AS(json::decode<page>(json::parse(R"({"limit":1.0})")), error);
}

TEST_CASE("what is written is JSON again") {
    told out;
    out.put_in = std::string("a\"\\\n\x01 中");
    const std::string text = json::text(out);
    CHECK(text == "{\"nothing\":null,\"put_in\":\"a\\\"\\\\\\n\\u0001 中\",\"share\":0.5}");
    CHECK(json::parse(text)["put_in"] == *out.put_in);
}

TEST_CASE("schemas name what is required for input and output") {
    json::value components = json::value::object();
    const json::schema_ref input = json::schema_of<outer>();
    (void)input.make(components, true);
    CHECK(input.name == "Outer");
    CHECK(components["Outer"]["required"] == json::value::array({"name", "new", "tone", "part"}));
    CHECK(components["Inner"]["properties"]["owner"]["type"] == "string");
}
