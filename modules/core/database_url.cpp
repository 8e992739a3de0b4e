// Where a database server is, as a URL says it.
#include <kith/core/database_url.hpp>

#include <algorithm>
#include <charconv>

namespace kith {

namespace {

constexpr std::string_view scheme = "mysql://";
constexpr std::string_view socket_option = "socket=";
constexpr std::uint16_t default_port = 3306;
constexpr std::size_t name_max = 64;  // MariaDB's own bound
constexpr std::size_t user_max = 80;

/// A name that needs no quoting anywhere.
bool is_plain(std::string_view text, std::size_t longest) {
    return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
               || c == '-' || c == '.';
    });
}

bool read_port(std::string_view text, std::uint16_t& port) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    return failed == std::errc() && end == text.data() + text.size() && port != 0;
}

/// HOST, HOST:PORT or [V6]:PORT.
bool read_place(std::string_view text, database_url& into) {
    into.port = default_port;
    std::string_view rest;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) {
            return false;
        }
        into.host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else {
        const std::size_t colon = text.find(':');
        into.host = text.substr(0, colon);
        rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
        if (!is_plain(into.host, 253)) {
            return false;
        }
    }
    return !into.host.empty()
           && (rest.empty() || (rest.starts_with(':') && read_port(rest.substr(1), into.port)));
}

}  // namespace

bool database_url::is_local() const noexcept {
    return !socket.empty() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string database_url::text() const {
    if (!socket.empty()) {
        return std::string(scheme) + user + "@localhost/" + name + "?" + std::string(socket_option) + socket;
    }
    const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return std::string(scheme) + user + "@" + shown + ":" + std::to_string(port) + "/" + name;
}

std::optional<database_url> parse_database_url(std::string_view text) {
    database_url found;
    const std::size_t at = text.find('@');
    if (!text.starts_with(scheme) || at == std::string_view::npos) {
        return std::nullopt;
    }
    found.user = text.substr(scheme.size(), at - scheme.size());
    std::string_view rest = text.substr(at + 1);
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos || !is_plain(found.user, user_max)) {
        return std::nullopt;
    }
    const std::string_view place = rest.substr(0, slash);
    rest = rest.substr(slash + 1);
    const std::size_t question = rest.find('?');
    found.name = rest.substr(0, question);
    if (!is_plain(found.name, name_max) || !read_place(place, found)) {
        return std::nullopt;
    }
    if (question == std::string_view::npos) {
        return found;
    }
    const std::string_view option = rest.substr(question + 1);
    if (!option.starts_with(socket_option) || !option.substr(socket_option.size()).starts_with('/')
        || found.host != "localhost") {
        return std::nullopt;
    }
    found.socket = option.substr(socket_option.size());
    found.host.clear();
    found.port = 0;
    return found;
}

}  // namespace kith
