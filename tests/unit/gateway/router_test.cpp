// Routing by the table, and merging path, query and body.
#include "router.hpp"

#include <kith/core/error.hpp>

#include <catch2/catch.hpp>

using namespace kith;
using namespace kith::gateway;

namespace routing {

struct page_input {
    std::string conversation;
    std::optional<std::int64_t> limit;
    std::optional<bool> flag;
    std::optional<std::string> q;
};
BOOST_DESCRIBE_STRUCT(page_input, (), (conversation, limit, flag, q))
struct name_input {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(name_input, (), (name))

task<json::nothing> do_nothing(call&, page_input) {
    co_return json::nothing();
}
task<json::nothing> do_named(call&, name_input) {
    co_return json::nothing();
}
task<json::nothing> do_bare(call&, json::nothing) {
    co_return json::nothing();
}

operation_spec spec(std::string_view name, http_method method, std::string_view path) {
    operation_spec made;
    made.name = name;
    made.method = method;
    made.path = path;
    made.doors = method == http_method::none ? doors::socket : doors::both;
    return made;
}

registry table() {
    registry made;
    made.add<page_input, json::nothing>(spec("a.list", http_method::get, "/as/{conversation}"), do_nothing);
    made.add<page_input, json::nothing>(spec("a.put", http_method::put, "/as/{conversation}"), do_nothing);
    made.add<json::nothing, json::nothing>(spec("a.me", http_method::get, "/as/me"), do_bare);
    made.add<name_input, json::nothing>(spec("b.add", http_method::put, "/bs/{name}/x"), do_named);
    made.add<json::nothing, json::nothing>(spec("c.socket", http_method::none, ""), do_bare);
    return made;
}

std::string found(const router& routes, std::string_view method, std::string_view path) {
    const route_match match = routes.match(method, path);
    return match.found != nullptr ? std::string(match.found->op->spec.name)
           : match.malformed      ? "malformed"
                                  : match.allow;
}

/// The pointers of the `invalid` that gathering throws.
std::string refused(const route_match& match, std::string_view query, std::string_view body) {
    try {
        static_cast<void>(gather_input(match, query, body));
    } catch (const error& wrong) {
        CHECK(wrong.code() == error_code::invalid);
        return wrong.pointers().empty() ? "no pointer" : wrong.pointers().front().pointer;
    }
    return "taken";
}

}  // namespace routing

TEST_CASE("operations are found by method and path, literals first") {
    const registry table = routing::table();
    const router routes(table);
    CHECK(routing::found(routes, "GET", "/api/v1/as/me") == "a.me");
    CHECK(routing::found(routes, "GET", "/api/v1/as/you") == "a.list");
    CHECK(routing::found(routes, "PUT", "/api/v1/as/me") == "a.put");
    CHECK(routing::found(routes, "POST", "/api/v1/as/me") == "GET, PUT");
    CHECK(routing::found(routes, "PUT", "/api/v1/bs/%E2%9D%A4%2Fx/x") == "b.add");
    CHECK(routes.match("PUT", "/api/v1/bs/%E2%9D%A4%2Fx/x").fields.at(0).second == "\xE2\x9D\xA4/x");
    for (const char* const path :
         {"/api/v1/as", "/api/v1/as/", "/api/v1/as/1/2", "/api/v1", "/api/v1/", "/api/v2/as/1", "/api/v1as/1",
          "//api/v1/as/1", "/api/v1//as/1", "/api/v1/AS/1", "/api/v1/bs//x", "/"}) {
        INFO(path);
        CHECK(routing::found(routes, "GET", path).empty());
    }
}

TEST_CASE("paths are decoded without leniency") {
    const registry table = routing::table();
    const router routes(table);
    for (const char* const path : {"/api/v1/as/%", "/api/v1/as/%4", "/api/v1/as/%zz", "/api/v1/as/%00",
                                   "/api/v1/as/%ff", "/api/v1/as/%ed%a0%80", "/api/v1/as/%c0%af"}) {
        INFO(path);
        CHECK(routing::found(routes, "GET", path) == "malformed");
    }
    CHECK(percent_decode("a+b%20c", false) == "a+b c");
    CHECK(percent_decode("a+b%20c", true) == "a b c");
    CHECK(percent_decode("%4A%4b", false) == "JK");
}

TEST_CASE("query and path become typed fields, a body stays as it is") {
    const registry table = routing::table();
    const router routes(table);
    const route_match match = routes.match("GET", "/api/v1/as/17");
    const json::value input = gather_input(match, "limit=20&flag=true&q=a%26b+c", "");
    CHECK(input["conversation"] == "17");
    CHECK(input["limit"] == 20);
    CHECK(input["flag"] == true);
    CHECK(input["q"] == "a&b c");
    CHECK(gather_input(match, "", "").size() == 1);
    CHECK(gather_input(match, "limit=x", "")["limit"] == "x");
    CHECK(gather_input(match, "limit=20x", "")["limit"] == "20x");
    CHECK(gather_input(match, "flag=1", "")["flag"] == "1");
    CHECK(gather_input(match, "q=7", "")["q"] == "7");
    CHECK(gather_input(match, "q", "")["q"] == "");
    CHECK(gather_input(match, "&&q=1&", "")["q"] == "1");
    CHECK(gather_input(match, "", R"({"limit":"20"})")["limit"] == "20");
}

TEST_CASE("a name that comes twice is refused with its pointer") {
    const registry table = routing::table();
    const router routes(table);
    const route_match match = routes.match("PUT", "/api/v1/as/17");
    CHECK(routing::refused(match, "q=1&q=2", "") == "/q");
    CHECK(routing::refused(match, "conversation=18", "") == "/conversation");
    CHECK(routing::refused(match, "", R"({"conversation":"17"})") == "/conversation");
    CHECK(routing::refused(match, "limit=1", R"({"limit":1})") == "/limit");
    CHECK(routing::refused(match, "a~/=1&a~/=1", "") == "/a~0~1");
    CHECK(routing::refused(match, "", "[]").empty());
    CHECK(routing::refused(match, "", "{").empty());
    CHECK(routing::refused(match, "", R"({"q":1,"q":2})") != "taken");
    CHECK(routing::refused(match, "%zz=1", "") == "no pointer");
    CHECK(routing::refused(match, "q=%zz", "") == "/q");
    std::string many = "x0=1";
    for (std::size_t i = 1; i < query_fields_max; ++i) {
        many += "&x" + std::to_string(i) + "=1";
    }
    CHECK(routing::refused(match, many, "") == "taken");
    CHECK(routing::refused(match, many + "&more=1", "") == "no pointer");
}
