// Parsing JSON with bounds, and the small writers that the templates share.
#include <kith/core/json.hpp>
#include <kith/core/text.hpp>

#include <boost/core/demangle.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace kith::json {

namespace {

/// Builds a value from nlohmann's events, but stops at depth_max and at a key that stands twice: a parser that keeps the
/// last of two keys lets a request mean one thing to a proxy and another to us.
class bounded_builder final : public nlohmann::json_sax<value> {
public:
    explicit bounded_builder(value& root) : root_(root) {}

    bool null() override { return put(nullptr); }
    bool boolean(bool flag) override { return put(flag); }
    bool number_integer(number_integer_t number) override { return put(number); }
    bool number_unsigned(number_unsigned_t number) override { return put(number); }
    bool number_float(number_float_t number, const string_t&) override { return put(number); }
    bool string(string_t& text) override { return put(std::move(text)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(value::object()); }
    bool start_array(std::size_t) override { return open(value::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        if (open_.back()->contains(name)) {
            problem_ = "the key \"" + name + "\" stands twice in one object";
            return false;
        }
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) override {
        problem_ = "this is not JSON: error at byte " + std::to_string(at);
        return false;
    }

    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    template <class Content>
    bool put(Content&& content) {
        place(value(std::forward<Content>(content)));
        return true;
    }
    value* place(value made) {
        if (open_.empty()) {
            root_ = std::move(made);
            return &root_;
        }
        value& into = *open_.back();
        if (into.is_array()) {
            into.push_back(std::move(made));
            return &into.back();
        }
        return &(into[key_] = std::move(made));
    }
    bool open(value made) {
        if (open_.size() >= depth_max) {
            problem_ = "nested deeper than " + std::to_string(depth_max) + " levels";
            return false;
        }
        open_.push_back(place(std::move(made)));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    value& root_;
    std::vector<value*> open_;
    std::string key_;
    std::string problem_;
};

/// The place of the first character from `at` on that a JSON string must escape, or the end. Eight bytes at a time: the top
/// bit of each byte of `found` tells of one that is below 0x20, a quotation mark or a backslash. A borrow can only mark a
/// byte above a true one, and the loop behind looks at each.
std::size_t next_escape(std::string_view text, std::size_t at) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t tops = ones << 7U;
    const auto zero_bytes = [](std::uint64_t word) { return (word - ones) & ~word & tops; };
    for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        const std::uint64_t controls = (eight - ones * 0x20) & ~eight & tops;
        const std::uint64_t found =
            controls | zero_bytes(eight ^ (ones * '"')) | zero_bytes(eight ^ (ones * '\\'));
        if (found != 0) {
            break;
        }
    }
    for (; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            break;
        }
    }
    return at;
}

}  // namespace

value parse(std::string_view text) {
    if (!is_utf8(text)) {
        throw invalid_field("", "the text is not well-formed UTF-8");
    }
    value root;
    bounded_builder builder(root);
    if (!value::sax_parse(text.begin(), text.end(), &builder)) {
        throw invalid_field("", builder.problem().empty() ? "this is not JSON" : builder.problem());
    }
    return root;
}

void write_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    std::size_t plain = 0;  // where the run of characters that need no escape begins
    for (std::size_t i = next_escape(text, 0); i < text.size(); i = next_escape(text, i + 1)) {
        const auto byte = static_cast<unsigned char>(text[i]);
        out.append(text, plain, i - plain);
        plain = i + 1;
        out += '\\';
        switch (byte) {
        case '"': out += '"'; break;
        case '\\': out += '\\'; break;
        case '\n': out += 'n'; break;
        case '\r': out += 'r'; break;
        case '\t': out += 't'; break;
        default:
            out += "u00";
            out += digits[byte >> 4U];
            out += digits[byte & 15U];
        }
    }
    out.append(text, plain);
    out += '"';
}

void decode_errors::raise() const {
    if (found_.empty()) {
        return;
    }
    const error_detail& first = found_.front();
    const std::string where = first.pointer.empty() ? "the input" : first.pointer;
    const std::string more = found_.size() > 1 ? " (and " + std::to_string(found_.size() - 1) + " more)" : "";
    const std::string joint = first.detail.starts_with("is ") ? " " : ": expected ";
    throw error(error_code::invalid, where + joint + first.detail + more, found_);
}

std::string pointer_token(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 100)) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    // A cut inside a character would not be UTF-8.
    while (!is_utf8(out)) {
        out.pop_back();
    }
    return out;
}

std::string place::pointer() const {
    if (above_ == nullptr) {
        return {};
    }
    return above_->pointer() + "/"
           + (name_.data() == nullptr ? std::to_string(index_) : pointer_token(name_));
}

std::string type_name(const char* mangled) {
    const std::string full = boost::core::demangle(mangled);
    const std::size_t colon = full.rfind("::");
    std::string out;
    bool upper = true;
    for (const char c : full.substr(colon == std::string::npos ? 0 : colon + 2)) {
        if (c == '_') {
            upper = true;
        } else {
            out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
            upper = false;
        }
    }
    return out;
}

value null_schema() {
    return value::object({{"type", "null"}});
}

namespace detail {

void write_integer(std::string& out, std::int64_t number) {
    std::array<char, 24> digits{};
    const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

void write_number(std::string& out, double number) {
    KITH_ASSERT(std::isfinite(number));
    std::array<char, 32> digits{};
    const auto [end, failed] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

}  // namespace detail

}  // namespace kith::json
