// Reading parsed JSON without caring where it stands: in a text that was just parsed, or in a value.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::json {

using value = nlohmann::json;

/// Deepest nesting that is taken.
inline constexpr std::size_t depth_max = 32;

/// One node: null, flag, number, string, array or object. Refers to what it was made from.
class view {
public:
    /// null
    view() noexcept = default;
    /// Of a value, which must outlive the view: fit for an argument, not for a variable.
    view(const value& of) noexcept : value_(&of) {}

    [[nodiscard]] bool is_null() const;
    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;
    /// nullopt where the node is of another kind, or an integer does not fit.
    [[nodiscard]] std::optional<std::string_view> text() const;
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    [[nodiscard]] std::optional<bool> flag() const;
    [[nodiscard]] std::optional<double> number() const;

    /// The member of an object; nullopt where there is none.
    [[nodiscard]] std::optional<view> find(std::string_view key) const;
    /// Members of an object or elements of an array.
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::vector<view> elements() const;
    [[nodiscard]] std::vector<std::pair<std::string_view, view>> members() const;

    /// As a value of its own, which outlives what this refers to.
    [[nodiscard]] value copy() const;

private:
    friend class document;
    struct in_text;

    const value* value_ = nullptr;
    /// The library's own node, kept as bytes so that its header stays out of here; all zero: none.
    std::array<std::size_t, 2> node_{};
};

/// A text as parsed by simdjson, several times as fast as building a value. Its views are good until the next document is
/// made on the same thread. Takes and refuses exactly what parse() does.
class document {
public:
    /// Throws `invalid` for what is not well-formed UTF-8 JSON of bounded depth without duplicate keys.
    explicit document(std::string_view text);
    [[nodiscard]] view root() const noexcept { return root_; }

private:
    view root_;
};

}  // namespace kith::json
