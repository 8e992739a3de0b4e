// The configuration: every key with its type, its default and what it means, from file, environment and command line.
#pragma once

#include <kith/core/database_url.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

enum class registration_mode : std::uint8_t { invite, open, closed };
[[nodiscard]] std::string_view name(registration_mode mode) noexcept;

/// All settings with their defaults. Sections and keys have the same names in TOML (`[server] listen = "…"`), in the
/// environment (`KITH_SERVER__LISTEN`) and on the command line (`--set server.listen=…`); later ones win in that order.
struct config {
    struct server_section {
        std::string name = "Kith";
        std::string listen = "127.0.0.1:8080";  ///< ADDRESS:PORT, [V6]:PORT; port 0 picks a free one
        std::string public_url;  ///< what people type; empty: http(s)://<listen>
        std::vector<std::string> origins;  ///< further origins that may open a socket
        std::vector<std::string> trusted_proxies;  ///< addresses or networks whose X-Forwarded-For counts
        std::chrono::seconds drain{8};  ///< how long a stop may take before sockets are cut
    } server;
    struct tls_section {
        std::filesystem::path certificate;  ///< PEM, the server's own first, then its chain; empty: no TLS
        std::filesystem::path key;  ///< PEM, without a passphrase
        std::chrono::seconds check_seconds{60};  ///< how often the two files are looked at; 0: only on SIGHUP
        [[nodiscard]] bool on() const noexcept { return !certificate.empty(); }
    } tls;
    struct data_section {
        std::filesystem::path dir = "kith-data";
    } data;
    struct database_section {
        std::optional<database_url> url;  ///< none: a SQLite file in the data folder
        std::filesystem::path password_file;
        std::string password;  ///< from the environment only; shown nowhere
        std::string tls =
            "auto";  ///< auto: verify, but for a socket or an address of this machine; verify; off
        std::filesystem::path tls_ca;  ///< PEM; empty: the authorities of the system
        std::string synchronous = "FULL";  ///< FULL; NORMAL is accepted only where unsafe tests are allowed
        std::size_t readers = 3;
        std::size_t queue_jobs = 4096;
        std::size_t queue_bytes = 64U << 20U;
        std::size_t batch_jobs = 512;
        std::size_t batch_bytes = 4U << 20U;
        std::size_t wal_bytes_max = 256U << 20U;  ///< beyond, writes are refused as overloaded
        std::chrono::milliseconds read_timeout{5000};
    } database;
    struct journal_section {
        std::size_t ring = 16384;  ///< events kept in memory for resumes
        std::chrono::seconds horizon_seconds{30 * 86400};  ///< notes older than this are pruned
        std::size_t notes_max = 20'000'000;  ///< notes kept at most
        std::chrono::seconds prune_seconds{300};  ///< how often pruning looks
    } journal;
    struct users_section {
        registration_mode registration = registration_mode::invite;
        bool members_may_invite = true;  ///< owner and admin always may
        std::chrono::seconds access_seconds{15 * 60};
        std::chrono::seconds refresh_seconds{60 * 86400};
        std::size_t argon2_mib = 64;
        std::size_t argon2_passes = 2;
        std::size_t hash_threads = 2;
        std::size_t hash_queue = 64;
        std::chrono::minutes setup_minutes{60};
        std::size_t sessions_max = 100;  ///< live sessions of one user; the oldest ends beyond
    } users;
    struct messages_section {
        std::chrono::seconds recall_seconds{0};  ///< how long one may recall one's own message; 0: always
    } messages;
    struct limits_section {
        double scale = 1;  ///< multiplies every rate limit and lock-out, not the caps on counts and sizes
        std::size_t connections = 50'000;
        std::size_t connections_per_address =
            2048;  ///< 0: unlimited; this machine and trusted proxies are not counted
        std::size_t tls_handshakes =
            1024;  ///< under way at once; beyond, the one that waits longest gives way
        std::size_t unauthenticated_sockets_per_address = 64;
        std::size_t sockets_per_user = 10;
        std::size_t body_bytes = 1U << 20U;
        std::size_t header_bytes = 8192;
        std::size_t header_fields = 64;
        std::size_t outbox_bytes = 1U << 20U;
        std::size_t outbox_frames = 1000;
    } limits;
    struct log_section {
        std::string level = "info";  ///< debug, info, warn, error
        std::string format = "plain";  ///< plain or json
    } log;
    struct metrics_section {
        bool open = false;  ///< answer /metrics to other than loopback addresses
    } metrics;
    struct test_section {
        std::string
            mutation;  ///< breaks a promise on purpose, to show that the oracle sees it; needs KITH_TEST_UNSAFE=1
    } test;
};

/// Where a value came from, for messages and `config show`.
enum class config_origin : std::uint8_t { default_value, file, environment, command_line };

/// One key as text, for `config show`, `config init` and messages.
struct config_entry {
    std::string key;  ///< section.name
    std::string value;  ///< as TOML
    std::string meaning;  ///< one line
    config_origin origin = config_origin::default_value;
};

struct config_result {
    config values;
    std::vector<config_entry> entries;  ///< every key, in order
    std::vector<std::string>
        warnings;  ///< unknown keys and the like: errors for `config check`, warnings at the start
    std::vector<std::string>
        errors;  ///< wrong values, each naming key, where it came from and what was expected
};

/// Reads `files`, of which later ones win (none: defaults), then `environment` (all variables; those of KITH_ with `__`
/// count), then `sets` ("section.key=value"). Never throws for wrong input: it is in `errors`.
[[nodiscard]] config_result load_config(const std::vector<std::filesystem::path>& files,
                                        const std::map<std::string, std::string>& environment,
                                        const std::vector<std::string>& sets);
/// A commented TOML file with every key at its default.
[[nodiscard]] std::string example_config();

}  // namespace kith
