// JSON at the doors: structs described once (Boost.Describe) are read with exact error pointers and written as text.
// Included by api.cpp files and the gateway only.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>
#include <kith/core/id.hpp>
#include <kith/core/json_view.hpp>

#include <boost/describe.hpp>
#include <boost/mp11/algorithm.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kith::json {

/// Errors gathered from one input before the rest is not looked at.
inline constexpr std::size_t errors_max = 16;

/// An input or output without fields.
struct nothing {};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

/// An output field that is left out when it has no value (`std::optional` is written as null).
template <class T>
struct omittable : std::optional<T> {
    using std::optional<T>::optional;
    using std::optional<T>::operator=;
};

/// An input field of a change: absent, null, or a value.
template <class T>
struct change {
    bool present = false;
    std::optional<T> value;
};

/// Parses well-formed UTF-8 JSON of bounded depth without duplicate keys. Throws `invalid` otherwise.
[[nodiscard]] value parse(std::string_view text);

/// Appends `text` as a JSON string. `text` must be well-formed UTF-8.
void write_string(std::string& out, std::string_view text);

/// What went wrong where, while a struct is read.
class decode_errors {
public:
    void add(const std::string& pointer, std::string_view expected) {
        if (found_.size() < errors_max) {
            found_.emplace_back(pointer, std::string(expected));
        }
    }
    /// Throws `invalid` when anything was found.
    void raise() const;

private:
    std::vector<error_detail> found_;
};

/// `text` as one token of an RFC 6901 pointer.
[[nodiscard]] std::string pointer_token(std::string_view text);
/// The JSON name of a member: its own, without the underscore that keeps `new_` from being a keyword.
[[nodiscard]] constexpr std::string_view field_name(std::string_view member) noexcept {
    return member.ends_with('_') ? member.substr(0, member.size() - 1) : member;
}

template <class T>
concept described_struct = boost::describe::has_describe_members<T>::value && !std::is_enum_v<T>;
template <class T>
concept described_enum = boost::describe::has_describe_enumerators<T>::value;

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_omittable = false;
template <class T>
inline constexpr bool is_omittable<omittable<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_change = false;
template <class T>
inline constexpr bool is_change<change<T>> = true;
template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<id<Tag>> = true;

template <class T>
using members_of =
    boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

template <class T, class Visitor>
void for_each_member(Visitor visit) {
    boost::mp11::mp_for_each<members_of<T>>(visit);
}

template <class Member>
struct key_before {
    static constexpr std::string_view name = field_name(Member::name);
    static constexpr std::array chars = [] {
        std::array<char, name.size() + 4> made{};
        made[0] = ',';
        made[1] = '"';
        for (std::size_t i = 0; i < name.size(); ++i) {
            made[i + 2] = name[i];
        }
        made[name.size() + 2] = '"';
        made[name.size() + 3] = ':';
        return made;
    }();
    static constexpr std::string_view text{chars.data(), chars.size()};
};

template <class T>
struct inner {
    using type = typename T::value_type;
};
template <class T>
struct inner<change<T>> {
    using type = T;
};
template <class T>
using inner_of = typename inner<T>::type;

void write_integer(std::string& out, std::int64_t number);
void write_number(std::string& out, double number);

}  // namespace detail

/// Where in an input something stands. Becomes a pointer (RFC 6901) only when it is not as expected there.
class place {
public:
    place() = default;
    place(const place& in, std::string_view name) : above_(&in), name_(name) {}
    place(const place& in, std::size_t index) : above_(&in), index_(index) {}
    [[nodiscard]] std::string pointer() const;

private:
    const place* above_ = nullptr;
    std::string_view name_;
    std::size_t index_ = 0;
};

template <class T>
void read_struct(const view& input, T& out, const place& at, decode_errors& errors);

/// Reads `input` into `out`, adding to `errors` what is not as expected.
template <class T>
void read(const view& input, T& out, const place& at, decode_errors& errors) {
    const auto take = [&](const auto& found, std::string_view expected) {
        found ? void(out = T(*found)) : errors.add(at.pointer(), expected);
    };
    if constexpr (std::is_same_v<T, view>) {
        out = input;
    } else if constexpr (std::is_same_v<T, value>) {
        out = input.copy();
    } else if constexpr (detail::is_optional<T>) {
        if (!input.is_null()) {
            read(input, out.emplace(), at, errors);
        }
    } else if constexpr (detail::is_change<T>) {
        out.present = true;
        if (!input.is_null()) {
            read(input, out.value.emplace(), at, errors);
        }
    } else if constexpr (std::is_same_v<T, std::string>) {
        take(input.text(), "a string");
    } else if constexpr (std::is_same_v<T, bool>) {
        take(input.flag(), "true or false");
    } else if constexpr (std::is_integral_v<T>) {
        const std::optional<std::int64_t> number = input.integer();
        take(number && std::in_range<T>(*number) ? number : std::nullopt, "an integer");
    } else if constexpr (std::is_floating_point_v<T>) {
        take(input.number(), "a number");
    } else if constexpr (detail::is_id<T>) {
        out = T(parse_id(input.text().value_or("")));
        if (!out) {
            errors.add(at.pointer(), "an id: a string of decimal digits");
        }
    } else if constexpr (std::is_same_v<T, timestamp>) {
        try {
            out = parse_time(input.text().value_or(""));
        } catch (const error&) {
            errors.add(at.pointer(), "a time as in RFC 3339, such as 2026-01-31T09:05:00Z");
        }
    } else if constexpr (described_enum<T>) {
        const std::string_view text = input.text().value_or("");
        bool known = false;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto one) {
            if (text == one.name) {
                out = one.value;
                known = true;
            }
        });
        if (!known) {
            std::string expected = "one of";
            boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
                [&](auto one) { expected.append(" ").append(one.name); });
            errors.add(at.pointer(), expected);
        }
    } else if constexpr (detail::is_vector<T>) {
        if (!input.is_array()) {
            errors.add(at.pointer(), "an array");
            return;
        }
        std::size_t index = 0;
        for (const view& one : input.elements()) {
            read(one, out.emplace_back(), place(at, index++), errors);
        }
    } else {
        read_struct(input, out, at, errors);
    }
}

/// Reads the members of a described struct, each by its name; a field that is not one of them is an error.
template <class T>
void read_struct(const view& input, T& out, const place& at, decode_errors& errors) {
    static_assert(described_struct<T>, "describe this struct with BOOST_DESCRIBE_STRUCT");
    if (!input.is_object()) {
        errors.add(at.pointer(), "an object");
        return;
    }
    std::size_t known = 0;
    detail::for_each_member<T>([&](auto member) {
        using field = std::remove_reference_t<decltype(out.*member.pointer)>;
        constexpr std::string_view name = field_name(member.name);
        if (const std::optional<view> found = input.find(name)) {
            ++known;
            read(*found, out.*member.pointer, place(at, name), errors);
        } else if constexpr (!detail::is_optional<field> && !detail::is_change<field>) {
            errors.add(place(at, name).pointer(), "is required");
        }
    });
    if (known == input.size()) {
        return;
    }
    for (const auto& [key, ignored] : input.members()) {
        bool expected = false;
        detail::for_each_member<T>(
            [&, name = key](auto member) { expected = expected || field_name(member.name) == name; });
        if (!expected) {
            errors.add(place(at, key).pointer(), "is not a field here");
        }
    }
}

/// Reads a struct from parsed JSON. Throws `invalid` with every pointer that is not as expected.
template <class T>
[[nodiscard]] T decode(const view& input) {
    T out;
    decode_errors errors;
    read(input, out, place(), errors);
    errors.raise();
    return out;
}

/// Appends `thing` as JSON text.
template <class T>
void write(std::string& out, const T& thing) {
    if constexpr (std::is_same_v<T, value>) {
        out += thing.dump();
    } else if constexpr (detail::is_optional<T> || detail::is_omittable<T>) {
        thing.has_value() ? write(out, *thing) : void(out += "null");
    } else if constexpr (std::is_same_v<T, bool>) {
        out += thing ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
        detail::write_integer(out, static_cast<std::int64_t>(thing));
    } else if constexpr (std::is_floating_point_v<T>) {
        detail::write_number(out, thing);
    } else if constexpr (detail::is_id<T>) {
        out += '"';
        detail::write_integer(out, thing.value());
        out += '"';
    } else if constexpr (std::is_same_v<T, timestamp>) {
        out += '"';
        append_time(out, thing);
        out += '"';
    } else if constexpr (described_enum<T>) {
        write_string(out, field_name(boost::describe::enum_to_string(thing, "")));
    } else if constexpr (detail::is_vector<T>) {
        out += '[';
        for (std::size_t i = 0; i < thing.size(); ++i) {
            out += i == 0 ? "" : ",";
            write(out, thing[i]);
        }
        out += ']';
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        write_string(out, thing);
    } else {
        static_assert(described_struct<T>, "describe this struct with BOOST_DESCRIBE_STRUCT");
        out += '{';
        bool first = true;
        detail::for_each_member<T>([&](auto member) {
            const auto& field = thing.*member.pointer;
            if constexpr (detail::is_omittable<std::remove_cvref_t<decltype(field)>>) {
                if (!field.has_value()) {
                    return;
                }
            }
            // What stands before the value, made when this is compiled: `,"name":`
            constexpr std::string_view key = detail::key_before<decltype(member)>::text;
            out += first ? key.substr(1) : key;
            first = false;
            write(out, field);
        });
        out += '}';
    }
}

/// JSON text of a described struct.
template <class T>
[[nodiscard]] std::string text(const T& thing) {
    constexpr std::size_t most = 384;  // a message of some words with its names and ids
    std::string out;
    out.reserve(most);
    write(out, thing);
    return out;
}

/// A type's JSON Schema (2020-12), and under which name it stands in `components`; empty name: inline.
struct schema_ref {
    std::string name;
    value (*make)(value& components, bool input) = nullptr;
};

/// The name of a type in the documents: `kith::messages::message_page` is `MessagePage`.
[[nodiscard]] std::string type_name(const char* mangled);

[[nodiscard]] value null_schema();

/// The schema of T, or a `$ref` to it after putting it into `components`. An optional field is required in an output
/// (written as null) and not in an input.
template <class T>
[[nodiscard]] value make_schema(value& components, bool input) {
    if constexpr (std::is_same_v<T, value>) {
        return value::object();
    } else if constexpr (detail::is_optional<T> || detail::is_change<T>) {
        value either = value::object();
        either["anyOf"] = value::array({make_schema<detail::inner_of<T>>(components, input), null_schema()});
        return either;
    } else if constexpr (detail::is_omittable<T>) {
        return make_schema<typename T::value_type>(components, input);
    } else if constexpr (std::is_same_v<T, bool>) {
        return value::object({{"type", "boolean"}});
    } else if constexpr (std::is_integral_v<T>) {
        return value::object({{"type", "integer"}});
    } else if constexpr (std::is_floating_point_v<T>) {
        return value::object({{"type", "number"}});
    } else if constexpr (detail::is_id<T>) {
        return value::object({{"type", "string"}, {"pattern", "^[1-9][0-9]{0,18}$"}});
    } else if constexpr (std::is_same_v<T, timestamp>) {
        return value::object({{"type", "string"}, {"format", "date-time"}});
    } else if constexpr (described_enum<T>) {
        value names = value::array();
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
            [&](auto one) { names.push_back(std::string(field_name(one.name))); });
        return value::object({{"type", "string"}, {"enum", names}});
    } else if constexpr (detail::is_vector<T>) {
        return value::object(
            {{"type", "array"}, {"items", make_schema<typename T::value_type>(components, input)}});
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        return value::object({{"type", "string"}});
    } else {
        const std::string name = type_name(typeid(T).name());
        if (!components.contains(name)) {
            components[name] = value::object();
            value properties = value::object();
            value required = value::array();
            detail::for_each_member<T>([&](auto member) {
                using field = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
                const std::string key(field_name(member.name));
                properties[key] = make_schema<field>(components, input);
                constexpr bool may_lack = detail::is_omittable<field> || detail::is_change<field>;
                if (!may_lack && !(input && detail::is_optional<field>)) {
                    required.push_back(key);
                }
            });
            components[name] =
                value::object({{"type", "object"}, {"properties", properties}, {"required", required}});
        }
        return value::object({{"$ref", "#/components/schemas/" + name}});
    }
}

template <class T>
[[nodiscard]] schema_ref schema_of() {
    return schema_ref{described_struct<T> ? type_name(typeid(T).name()) : std::string(), &make_schema<T>};
}

}  // namespace kith::json
