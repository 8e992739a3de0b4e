// The AsyncAPI 3.0 document of the WebSocket, made from the operation table.
#include "document.hpp"
#include "router.hpp"

namespace kith::gateway {
namespace {

constexpr const char* channel_path = "#/channels/socket";

constexpr const char* description =
    "The WebSocket of a Kith server: subprotocol `kith.v1`, frames of JSON text. The first frame is `hello` with the access "
    "token, within 5 seconds. Each request has an `id` of the client's own and gets exactly one answer, or the connection "
    "closes and the outcome is unknown. Durable events carry `pos`, by which a client resumes; ephemeral ones do not. "
    "Events are upserts.\n\n"
    "A frame above 64 KiB closes with 1009; a client silent for 75 s is closed; one that reads too slowly is closed with "
    "4008 and resumes.\n\n"
    "Close codes: 1001 going away, 1002 protocol error, 1003 binary not understood, 1007 invalid UTF-8, 1008 policy "
    "(unparsable JSON, anything but `hello` first), 1009 too big, 1011 fault, 4001 token expired or revoked, 4003 banned, "
    "4008 too slow, 4009 too many sockets, 4029 too many requests. Where waiting helps, a last frame `server.closing` "
    "tells how long.";

json::value text_schema() {
    return json::value::object({{"type", "string"}});
}
json::value integer_schema() {
    return json::value::object({{"type", "integer"}});
}
json::value constant(json::value what) {
    json::value made = json::value::object();
    made["const"] = std::move(what);
    return made;
}

/// An object whose fields are all required.
json::value frame_of(std::initializer_list<std::pair<const char*, json::value>> fields) {
    json::value made = json::value::object({{"type", "object"}});
    made["required"] = json::value::array();
    for (const auto& [name, schema] : fields) {
        made["properties"][name] = schema;
        made["required"].push_back(name);
    }
    return made;
}

json::value reference(const std::string& where) {
    return json::value::object({{"$ref", where}});
}

/// Builds up channel messages and operations.
class async_document {
public:
    async_document(const registry& table) : table_(table) {}

    void add_request(const operation& op) {
        const std::string name(op.spec.name);
        const std::string answer = name + ".answer";
        const json::value data =
            op.has_output ? output_schema(schemas_, table_, op) : json::value::object({{"type", "object"}});
        add_message(name, std::string(op.spec.summary),
                    frame_of({{"id", integer_schema()},
                              {"type", constant(name)},
                              {"data", schema_set::mark_input(schemas_.input(op.input))}}));
        add_message(answer, "The answer to " + name,
                    frame_of({{"id", integer_schema()}, {"ok", constant(true)}, {"data", data}}));
        json::value made = json::value::object({{"action", "receive"}});
        made["channel"] = reference(channel_path);
        made["summary"] = std::string(op.spec.summary.empty() ? op.spec.name : op.spec.summary);
        made["messages"] = json::value::array({message_reference(name)});
        made["reply"]["channel"] = reference(channel_path);
        made["reply"]["messages"] =
            json::value::array({message_reference(answer), message_reference("refused")});
        operations_[name] = std::move(made);
    }
    void add_durable(const event& one) {
        const std::string type(one.type);
        add_event(type, "Durable: the thing as it is",
                  frame_of({{"type", constant(type)},
                            {"pos", integer_schema()},
                            {"data", schemas_.output(one.schema)}}));
    }
    void add_ephemeral(const std::string& type, const json::value& data) {
        add_event(type, "Ephemeral: without a position",
                  frame_of({{"type", constant(type)}, {"data", data}}));
    }
    /// What every connection may see, whatever modules register.
    void add_own() {
        json::value error = frame_of({{"code", text_schema()}, {"detail", text_schema()}});
        error["properties"]["code"]["enum"] = error_code_names();
        error["properties"]["errors"] = error_list_schema();
        error["properties"]["retry_after_ms"] = integer_schema();
        add_message("refused", "The answer to a request that failed",
                    frame_of({{"id", integer_schema()}, {"ok", constant(false)}, {"error", error}}));
        add_event("caught_up", "All changes up to pos have been sent",
                  frame_of({{"type", constant("caught_up")}, {"pos", integer_schema()}}));
        if (!known("server.closing")) {
            add_ephemeral("server.closing",
                          frame_of({{"code", integer_schema()}, {"retry_after_ms", integer_schema()}}));
        }
    }
    [[nodiscard]] bool known(const std::string& message) const { return messages_.contains(message); }
    [[nodiscard]] schema_set& schemas() noexcept { return schemas_; }

    [[nodiscard]] json::value finish(std::string_view version, std::string_view server_url) {
        json::value document = json::value::object({{"asyncapi", "3.0.0"}});
        document["info"]["title"] = "Kith";
        document["info"]["version"] = std::string(version);
        document["info"]["description"] = description;
        document["info"]["license"]["name"] = "Apache-2.0";
        const std::size_t mark = server_url.find("://");
        const std::string_view host =
            mark == std::string_view::npos ? server_url : server_url.substr(mark + 3);
        document["servers"]["kith"]["host"] = std::string(host.substr(0, host.find('/')));
        document["servers"]["kith"]["protocol"] = server_url.starts_with("https:") ? "wss" : "ws";
        document["defaultContentType"] = "application/json";
        json::value& channel = document["channels"]["socket"];
        channel["address"] = std::string(api_prefix) + "/socket";
        channel["description"] = "The one WebSocket of a client. Subprotocol `kith.v1`.";
        channel["bindings"]["ws"] = json::value::object({{"method", "GET"}, {"bindingVersion", "0.1.0"}});
        channel["messages"] = std::move(messages_);
        document["operations"] = std::move(operations_);
        json::value used = schemas_.resolve(document);
        document["components"]["schemas"] = std::move(used);
        return document;
    }

private:
    static json::value message_reference(const std::string& name) {
        return reference(std::string(channel_path) + "/messages/" + name);
    }
    void add_message(const std::string& name, const std::string& summary, json::value payload) {
        json::value& made = messages_[name];
        made["name"] = name;
        made["summary"] = summary.empty() ? name : summary;
        made["payload"] = std::move(payload);
    }
    void add_event(const std::string& type, const std::string& summary, json::value payload) {
        add_message(type, summary, std::move(payload));
        json::value made = json::value::object({{"action", "send"}});
        made["channel"] = reference(channel_path);
        made["summary"] = summary;
        made["messages"] = json::value::array({message_reference(type)});
        operations_["on." + type] = std::move(made);
    }

    const registry& table_;
    schema_set schemas_;
    json::value messages_ = json::value::object();
    json::value operations_ = json::value::object();
};

}  // namespace

std::string asyncapi(const registry& table, std::string_view version, std::string_view server_url) {
    async_document document(table);
    for (const operation& op : table.operations()) {
        if (op.spec.doors != doors::http) {
            document.add_request(op);
        }
    }
    for (const event& one : table.events()) {
        document.add_durable(one);
    }
    for (const ephemeral_event& one : table.ephemerals()) {
        if (one.type != "caught_up") {
            document.add_ephemeral(std::string(one.type), document.schemas().output(one.schema));
        }
    }
    document.add_own();
    return document.finish(version, server_url).dump(1);
}

}  // namespace kith::gateway
