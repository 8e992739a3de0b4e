// An HTTP request and its answer as plain values: what is decided about them needs no socket and no Beast.
#pragma once

#include "client_address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::gateway {

/// Equal when ASCII case is ignored.
[[nodiscard]] bool same_text(std::string_view left, std::string_view right) noexcept;
[[nodiscard]] std::string lower_text(std::string_view text);
/// The parts of a comma-separated list, without blanks around them and without empty ones.
[[nodiscard]] std::vector<std::string_view> list_parts(std::string_view text);

struct http_field {
    http_field(std::string name_given, std::string value_given)
        : name(std::move(name_given)), value(std::move(value_given)) {}
    std::string name;  ///< lower case in a request
    std::string value;
};

/// The start line and the header fields of a request. Field names are lower case.
struct http_head {
    http_head() = default;

    std::string method;
    std::string target;
    unsigned version = 11;  ///< 10 or 11
    std::vector<http_field> fields;

    /// The first field of that name (lower case), or empty text.
    [[nodiscard]] std::string_view value(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
    /// Whether the lists in the fields of that name hold `token`, case ignored.
    [[nodiscard]] bool lists(std::string_view name, std::string_view token) const;
    /// The target without its query; of an absolute target the path alone.
    [[nodiscard]] std::string_view path() const noexcept;
    [[nodiscard]] std::string_view query() const noexcept;
};

struct http_request {
    http_request() = default;

    http_head head;
    std::string body;
    std::string id;  ///< our own, in every answer as X-Request-Id
    ip_address peer;  ///< who is at the other end of the connection
    bool in_clear = false;  ///< plain HTTP at a port that speaks TLS
};

struct http_answer {
    http_answer() = default;

    int status = 200;
    std::vector<http_field> fields;
    std::string text;  ///< the body, unless `file` is set
    std::string_view file;  ///< bytes that outlive the process' requests: a static file
    bool without_body = false;  ///< HEAD and 304: the length is told, the body is not sent
    std::string operation;  ///< label of metrics and log; from a fixed set

    [[nodiscard]] std::string_view body() const noexcept {
        return file.empty() ? std::string_view(text) : file;
    }
    void set(std::string name, std::string value) { fields.emplace_back(std::move(name), std::move(value)); }
};

}  // namespace kith::gateway
