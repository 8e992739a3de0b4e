// Routing by the operation table, and merging path, query and body into one input.
#include "router.hpp"

#include <kith/core/error.hpp>
#include <kith/core/text.hpp>

#include <charconv>

namespace kith::gateway {
namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) {
            return parts;
        }
        path.remove_prefix(slash + 1);
    }
}

/// The type that a schema names, looking through `anyOf [type, null]`.
std::string schema_type(const json::value& schema) {
    const auto either = schema.find("anyOf");
    const json::value& meant = either != schema.end() && !either->empty() ? either->front() : schema;
    const auto type = meant.find("type");
    return type != meant.end() && type->is_string() ? type->get<std::string>() : std::string();
}

std::vector<std::pair<std::string, text_kind>> typed_fields_of(const operation& op) {
    json::value components = json::value::object();
    json::value schema = op.input.make(components, true);
    if (!op.input.name.empty() && components.contains(op.input.name)) {
        schema = components[op.input.name];
    }
    std::vector<std::pair<std::string, text_kind>> fields;
    if (!schema.contains("properties")) {
        return fields;
    }
    for (const auto& [name, property] : schema["properties"].items()) {
        const std::string type = schema_type(property);
        if (type == "integer") {
            fields.emplace_back(name, text_kind::integer);
        } else if (type == "number") {
            fields.emplace_back(name, text_kind::number);
        } else if (type == "boolean") {
            fields.emplace_back(name, text_kind::flag);
        }
    }
    return fields;
}

std::vector<route_segment> segments_of(std::string_view path) {
    std::vector<route_segment> segments;
    for (const std::string_view part : split(path.substr(1))) {
        const bool field = part.starts_with('{') && part.ends_with('}');
        segments.push_back(route_segment{std::string(field ? part.substr(1, part.size() - 2) : part), field});
    }
    return segments;
}

/// Literals before fields, from the left.
bool goes_before(const route& left, const route& right) {
    const std::size_t count = std::min(left.segments.size(), right.segments.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (left.segments[i].field != right.segments[i].field) {
            return right.segments[i].field;
        }
    }
    return left.segments.size() < right.segments.size();
}

bool fits(const route& candidate, const std::vector<std::string>& parts) {
    if (candidate.segments.size() != parts.size()) {
        return false;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const route_segment& segment = candidate.segments[i];
        if (segment.field ? parts[i].empty() : segment.text != parts[i]) {
            return false;
        }
    }
    return true;
}

/// Text as the JSON value that the field wants; what does not fit stays text, and decoding says what was
/// expected.
json::value typed(const std::string& text, text_kind kind) {
    const char* const end = text.data() + text.size();
    if (kind == text_kind::integer) {
        std::int64_t number = 0;
        const auto read = std::from_chars(text.data(), end, number);
        return read.ec == std::errc() && read.ptr == end ? json::value(number) : json::value(text);
    }
    if (kind == text_kind::number) {
        double number = 0;
        const auto read = std::from_chars(text.data(), end, number);
        return read.ec == std::errc() && read.ptr == end ? json::value(number) : json::value(text);
    }
    if (kind == text_kind::flag && (text == "true" || text == "false")) {
        return json::value(text == "true");
    }
    return json::value(text);
}

void put(json::value& input, const std::string& name, json::value given) {
    if (input.contains(name)) {
        throw invalid_field("/" + json::pointer_token(name), "is given twice");
    }
    input[name] = std::move(given);
}

void put_query(json::value& input, const route& at, std::string_view query) {
    std::size_t count = 0;
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view part = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        if (part.empty()) {
            continue;
        }
        if (++count > query_fields_max) {
            throw error(error_code::invalid,
                        "the query has more than " + std::to_string(query_fields_max) + " fields");
        }
        const std::size_t equals = part.find('=');
        const std::optional<std::string> name = percent_decode(part.substr(0, equals), true);
        if (!name) {
            throw error(error_code::invalid, "the query is not percent-encoded UTF-8");
        }
        const std::string_view raw =
            equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
        const std::optional<std::string> text = percent_decode(raw, true);
        if (!text) {
            throw invalid_field("/" + json::pointer_token(*name), "percent-encoded UTF-8");
        }
        put(input, *name, typed(*text, at.kind_of(*name)));
    }
}

}  // namespace

std::string_view method_text(http_method method) noexcept {
    switch (method) {
    case http_method::get: return "GET";
    case http_method::post: return "POST";
    case http_method::put: return "PUT";
    case http_method::patch: return "PATCH";
    case http_method::del: return "DELETE";
    case http_method::none: break;
    }
    return "";
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string made;
    made.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') {
            return std::nullopt;
        }
        made += c;
    }
    return is_utf8(made) ? std::optional(std::move(made)) : std::nullopt;
}

text_kind route::kind_of(std::string_view name) const noexcept {
    for (const auto& [field, kind] : typed_fields) {
        if (field == name) {
            return kind;
        }
    }
    return text_kind::text;
}

router::router(const registry& table) {
    for (const operation& op : table.operations()) {
        if (op.spec.method == http_method::none || op.spec.doors == doors::socket) {
            continue;
        }
        KITH_ASSERT(op.spec.path.starts_with('/'));
        route made;
        made.op = &op;
        made.segments = segments_of(op.spec.path);
        made.typed_fields = typed_fields_of(op);
        routes_.push_back(std::move(made));
    }
    std::stable_sort(routes_.begin(), routes_.end(), goes_before);
}

route_match router::match(std::string_view method, std::string_view path) const {
    route_match result;
    if (!path.starts_with(api_prefix) || !path.substr(api_prefix.size()).starts_with('/')) {
        return result;
    }
    std::vector<std::string> parts;
    for (const std::string_view part : split(path.substr(api_prefix.size() + 1))) {
        std::optional<std::string> decoded = percent_decode(part, false);
        if (!decoded) {
            result.malformed = true;
            return result;
        }
        parts.push_back(std::move(*decoded));
    }
    for (const route& candidate : routes_) {
        if (!fits(candidate, parts)) {
            continue;
        }
        const std::string_view own = method_text(candidate.op->spec.method);
        if (own == method) {
            result.found = &candidate;
            for (std::size_t i = 0; i < parts.size(); ++i) {
                if (candidate.segments[i].field) {
                    result.fields.emplace_back(candidate.segments[i].text, parts[i]);
                }
            }
            result.allow.clear();
            return result;
        }
        if (result.allow.find(own) == std::string::npos) {
            result.allow += (result.allow.empty() ? "" : ", ") + std::string(own);
        }
    }
    return result;
}

json::value gather_input(const route_match& match, std::string_view query, std::string_view body) {
    json::value input = json::value::object();
    if (!body.empty()) {
        input = json::parse(body);
        if (!input.is_object()) {
            throw invalid_field("", "a JSON object");
        }
    }
    for (const auto& [name, text] : match.fields) {
        put(input, name, typed(text, match.found->kind_of(name)));
    }
    put_query(input, *match.found, query);
    return input;
}

}  // namespace kith::gateway
