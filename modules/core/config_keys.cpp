// Every configuration key with its type and bounds.
#include "config_keys.hpp"

#include <kith/core/net_address.hpp>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <type_traits>

namespace kith {

namespace {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

template <class Number>
bool read_number(const std::string& text, Number& out) {
    const char* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, out);
    return !text.empty() && failed == std::errc() && stopped == end;
}

/// Whole numbers, sizes and durations between two bounds, in the unit of the field.
template <class Access>
config_key number(std::string name, std::string meaning, Access access, std::int64_t least,
                  std::int64_t most) {
    config_key key{std::move(name), std::move(meaning), {}, {}};
    key.parse = [=](config& into, const std::string& text) -> std::string {
        std::int64_t value = 0;
        if (!read_number(text, value) || value < least || value > most) {
            return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
        }
        using field = std::remove_reference_t<decltype(access(into))>;
        access(into) = static_cast<field>(value);
        return {};
    };
    key.show = [=](const config& from) {
        const auto value = access(const_cast<config&>(from));
        if constexpr (std::is_integral_v<decltype(value)>) {
            return std::to_string(value);
        } else {
            return std::to_string(value.count());
        }
    };
    return key;
}

/// What a text, or each text of a list, must be.
struct text_rule {
    bool (*holds)(std::string_view);
    const char* expected;
};

bool is_anything(std::string_view) {
    return true;
}

bool is_listen_place(std::string_view text) {
    return parse_listen_place(text).has_value();
}

bool is_bare_url(std::string_view text) {
    const std::optional<site_url> url = parse_site_url(text);
    return url && url->bare;
}

bool is_network(std::string_view text) {
    return parse_network(text).has_value();
}

constexpr text_rule any_text{&is_anything, ""};
constexpr text_rule listen_rule{&is_listen_place, "ADDRESS:PORT or [V6]:PORT, such as 127.0.0.1:8080"};
constexpr text_rule url_rule{
    &is_bare_url, "an http or https URL without a path, such as https://chat.example.org, or nothing"};
constexpr text_rule origins_rule{&is_bare_url,
                                 "http or https URLs without a path, such as https://chat.example.org"};
constexpr text_rule networks_rule{&is_network, "addresses or networks, such as 10.0.0.0/8"};

template <class Access>
config_key text(std::string name, std::string meaning, Access access, text_rule rule = any_text,
                bool may_be_empty = false) {
    config_key key{std::move(name), std::move(meaning), {}, {}};
    key.parse = [=](config& into, const std::string& value) -> std::string {
        if (!(value.empty() && may_be_empty) && !rule.holds(value)) {
            return rule.expected;
        }
        access(into) = value;
        return {};
    };
    key.show = [=](const config& from) { return quoted(std::string(access(const_cast<config&>(from)))); };
    return key;
}

/// The items of `a,b` as in the environment, or of `["a", "b"]` as in the file.
std::vector<std::string> items_of(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) {
        text = text.substr(1, text.size() - 2);
    }
    std::vector<std::string> items(1);
    for (const char c : text) {
        if (c == ',') {
            items.emplace_back();
        } else if (c != '"' && c != ' ') {
            items.back() += c;
        }
    }
    std::erase(items, std::string());
    return items;
}

template <class Access>
config_key list(std::string name, std::string meaning, Access access, text_rule rule) {
    config_key key{std::move(name), std::move(meaning), {}, {}};
    key.parse = [=](config& into, const std::string& value) -> std::string {
        const std::vector<std::string> items = items_of(value);
        const auto wrong = std::find_if_not(items.begin(), items.end(), rule.holds);
        if (wrong != items.end()) {
            return std::string(rule.expected) + "; " + quoted(*wrong) + " is not";
        }
        access(into) = items;
        return {};
    };
    key.show = [=](const config& from) {
        std::string out = "[";
        for (const std::string& item : access(const_cast<config&>(from))) {
            out += (out.size() > 1 ? ", " : "") + quoted(item);
        }
        return out + "]";
    };
    return key;
}

template <class Access>
config_key flag(std::string name, std::string meaning, Access access) {
    config_key key{std::move(name), std::move(meaning), {}, {}};
    key.parse = [=](config& into, const std::string& value) -> std::string {
        if (value != "true" && value != "false") {
            return "true or false";
        }
        access(into) = value == "true";
        return {};
    };
    key.show = [=](const config& from) {
        return std::string(access(const_cast<config&>(from)) ? "true" : "false");
    };
    return key;
}

/// The path of a file, or nothing. What is in it is looked at by whoever needs it.
template <class Access>
config_key file(std::string name, std::string meaning, Access access) {
    config_key key{std::move(name), std::move(meaning), {}, {}};
    key.parse = [=](config& into, const std::string& value) -> std::string {
        access(into) = value;
        return {};
    };
    key.show = [=](const config& from) { return quoted(access(const_cast<config&>(from)).string()); };
    return key;
}

/// Text that must be one of `words`.
template <class Access>
config_key choice(std::string name, std::string meaning, Access access, std::vector<std::string> words) {
    config_key key = text(std::move(name), std::move(meaning), access);
    key.parse = [=](config& into, const std::string& value) -> std::string {
        std::string expected = "one of";
        for (const std::string& word : words) {
            if (word == value) {
                access(into) = value;
                return {};
            }
            expected += " " + word;
        }
        return expected;
    };
    return key;
}

config_key registration_key() {
    config_key key{"users.registration", "Who may register: invite, open or closed", {}, {}};
    key.parse = [](config& into, const std::string& value) -> std::string {
        for (const auto mode :
             {registration_mode::invite, registration_mode::open, registration_mode::closed}) {
            if (name(mode) == value) {
                into.users.registration = mode;
                return {};
            }
        }
        return "one of invite open closed";
    };
    key.show = [](const config& from) { return quoted(std::string(name(from.users.registration))); };
    return key;
}

config_key scale_key() {
    config_key key{
        "limits.scale", "Multiplies every rate limit and lock-out, not the caps on counts and sizes", {}, {}};
    key.parse = [](config& into, const std::string& value) -> std::string {
        return read_number(value, into.limits.scale) && into.limits.scale > 0 && into.limits.scale <= 1e9
                   ? ""
                   : "a number above 0";
    };
    key.show = [](const config& from) {
        std::string shown = std::to_string(from.limits.scale);
        shown.erase(shown.find_last_not_of('0') + 2);
        return shown;
    };
    return key;
}

// NOLINTBEGIN(bugprone-macro-parentheses): a member's name cannot stand in parentheses
#define KITH_FIELD(path) \
    [](config & c) -> auto& { \
        return c.path; \
    }
// NOLINTEND(bugprone-macro-parentheses)

constexpr std::int64_t day = 86400;
constexpr std::int64_t gib = std::int64_t{1} << 30;

std::vector<config_key> server_keys() {
    return {
        text("server.name", "What this server calls itself", KITH_FIELD(server.name)),
        text("server.listen", "ADDRESS:PORT or [V6]:PORT; port 0 picks a free one", KITH_FIELD(server.listen),
             listen_rule),
        text("server.public_url",
             "What people type, such as https://chat.example.org; empty: http(s)://ADDRESS:PORT",
             KITH_FIELD(server.public_url), url_rule, true),
        list("server.origins", "Further origins that may open a socket", KITH_FIELD(server.origins),
             origins_rule),
        list("server.trusted_proxies", "Addresses or networks whose X-Forwarded-For and -Proto count",
             KITH_FIELD(server.trusted_proxies), networks_rule),
        number("server.drain", "Seconds a stop may take before sockets are cut", KITH_FIELD(server.drain), 0,
               600),
        file("tls.certificate",
             "PEM file with the certificate and its chain; with it and its key HTTPS is spoken",
             KITH_FIELD(tls.certificate)),
        file("tls.key", "PEM file with the key of the certificate", KITH_FIELD(tls.key)),
        number("tls.check_seconds", "How often the two files are looked at for a change; 0: only on SIGHUP",
               KITH_FIELD(tls.check_seconds), 0, day),
        config_key{"data.dir", "The data folder",
                   [](config& into, const std::string& value) -> std::string {
                       into.data.dir = value;
                       return value.empty() ? "a folder" : "";
                   },
                   [](const config& from) { return quoted(from.data.dir.string()); }},
    };
}

std::vector<config_key> server_store_keys() {
    config_key url{
        "database.url",
        "mysql://USER@HOST:PORT/NAME, or with a socket mysql://USER@localhost/NAME?socket=PATH, for MariaDB or "
        "MySQL; empty: a SQLite file in the data folder",
        {},
        {}};
    url.hides_text = true;  // somebody may have put a password into it
    url.parse = [](config& into, const std::string& value) -> std::string {
        into.database.url = value.empty() ? std::nullopt : parse_database_url(value);
        return value.empty() || into.database.url
                   ? ""
                   : "mysql://USER@HOST:PORT/NAME without a password, which belongs into database.password_file";
    };
    url.show = [](const config& from) { return quoted(from.database.url ? from.database.url->text() : ""); };
    config_key password{"database.password", "The password for database.url", {}, {}};
    password.hides_text = true;
    password.is_secret = true;
    password.parse = [](config& into, const std::string& value) -> std::string {
        into.database.password = value;
        return {};
    };
    password.show = [](const config& from) {
        return quoted(from.database.password.empty() ? "" : "(hidden)");
    };
    return {
        std::move(url),
        file("database.password_file",
             "File with the password; else KITH_DATABASE__PASSWORD in the environment",
             KITH_FIELD(database.password_file)),
        std::move(password),
        choice("database.tls", "auto (verify unless it is this machine), verify or off",
               KITH_FIELD(database.tls), {"auto", "verify", "off"}),
        file("database.tls_ca",
             "PEM file of the authority of the database server; empty: those of the system",
             KITH_FIELD(database.tls_ca)),
    };
}

std::vector<config_key> store_keys() {
    return {
        choice("database.synchronous", "FULL; nothing else keeps answered messages through a power cut",
               KITH_FIELD(database.synchronous), {"FULL", "NORMAL"}),
        number("database.readers", "Threads that read", KITH_FIELD(database.readers), 2, 64),
        number("database.queue_jobs", "Writes that may wait", KITH_FIELD(database.queue_jobs), 16, 1'000'000),
        number("database.queue_bytes", "Bytes of writes that may wait", KITH_FIELD(database.queue_bytes),
               1 << 20, gib),
        number("database.batch_jobs", "Writes in one commit at most", KITH_FIELD(database.batch_jobs), 1,
               100'000),
        number("database.batch_bytes", "Bytes in one commit at most", KITH_FIELD(database.batch_bytes),
               1 << 16, gib),
        number("database.wal_bytes_max", "Size of the write-ahead log beyond which writes are refused",
               KITH_FIELD(database.wal_bytes_max), 32 << 20, 64 * gib),
        number("database.read_timeout", "Milliseconds a read may take", KITH_FIELD(database.read_timeout),
               100, 600'000),
        number("journal.ring", "Events kept in memory for those who come back", KITH_FIELD(journal.ring), 16,
               10'000'000),
        number("journal.horizon_seconds", "Age at which notes of changes are pruned",
               KITH_FIELD(journal.horizon_seconds), 1, 3650 * day),
        number("journal.notes_max", "Notes kept at most", KITH_FIELD(journal.notes_max), 1000,
               10'000'000'000),
        number("journal.prune_seconds", "How often pruning looks", KITH_FIELD(journal.prune_seconds), 1, day),
    };
}

std::vector<config_key> user_keys() {
    return {
        registration_key(),
        flag("users.members_may_invite", "Members may invite; owner and admins always may",
             KITH_FIELD(users.members_may_invite)),
        number("users.access_seconds", "Life of an access token", KITH_FIELD(users.access_seconds), 5, day),
        number("users.refresh_seconds", "Life of a session that is not used",
               KITH_FIELD(users.refresh_seconds), 60, 3650 * day),
        number("users.argon2_mib", "Memory of a password hash (OWASP: at least 19)",
               KITH_FIELD(users.argon2_mib), 19, 4096),
        number("users.argon2_passes", "Passes of a password hash (OWASP: at least 2)",
               KITH_FIELD(users.argon2_passes), 2, 100),
        number("users.hash_threads", "Threads that hash passwords", KITH_FIELD(users.hash_threads), 1, 64),
        number("users.hash_queue", "Sign-ins that may wait for one", KITH_FIELD(users.hash_queue), 1,
               100'000),
        number("users.setup_minutes", "Life of the set-up link", KITH_FIELD(users.setup_minutes), 1,
               7 * 1440),
        number("users.sessions_max", "Sessions of one user; the oldest ends beyond",
               KITH_FIELD(users.sessions_max), 1, 10'000),
        number("messages.recall_seconds", "How long one may recall one's own message; 0: always",
               KITH_FIELD(messages.recall_seconds), 0, 3650 * day),
    };
}

std::vector<config_key> limit_keys() {
    return {
        scale_key(),
        number("limits.connections", "Connections at once", KITH_FIELD(limits.connections), 1, 10'000'000),
        number("limits.connections_per_address", "Connections of one address; 0: no limit",
               KITH_FIELD(limits.connections_per_address), 0, 10'000'000),
        number("limits.tls_handshakes", "TLS handshakes under way at once; beyond, the oldest gives way",
               KITH_FIELD(limits.tls_handshakes), 1, 1'000'000),
        number("limits.unauthenticated_sockets_per_address", "Sockets of one address that have not signed in",
               KITH_FIELD(limits.unauthenticated_sockets_per_address), 1, 1'000'000),
        number("limits.sockets_per_user", "Sockets of one user; the oldest is closed beyond",
               KITH_FIELD(limits.sockets_per_user), 1, 10'000),
        number("limits.body_bytes", "Size of a request's body", KITH_FIELD(limits.body_bytes), 1024, gib),
        number("limits.header_bytes", "Size of a request's header", KITH_FIELD(limits.header_bytes), 1024,
               1 << 20),
        number("limits.header_fields", "Fields of a request's header", KITH_FIELD(limits.header_fields), 8,
               1000),
        number("limits.outbox_bytes", "Bytes that may wait for a slow socket",
               KITH_FIELD(limits.outbox_bytes), 1 << 16, gib),
        number("limits.outbox_frames", "Frames that may wait for a slow socket",
               KITH_FIELD(limits.outbox_frames), 16, 1'000'000),
        choice("log.level", "debug, info, warn or error", KITH_FIELD(log.level),
               {"debug", "info", "warn", "error"}),
        choice("log.format", "plain or json", KITH_FIELD(log.format), {"plain", "json"}),
        flag("metrics.open", "Answer /metrics to other than loopback addresses", KITH_FIELD(metrics.open)),
        choice("test.mutation", "Breaks a promise on purpose", KITH_FIELD(test.mutation),
               {"", "ack_before_commit", "no_client_id_check", "no_search_index", "skip_fan_out",
                "show_the_past"}),
    };
}

#undef KITH_FIELD

}  // namespace

const std::vector<config_key>& config_keys() {
    static const std::vector<config_key> all = [] {
        std::vector<config_key> keys;
        for (auto part : {server_keys(), server_store_keys(), store_keys(), user_keys(), limit_keys()}) {
            std::move(part.begin(), part.end(), std::back_inserter(keys));
        }
        return keys;
    }();
    return all;
}

}  // namespace kith
