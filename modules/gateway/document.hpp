// What the OpenAPI and the AsyncAPI document share: named schemas of inputs and outputs, and the shapes of
// errors.
#pragma once

#include <kith/gateway/registry.hpp>

#include <set>
#include <string>
#include <string_view>

namespace kith::gateway {

/// The schemas of a document. A type used as an input and as an output may differ in what is required of it;
/// then the input's schema is named `…Input`. Inputs must all be added before resolve().
class schema_set {
public:
    [[nodiscard]] json::value input(const json::schema_ref& type) { return type.make(inputs_, true); }
    [[nodiscard]] json::value output(const json::schema_ref& type) { return type.make(outputs_, false); }
    /// The object behind a schema of input(): follows its `$ref`.
    [[nodiscard]] json::value input_object(const json::schema_ref& type);
    void add(const std::string& name, json::value schema) { outputs_[name] = std::move(schema); }

    /// All that `document` refers to, directly or by others, with the names of inputs settled in `document`
    /// and in the result. Input schemas in `document` must stand inside objects marked by mark_input().
    [[nodiscard]] json::value resolve(json::value& document);

    /// Marks a schema as that of an input, so that resolve() looks its references up among the inputs.
    [[nodiscard]] static json::value mark_input(json::value schema);

private:
    json::value inputs_ = json::value::object();
    json::value outputs_ = json::value::object();
};

/// Fields of an input by where they travel over HTTP.
struct input_fields {
    json::value path = json::value::array();  ///< OpenAPI parameters
    json::value query = json::value::array();
    json::value body;  ///< a schema, or null when no field is left for it
    bool body_required = false;
};
[[nodiscard]] input_fields split_input(schema_set& schemas, const operation& op);

/// The schema of `data` in GET /sync: epoch, pos and every section.
[[nodiscard]] json::value sync_schema(schema_set& schemas, const registry& table);
/// The output of an operation; that of `sync.state` is made of the sections.
[[nodiscard]] json::value output_schema(schema_set& schemas, const registry& table, const operation& op);

/// `message.send` is of `message`.
[[nodiscard]] std::string family_of(std::string_view name);
/// The names of all error codes.
[[nodiscard]] json::value error_code_names();
/// `[{pointer, detail}]`.
[[nodiscard]] json::value error_list_schema();

}  // namespace kith::gateway
