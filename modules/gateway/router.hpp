// From a method and a path to an operation, and from path, query and body to its input; made of the table
// alone.
#pragma once

#include <kith/gateway/registry.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::gateway {

/// Where all operations stand.
inline constexpr std::string_view api_prefix = "/api/v1";
/// Parameters of one query string.
inline constexpr std::size_t query_fields_max = 64;

[[nodiscard]] std::string_view method_text(http_method method) noexcept;

/// Percent-decoding without leniency: a lone `%`, NUL or what is no UTF-8 afterwards gives nullopt. In a
/// query `+` is a blank.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

/// How a field that comes as text is to be read.
enum class text_kind : std::uint8_t { text, integer, number, flag };

struct route_segment {
    std::string text;  ///< the literal, or the name of the field
    bool field = false;
};

/// One operation at its place.
struct route {
    const operation* op = nullptr;
    std::vector<route_segment> segments;
    /// The fields of the input that are no text, so that `limit=20` becomes a number while a body stays
    /// strictly typed.
    std::vector<std::pair<std::string, text_kind>> typed_fields;

    [[nodiscard]] text_kind kind_of(std::string_view name) const noexcept;
};

struct route_match {
    route_match() = default;

    const route* found = nullptr;
    std::vector<std::pair<std::string, std::string>> fields;  ///< from the path, decoded
    std::string allow;  ///< the methods of this path when the one asked for is not among them
    bool malformed = false;  ///< the path can't be decoded
};

class router {
public:
    explicit router(const registry& table);

    /// `path` is the whole one, still percent-encoded. A literal segment goes before a field. Neither `found`
    /// nor `allow`: there is nothing at this path.
    [[nodiscard]] route_match match(std::string_view method, std::string_view path) const;

private:
    std::vector<route> routes_;
};

/// One input object of path, query and body, merged by name. Throws `invalid` with the pointer of a name that
/// comes twice, of a query that can't be decoded, and of a body that is no JSON object. An empty body is an
/// object without fields.
[[nodiscard]] json::value gather_input(const route_match& match, std::string_view query,
                                       std::string_view body);

}  // namespace kith::gateway
