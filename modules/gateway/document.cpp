// Schemas of the documents: gathering, telling inputs from outputs, and keeping only what is referred to.
#include "document.hpp"

#include <kith/core/error.hpp>

namespace kith::gateway {
namespace {

constexpr std::string_view schema_path = "#/components/schemas/";
constexpr const char* input_mark = "x-kith-input";

/// Calls `visit(reference)` for every `$ref` to a schema inside `node`; it may change it.
template <class Visitor>
void each_reference(json::value& node, const Visitor& visit) {
    if (node.is_object()) {
        const auto found = node.find("$ref");
        if (found != node.end() && found->is_string()) {
            auto& text = found->get_ref<std::string&>();
            if (text.starts_with(schema_path)) {
                visit(text);
            }
        }
    }
    if (node.is_structured()) {
        for (json::value& child : node) {
            each_reference(child, visit);
        }
    }
}

std::string name_in(const std::string& reference) {
    return reference.substr(schema_path.size());
}

/// Inputs whose schema is not that of the output of the same name, or that refer to such a one.
std::set<std::string> differing(json::value& inputs, const json::value& outputs) {
    std::set<std::string> found;
    for (const auto& [name, schema] : inputs.items()) {
        if (outputs.contains(name) && outputs[name] != schema) {
            found.insert(name);
        }
    }
    for (bool grew = true; grew;) {
        grew = false;
        for (auto& [name, schema] : inputs.items()) {
            bool touched = false;
            each_reference(schema, [&](std::string& reference) {
                touched = touched || found.contains(name_in(reference));
            });
            if (touched && outputs.contains(name) && found.insert(name).second) {
                grew = true;
            }
        }
    }
    return found;
}

void rename(json::value& node, const std::set<std::string>& names) {
    each_reference(node, [&](std::string& reference) {
        if (names.contains(name_in(reference))) {
            reference += "Input";
        }
    });
}

/// Renames inside marked schemas and takes the marks away.
void settle(json::value& node, const std::set<std::string>& names) {
    if (node.is_object() && node.contains(input_mark)) {
        json::value inside = std::move(node[input_mark]);
        rename(inside, names);
        node = std::move(inside);
        return;
    }
    if (node.is_structured()) {
        for (json::value& child : node) {
            settle(child, names);
        }
    }
}

void collect(json::value& node, json::value& all, json::value& used) {
    each_reference(node, [&](const std::string& reference) {
        const std::string name = name_in(reference);
        if (!used.contains(name)) {
            KITH_ASSERT(all.contains(name));
            used[name] = all[name];
            collect(all[name], all, used);
        }
    });
}

/// A parameter is left out rather than null.
json::value without_null(const json::value& schema) {
    const auto either = schema.find("anyOf");
    return either != schema.end() && !either->empty() ? either->front() : schema;
}

json::value parameter(const std::string& name, const char* where, bool required, const json::value& schema) {
    json::value made = json::value::object();
    made["name"] = name;
    made["in"] = where;
    made["required"] = required;
    made["schema"] = schema_set::mark_input(without_null(schema));
    return made;
}

bool in_path(std::string_view path, const std::string& name) {
    return path.find("{" + name + "}") != std::string_view::npos;
}

}  // namespace

json::value schema_set::mark_input(json::value schema) {
    json::value marked = json::value::object();
    marked[input_mark] = std::move(schema);
    return marked;
}

json::value schema_set::input_object(const json::schema_ref& type) {
    json::value schema = input(type);
    return type.name.empty() ? schema : inputs_[type.name];
}

json::value schema_set::resolve(json::value& document) {
    const std::set<std::string> names = differing(inputs_, outputs_);
    settle(document, names);
    json::value all = outputs_;
    for (const auto& [name, schema] : inputs_.items()) {
        json::value own = schema;
        rename(own, names);
        all[names.contains(name) ? name + "Input" : name] = std::move(own);
    }
    json::value used = json::value::object();
    collect(document, all, used);
    return used;
}

input_fields split_input(schema_set& schemas, const operation& op) {
    input_fields fields;
    const json::value whole = schemas.input_object(op.input);
    const bool by_query = op.spec.method == http_method::get || op.spec.method == http_method::del;
    json::value properties = json::value::object();
    json::value required = json::value::array();
    if (!whole.contains("properties")) {
        return fields;
    }
    const auto is_required = [&](const std::string& name) {
        return std::find(whole["required"].begin(), whole["required"].end(), name) != whole["required"].end();
    };
    for (const auto& [name, schema] : whole["properties"].items()) {
        if (in_path(op.spec.path, name)) {
            fields.path.push_back(parameter(name, "path", true, schema));
        } else if (by_query) {
            fields.query.push_back(parameter(name, "query", is_required(name), schema));
        } else {
            properties[name] = schema;
            if (is_required(name)) {
                required.push_back(name);
            }
        }
    }
    if (!properties.empty()) {
        fields.body_required = !required.empty();
        json::value body = json::value::object();
        body["type"] = "object";
        body["properties"] = std::move(properties);
        body["required"] = std::move(required);
        body["additionalProperties"] = false;
        fields.body = schema_set::mark_input(std::move(body));
    }
    return fields;
}

json::value sync_schema(schema_set& schemas, const registry& table) {
    json::value properties = json::value::object();
    properties["epoch"] = json::value::object({{"type", "string"}});
    properties["pos"] = json::value::object({{"type", "integer"}});
    json::value required = json::value::array({"epoch", "pos"});
    for (const sync_section& section : table.sections()) {
        const std::string name(section.name);
        properties[name] = schemas.output(section.schema);
        required.push_back(name);
    }
    return json::value::object({{"type", "object"}, {"properties", properties}, {"required", required}});
}

json::value output_schema(schema_set& schemas, const registry& table, const operation& op) {
    return op.spec.name == "sync.state" ? sync_schema(schemas, table) : schemas.output(op.output);
}

std::string family_of(std::string_view name) {
    return std::string(name.substr(0, name.find('.')));
}

json::value error_code_names() {
    json::value names = json::value::array();
    for (int code = 0; code <= static_cast<int>(error_code::outcome_unknown); ++code) {
        names.push_back(std::string(name(static_cast<error_code>(code))));
    }
    return names;
}

json::value error_list_schema() {
    json::value one = json::value::object();
    one["type"] = "object";
    one["properties"]["pointer"] = json::value::object({{"type", "string"}, {"description", "RFC 6901"}});
    one["properties"]["detail"] = json::value::object({{"type", "string"}});
    one["required"] = json::value::array({"pointer", "detail"});
    return json::value::object({{"type", "array"}, {"items", one}});
}

}  // namespace kith::gateway
