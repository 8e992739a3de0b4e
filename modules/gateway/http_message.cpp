// Looking up header fields, lists and the parts of a target.
#include "http_message.hpp"

namespace kith::gateway {
namespace {

char lower_char(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The target from its path on: an absolute target names a host before it.
std::string_view from_path(std::string_view target) noexcept {
    if (target.starts_with('/')) {
        return target;
    }
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) {
        return target;
    }
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

bool same_text(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size()
           && std::equal(left.begin(), left.end(), right.begin(),
                         [](char a, char b) { return lower_char(a) == lower_char(b); });
}

std::string lower_text(std::string_view text) {
    std::string made(text);
    std::transform(made.begin(), made.end(), made.begin(), lower_char);
    return made;
}

std::vector<std::string_view> list_parts(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view part = text.substr(0, comma);
        const std::size_t first = part.find_first_not_of(" \t");
        if (first != std::string_view::npos) {
            parts.push_back(part.substr(first, part.find_last_not_of(" \t") - first + 1));
        }
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return parts;
}

std::string_view http_head::value(std::string_view name) const noexcept {
    for (const http_field& field : fields) {
        if (field.name == name) {
            return field.value;
        }
    }
    return {};
}

std::size_t http_head::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        fields.begin(), fields.end(), [&](const http_field& field) { return field.name == name; }));
}

std::vector<std::string_view> http_head::all(std::string_view name) const {
    std::vector<std::string_view> found;
    for (const http_field& field : fields) {
        if (field.name == name) {
            found.emplace_back(field.value);
        }
    }
    return found;
}

bool http_head::lists(std::string_view name, std::string_view token) const {
    for (const std::string_view line : all(name)) {
        for (const std::string_view part : list_parts(line)) {
            if (same_text(part, token)) {
                return true;
            }
        }
    }
    return false;
}

std::string_view http_head::path() const noexcept {
    const std::string_view whole = from_path(target);
    const std::string_view found = whole.substr(0, whole.find('?'));
    return found.empty() ? std::string_view("/") : found;
}

std::string_view http_head::query() const noexcept {
    const std::string_view whole = from_path(target);
    const std::size_t mark = whole.find('?');
    return mark == std::string_view::npos ? std::string_view() : whole.substr(mark + 1);
}

}  // namespace kith::gateway
