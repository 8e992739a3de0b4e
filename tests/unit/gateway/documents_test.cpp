// The OpenAPI and AsyncAPI documents say what the table says. (That they are valid,
// tests/wire/documents_test.mjs checks.)
#include <kith/gateway/registry.hpp>

#include <catch2/catch.hpp>

using namespace kith;
using namespace kith::gateway;

namespace documenting {

struct device {
    std::string kind;
    std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(device, (), (kind, name))
struct thing_input {
    std::string thing;
    std::int64_t count = 0;
    std::optional<device> from;
};
BOOST_DESCRIBE_STRUCT(thing_input, (), (thing, count, from))
struct list_input {
    std::string thing;
    std::optional<std::int64_t> limit;
    std::string q;
};
BOOST_DESCRIBE_STRUCT(list_input, (), (thing, limit, q))
struct thing {
    std::string id;
    std::optional<device> made_by;
};
BOOST_DESCRIBE_STRUCT(thing, (), (id, made_by))

task<thing> make(call&, thing_input) {
    co_return thing();
}
task<std::vector<thing>> list(call&, list_input) {
    co_return std::vector<thing>();
}
task<json::nothing> nothing(call&, json::nothing) {
    co_return json::nothing();
}

operation_spec spec(std::string_view name, http_method method, std::string_view path, gateway::access who,
                    doors by) {
    operation_spec made;
    made.name = name;
    made.method = method;
    made.path = path;
    made.access = who;
    made.doors = by;
    made.summary = "Does something";
    return made;
}

registry table() {
    registry made;
    operation_spec making =
        spec("thing.make", http_method::post, "/things/{thing}", access::user, doors::both);
    making.status = 201;
    made.add<thing_input, thing>(making, make);
    made.add<list_input, std::vector<thing>>(
        spec("thing.list", http_method::get, "/things/{thing}", access::everyone, doors::both), list);
    operation_spec refreshing =
        spec("thing.refresh", http_method::post, "/refresh", access::everyone, doors::http);
    refreshing.cookie = true;
    made.add<json::nothing, json::nothing>(refreshing, nothing);
    made.add<json::nothing, json::nothing>(
        spec("hello", http_method::none, "", access::everyone, doors::socket), nothing);
    made.add_event<thing>("thing.made", "thing", [](snapshot&, user_id, const journal::note_row&) {
        return std::optional<thing>();
    });
    made.add_ephemeral<device>("here");
    return made;
}

json::value open_document() {
    return json::value::parse(openapi(table(), "1.2.3", "https://chat.example.org"));
}
json::value async_document() {
    return json::value::parse(asyncapi(table(), "1.2.3", "https://chat.example.org"));
}

}  // namespace documenting

TEST_CASE("OpenAPI: each field stands where it travels") {
    const json::value document = documenting::open_document();
    CHECK(document["openapi"] == "3.1.0");
    CHECK(document["info"]["version"] == "1.2.3");
    CHECK(document["servers"][0]["url"] == "https://chat.example.org");
    const json::value& make = document["paths"]["/api/v1/things/{thing}"]["post"];
    CHECK(make["operationId"] == "thing.make");
    REQUIRE(make["parameters"].size() == 1);
    CHECK(make["parameters"][0]["in"] == "path");
    CHECK(make["parameters"][0]["name"] == "thing");
    CHECK(make["requestBody"]["required"] == true);
    const json::value& body = make["requestBody"]["content"]["application/json"]["schema"];
    CHECK_FALSE(body["properties"].contains("thing"));
    CHECK(body["properties"]["count"]["type"] == "integer");
    CHECK(body["required"] == json::value::array({"count"}));
    CHECK(make["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]
          == "#/components/schemas/Thing");
    CHECK(make["responses"]["4XX"]["$ref"] == "#/components/responses/Problem");

    const json::value& list = document["paths"]["/api/v1/things/{thing}"]["get"];
    CHECK_FALSE(list.contains("requestBody"));
    REQUIRE(list["parameters"].size() == 3);
    CHECK(list["parameters"][1]["name"] == "limit");
    CHECK(list["parameters"][1]["in"] == "query");
    CHECK(list["parameters"][1]["required"] == false);
    CHECK(list["parameters"][1]["schema"]["type"] == "integer");
    CHECK(list["parameters"][2]["required"] == true);
}

TEST_CASE("OpenAPI: access is told, and socket operations are left out") {
    const json::value document = documenting::open_document();
    const json::value& paths = document["paths"];
    CHECK(paths["/api/v1/things/{thing}"]["post"]["security"][0].contains("access_token"));
    CHECK(paths["/api/v1/things/{thing}"]["get"]["security"].empty());
    CHECK(paths["/api/v1/refresh"]["post"]["security"][0].contains("refresh_cookie"));
    CHECK(paths["/api/v1/refresh"]["post"]["responses"].contains("204"));
    CHECK_FALSE(paths["/api/v1/refresh"]["post"].contains("requestBody"));
    CHECK(document.dump().find("\"hello\"") == std::string::npos);
    CHECK(paths.contains("/healthz"));
}

TEST_CASE("a type that is stricter as an output than as an input has two schemas") {
    const json::value document = documenting::open_document();
    const json::value& schemas = document["components"]["schemas"];
    REQUIRE(schemas.contains("Device"));
    REQUIRE(schemas.contains("DeviceInput"));
    CHECK(schemas["Device"]["required"].size() == 2);
    CHECK(schemas["DeviceInput"]["required"].size() == 1);
    const json::value& body = document["paths"]["/api/v1/things/{thing}"]["post"]["requestBody"];
    CHECK(body.dump().find("#/components/schemas/DeviceInput") != std::string::npos);
    CHECK(schemas["Thing"].dump().find("DeviceInput") == std::string::npos);
    CHECK(document.dump().find("x-kith-input") == std::string::npos);
    CHECK_FALSE(schemas.contains("ListInput"));
}

TEST_CASE("AsyncAPI: requests with their answers, durable and ephemeral events") {
    const json::value document = documenting::async_document();
    CHECK(document["asyncapi"] == "3.0.0");
    CHECK(document["servers"]["kith"]["protocol"] == "wss");
    CHECK(document["servers"]["kith"]["host"] == "chat.example.org");
    const json::value& messages = document["channels"]["socket"]["messages"];
    const json::value& make = messages["thing.make"]["payload"];
    CHECK(make["properties"]["type"]["const"] == "thing.make");
    CHECK(make["required"] == json::value::array({"id", "type", "data"}));
    CHECK(messages["thing.make.answer"]["payload"]["properties"]["ok"]["const"] == true);
    CHECK(messages["refused"]["payload"]["properties"]["error"]["properties"].contains("retry_after_ms"));
    CHECK(messages["thing.made"]["payload"]["properties"].contains("pos"));
    CHECK_FALSE(messages["here"]["payload"]["properties"].contains("pos"));
    CHECK(messages.contains("hello"));
    CHECK(messages.contains("caught_up"));
    CHECK(messages.contains("server.closing"));
    CHECK_FALSE(messages.contains("thing.refresh"));
    CHECK(document["operations"]["thing.make"]["action"] == "receive");
    CHECK(document["operations"]["thing.make"]["reply"]["messages"].size() == 2);
    CHECK(document["operations"]["on.thing.made"]["action"] == "send");
    CHECK(document["info"]["description"].get<std::string>().find("4008") != std::string::npos);
}
