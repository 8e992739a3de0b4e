// JSON read in place: simdjson behind json_view.hpp.
#include <kith/core/error.hpp>
#include <kith/core/json.hpp>
#include <kith/core/json_view.hpp>

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

namespace kith::json {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

/// Keys of an object that are compared each with each; of more, a sorted copy is made.
constexpr std::size_t few_keys = 16;

/// The node as what it is known to be.
simdjson::dom::object object_of(const element& node) noexcept {
    simdjson::dom::object made;
    KITH_ASSERT(node.get_object().get(made) == simdjson::SUCCESS);
    return made;
}

simdjson::dom::array array_of(const element& node) noexcept {
    simdjson::dom::array made;
    KITH_ASSERT(node.get_array().get(made) == simdjson::SUCCESS);
    return made;
}

/// The parser of a thread with the padded copy of the text that it reads. Both grow to the longest text and stay.
struct thread_parser {
    simdjson::dom::parser parser;
    std::unique_ptr<char[]> text;
    std::size_t capacity = 0;
    value other;  ///< what the library refuses and parse() takes

    [[nodiscard]] simdjson::simdjson_result<element> parse(std::string_view from) {
        if (from.size() > capacity || !text) {
            const std::size_t wanted = std::bit_ceil(std::max<std::size_t>(from.size(), 1024));
            text = std::make_unique<char[]>(wanted + simdjson::SIMDJSON_PADDING);
            capacity = wanted;  // only now: what threw must not leave a size that nothing has
            if (const auto failed = parser.allocate(wanted, depth_max + 1)) {
                text.reset();
                return failed;
            }
        }
        std::memcpy(text.get(), from.data(), from.size());
        return parser.parse(text.get(), from.size(), false);
    }
};

thread_parser& this_thread() {
    thread_local thread_parser one;
    return one;
}

bool keys_differ(const simdjson::dom::object& object) {
    std::array<std::string_view, few_keys> few;
    if (object.size() <= few_keys) {
        auto last = few.begin();
        return std::all_of(object.begin(), object.end(), [&](const simdjson::dom::key_value_pair& field) {
            const bool is_new = std::find(few.begin(), last, field.key) == last;
            *last++ = field.key;
            return is_new;
        });
    }
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const simdjson::dom::key_value_pair field : object) {
        keys.push_back(field.key);
    }
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
}

/// Whether no key stands twice in an object, and nothing is nested too deep: the library does not count an empty array or
/// object as a level. The recursion ends by the depth that it allows.
bool is_sound(const element& node, std::size_t depth) {
    if (node.type() == element_type::ARRAY) {
        const simdjson::dom::array array = array_of(node);
        return depth < depth_max && std::all_of(array.begin(), array.end(), [depth](const element& one) {
                   return is_sound(one, depth + 1);
               });
    }
    if (node.type() == element_type::OBJECT) {
        const simdjson::dom::object object = object_of(node);
        return depth < depth_max && keys_differ(object)
               && std::all_of(object.begin(), object.end(),
                              [depth](const simdjson::dom::key_value_pair& one) {
                                  return is_sound(one.value, depth + 1);
                              });
    }
    return true;
}

}  // namespace

struct view::in_text {
    static element of(const view& node) noexcept { return std::bit_cast<element>(node.node_); }
    static view make(const element& node) noexcept {
        static_assert(sizeof(element) == sizeof(view::node_) && std::is_trivially_copyable_v<element>);
        view made;
        made.node_ = std::bit_cast<std::array<std::size_t, 2>>(node);
        return made;
    }
    static bool holds(const view& node) noexcept { return node.node_[0] != 0; }
    static bool is(const view& node, element_type type) noexcept {
        return holds(node) && of(node).type() == type;
    }
    /// What `get` of the library gives, or nothing where the node is of another kind.
    template <class T>
    static std::optional<T> get(const view& node) noexcept {
        T found{};
        const bool good = holds(node) && of(node).template get<T>().get(found) == simdjson::SUCCESS;
        return good ? std::optional<T>(found) : std::nullopt;
    }
};

document::document(std::string_view text) {
    thread_parser& here = this_thread();
    element root;
    if (here.parse(text).get(root) != simdjson::SUCCESS || !is_sound(root, 0)) {
        // Both doors take and refuse the same: what is wrong, and where, is for one parser to say.
        here.other = json::parse(text);
        root_ = here.other;
        return;
    }
    root_ = view::in_text::make(root);
}

bool view::is_null() const {
    return value_ != nullptr ? value_->is_null() : !in_text::holds(*this) || in_text::of(*this).is_null();
}

bool view::is_object() const {
    return value_ != nullptr ? value_->is_object() : in_text::is(*this, element_type::OBJECT);
}

bool view::is_array() const {
    return value_ != nullptr ? value_->is_array() : in_text::is(*this, element_type::ARRAY);
}

std::optional<std::string_view> view::text() const {
    if (value_ != nullptr) {
        return value_->is_string() ? std::optional<std::string_view>(value_->get_ref<const std::string&>())
                                   : std::nullopt;
    }
    return in_text::get<std::string_view>(*this);
}

std::optional<std::int64_t> view::integer() const {
    if (value_ != nullptr) {
        if (value_->is_number_unsigned() && !std::in_range<std::int64_t>(value_->get<std::uint64_t>())) {
            return std::nullopt;
        }
        return value_->is_number_integer() ? std::optional(value_->get<std::int64_t>()) : std::nullopt;
    }
    return in_text::get<std::int64_t>(*this);
}

std::optional<bool> view::flag() const {
    if (value_ != nullptr) {
        return value_->is_boolean() ? std::optional(value_->get<bool>()) : std::nullopt;
    }
    return in_text::get<bool>(*this);
}

std::optional<double> view::number() const {
    if (value_ != nullptr) {
        return value_->is_number() ? std::optional(value_->get<double>()) : std::nullopt;
    }
    return in_text::get<double>(*this);
}

std::optional<view> view::find(std::string_view key) const {
    if (value_ != nullptr) {
        const auto found = value_->find(key);
        return value_->is_object() && found != value_->end() ? std::optional(view(*found)) : std::nullopt;
    }
    if (!in_text::is(*this, element_type::OBJECT)) {
        return std::nullopt;
    }
    for (const simdjson::dom::key_value_pair field : object_of(in_text::of(*this))) {
        if (field.key == key) {
            return in_text::make(field.value);
        }
    }
    return std::nullopt;
}

std::size_t view::size() const {
    if (value_ != nullptr) {
        return value_->size();
    }
    if (is_array()) {
        return array_of(in_text::of(*this)).size();
    }
    return is_object() ? object_of(in_text::of(*this)).size() : 0;
}

std::vector<view> view::elements() const {
    std::vector<view> all;
    all.reserve(size());
    if (value_ != nullptr) {
        all.assign(value_->begin(), value_->end());
    } else if (is_array()) {
        for (const element one : array_of(in_text::of(*this))) {
            all.push_back(in_text::make(one));
        }
    }
    return all;
}

std::vector<std::pair<std::string_view, view>> view::members() const {
    std::vector<std::pair<std::string_view, view>> all;
    if (value_ != nullptr && value_->is_object()) {
        for (auto item = value_->begin(); item != value_->end(); ++item) {
            all.emplace_back(item.key(), *item);
        }
    } else if (value_ == nullptr && is_object()) {
        for (const simdjson::dom::key_value_pair field : object_of(in_text::of(*this))) {
            all.emplace_back(field.key, in_text::make(field.value));
        }
    }
    return all;
}

value view::copy() const {
    if (value_ != nullptr) {
        return *value_;
    }
    return in_text::holds(*this) ? value::parse(simdjson::minify(in_text::of(*this))) : value();
}

}  // namespace kith::json
