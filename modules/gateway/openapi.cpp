// The OpenAPI 3.1 document, made from the operation table.
#include "document.hpp"
#include "router.hpp"

#include <map>

namespace kith::gateway {
namespace {

constexpr const char* description =
    "The HTTP door of a Kith server. Ids are decimal strings, times are RFC 3339 in UTC, lists are paged by `next`. "
    "Errors are `application/problem+json` (RFC 9457) with a `code`; 429 and 503 carry `Retry-After`. "
    "A body is `application/json`, a request of another site's page is refused. "
    "The same operations are served over the WebSocket at `/api/v1/socket`, see /asyncapi.json.";

json::value object(std::initializer_list<std::pair<const char*, json::value>> members) {
    json::value made = json::value::object();
    for (const auto& [name, value] : members) {
        made[name] = value;
    }
    return made;
}

json::value reference(const std::string& where) {
    return object({{"$ref", where}});
}

json::value content(const char* type, json::value schema) {
    json::value made = json::value::object();
    made[type]["schema"] = std::move(schema);
    return made;
}

json::value problem_schema() {
    json::value made = object({{"type", "object"}});
    made["description"] = "RFC 9457. `errors` points into the JSON body, or names a field of path or query.";
    json::value& fields = made["properties"];
    fields["type"] = object({{"type", "string"}});
    fields["title"] = object({{"type", "string"}});
    fields["status"] = object({{"type", "integer"}});
    fields["code"] = object({{"type", "string"}, {"enum", error_code_names()}});
    fields["detail"] = object({{"type", "string"}});
    fields["errors"] = error_list_schema();
    fields["request_id"] = object({{"type", "string"}});
    made["required"] = json::value::array({"type", "title", "status", "code", "detail", "request_id"});
    return made;
}

json::value problem_response() {
    json::value made = object({{"description", "Refused, with the reason"}});
    made["headers"]["Retry-After"] = object(
        {{"description", "Seconds to wait; with 429 and 503"}, {"schema", object({{"type", "integer"}})}});
    made["content"] = content("application/problem+json", reference("#/components/schemas/Problem"));
    return made;
}

void refuse_by_problem(json::value& responses) {
    responses["4XX"] = reference("#/components/responses/Problem");
    responses["5XX"] = reference("#/components/responses/Problem");
}

json::value security_of(const operation_spec& spec) {
    if (spec.access != access::everyone) {
        return json::value::array({object({{"access_token", json::value::array()}})});
    }
    if (spec.cookie) {
        return json::value::array(
            {object({{"refresh_cookie", json::value::array()}}), json::value::object()});
    }
    return json::value::array();
}

json::value key_parameter() {
    json::value made = object({{"name", "Idempotency-Key"}, {"in", "header"}, {"required", false}});
    made["description"] =
        "Repeated with the same key and input within 30 days it gives the first answer; with another input, `conflict`";
    made["schema"] = object({{"type", "string"}, {"pattern", "^[!-~]+$"}, {"minLength", 1}});
    made["schema"]["maxLength"] = journal::idempotency_key_max;
    return made;
}

json::value operation_of(schema_set& schemas, const registry& table, const operation& op) {
    json::value made = json::value::object();
    made["operationId"] = std::string(op.spec.name);
    made["summary"] = std::string(op.spec.summary.empty() ? op.spec.name : op.spec.summary);
    made["tags"] = json::value::array({family_of(op.spec.name)});
    made["security"] = security_of(op.spec);
    input_fields fields = split_input(schemas, op);
    json::value parameters = std::move(fields.path);
    for (json::value& one : fields.query) {
        parameters.push_back(std::move(one));
    }
    if (op.spec.takes_key) {
        parameters.push_back(key_parameter());
    }
    if (!parameters.empty()) {
        made["parameters"] = std::move(parameters);
    }
    if (!fields.body.is_null()) {
        made["requestBody"]["required"] = fields.body_required;
        made["requestBody"]["content"] = content("application/json", std::move(fields.body));
    }
    if (op.has_output) {
        json::value answer = object({{"description", "The answer"}});
        answer["content"] = content("application/json", output_schema(schemas, table, op));
        made["responses"][std::to_string(op.spec.status)] = std::move(answer);
    } else {
        made["responses"]["204"] = object({{"description", "Done"}});
    }
    refuse_by_problem(made["responses"]);
    return made;
}

json::value text_answer(const char* summary, const char* id, const char* type) {
    json::value made =
        object({{"operationId", id}, {"summary", summary}, {"security", json::value::array()}});
    made["tags"] = json::value::array({"server"});
    json::value answer = object({{"description", "The answer"}});
    answer["content"] = content(type, object({{"type", "string"}}));
    made["responses"]["200"] = std::move(answer);
    refuse_by_problem(made["responses"]);
    return made;
}

/// What stands outside the operation table.
void add_own_paths(json::value& paths) {
    paths["/healthz"]["get"] =
        text_answer("Whether the process answers at all", "server.alive", "text/plain");
    paths["/metrics"]["get"] = text_answer("Metrics for Prometheus; from a loopback address unless opened",
                                           "server.metrics", "text/plain");
    json::value ready = text_answer("Whether this node takes work", "server.ready", "application/json");
    const json::value state = reference("#/components/schemas/Readiness");
    ready["responses"]["200"]["content"]["application/json"]["schema"] = state;
    ready["responses"].erase("5XX");
    json::value busy = object({{"description", "Not ready, with the reasons"}});
    busy["content"] = content("application/json", state);
    ready["responses"]["503"] = std::move(busy);
    paths["/readyz"]["get"] = std::move(ready);
}

json::value readiness_schema() {
    json::value made = object({{"type", "object"}});
    made["properties"]["ready"] = object({{"type", "boolean"}});
    made["properties"]["reasons"] = object({{"type", "array"}, {"items", object({{"type", "string"}})}});
    made["required"] = json::value::array({"ready", "reasons"});
    return made;
}

json::value security_schemes() {
    json::value made = json::value::object();
    made["access_token"] = object({{"type", "http"}, {"scheme", "bearer"}});
    made["access_token"]["description"] = "The `access_token` of a Session";
    made["refresh_cookie"] = object({{"type", "apiKey"}, {"in", "cookie"}, {"name", "__Host-kith_refresh"}});
    made["refresh_cookie"]["description"] =
        "Of a web device; only with a same-origin `Origin` or `Sec-Fetch-Site` and a JSON body";
    return made;
}

json::value tags_of(const registry& table) {
    std::map<std::string, bool> names{{"server", true}};
    for (const operation& op : table.operations()) {
        if (op.spec.method != http_method::none && op.spec.doors != doors::socket) {
            names[family_of(op.spec.name)] = true;
        }
    }
    json::value tags = json::value::array();
    for (const auto& [name, unused] : names) {
        tags.push_back(object({{"name", name}, {"description", "Operations of `" + name + "`"}}));
    }
    return tags;
}

}  // namespace

std::string openapi(const registry& table, std::string_view version, std::string_view server_url) {
    schema_set schemas;
    schemas.add("Problem", problem_schema());
    schemas.add("Readiness", readiness_schema());
    json::value document = object({{"openapi", "3.1.0"}, {"tags", tags_of(table)}});
    document["info"] = object({{"title", "Kith"}, {"description", description}});
    document["info"]["version"] = std::string(version);
    document["info"]["license"] = object({{"name", "Apache License 2.0"}, {"identifier", "Apache-2.0"}});
    document["servers"] = json::value::array({object({{"url", std::string(server_url)}})});
    document["security"] = json::value::array({object({{"access_token", json::value::array()}})});
    json::value& paths = document["paths"];
    for (const operation& op : table.operations()) {
        if (op.spec.method == http_method::none || op.spec.doors == doors::socket) {
            continue;
        }
        const std::string path = std::string(api_prefix) + std::string(op.spec.path);
        std::string method(method_text(op.spec.method));
        std::transform(method.begin(), method.end(), method.begin(),
                       [](char c) { return static_cast<char>(c + ('a' - 'A')); });
        paths[path][method] = operation_of(schemas, table, op);
    }
    add_own_paths(paths);
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["responses"]["Problem"] = problem_response();
    json::value used = schemas.resolve(document);
    document["components"]["schemas"] = std::move(used);
    return document.dump(1);
}

}  // namespace kith::gateway
