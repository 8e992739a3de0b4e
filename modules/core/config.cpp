// Reads settings from TOML, the environment and the command line into one struct, and shows them.
#include "config_keys.hpp"

#include <kith/core/config.hpp>

#include <toml++/toml.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace kith {

namespace {

constexpr std::string_view environment_prefix = "KITH_";

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

class loader {
public:
    loader() : keys_(config_keys()), origins_(keys_.size(), config_origin::default_value) {}

    void read_file(const std::filesystem::path& file) {
        const std::optional<std::string> text = contents_of(file);
        if (!text) {
            return;
        }
        try {
            const toml::table root = toml::parse(*text, file.string());
            for (const auto& [section, node] : root) {
                const toml::table* table = node.as_table();
                if (table == nullptr) {
                    result_.warnings.push_back(file.string() + ": \"" + std::string(section.str())
                                               + "\" stands outside of a [section] and has no meaning");
                    continue;
                }
                for (const auto& [key, value] : *table) {
                    const std::string name = std::string(section.str()) + "." + std::string(key.str());
                    take(name, text_of(value), file.string(), config_origin::file);
                }
            }
        } catch (const toml::parse_error& failed) {
            result_.errors.push_back(file.string() + ":" + std::to_string(failed.source().begin.line) + ": "
                                     + std::string(failed.description()));
        }
    }

    void read_environment(const std::map<std::string, std::string>& environment) {
        for (const auto& [variable, text] : environment) {
            const std::size_t joint = variable.find("__");
            if (!variable.starts_with(environment_prefix) || joint == std::string::npos) {
                continue;
            }
            const std::string section =
                variable.substr(environment_prefix.size(), joint - environment_prefix.size());
            take(lower(section) + "." + lower(variable.substr(joint + 2)), text, variable,
                 config_origin::environment);
        }
    }

    void read_set(const std::string& assignment) {
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos) {
            result_.errors.push_back("--set " + assignment + ": expected section.key=value");
            return;
        }
        const std::string key = assignment.substr(0, equals);
        if (!take(key, assignment.substr(equals + 1), "--set", config_origin::command_line)) {
            result_.errors.push_back("--set " + key
                                     + ": there is no such key; `kith config show` lists them all");
        }
    }

    config_result finish() {
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            result_.entries.push_back(
                config_entry{keys_[i].name, keys_[i].show(result_.values), keys_[i].meaning, origins_[i]});
        }
        return std::move(result_);
    }

private:
    /// nullopt, and an error, for what is not a readable file.
    std::optional<std::string> contents_of(const std::filesystem::path& file) {
        const auto refuse = [&](const std::string& why) {
            result_.errors.push_back(file.string() + ": " + why);
            return std::nullopt;
        };
        std::error_code failed;
        const std::filesystem::file_status state = std::filesystem::status(file, failed);
        if (std::filesystem::exists(state) && !std::filesystem::is_regular_file(state)) {
            return refuse(std::filesystem::is_directory(state) ? "is a folder, not a configuration file"
                                                               : "is not a regular file");
        }
        std::ifstream in(file, std::ios::binary);
        if (!in) {
            return refuse(std::string("can't be opened: ") + std::strerror(errno));
        }
        try {
            return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        } catch (const std::ios_base::failure& failure) {
            return refuse(std::string("can't be read: ") + failure.what());
        }
    }

    /// A TOML value as the text that a key reads; lists become comma-separated.
    static std::string text_of(const toml::node& value) {
        if (const auto* text = value.as_string()) {
            return text->get();
        }
        if (const auto* list = value.as_array()) {
            std::string joined;
            for (const toml::node& item : *list) {
                joined += (joined.empty() ? "" : ",") + text_of(item);
            }
            return joined;
        }
        if (const auto* number = value.as_integer()) {
            return std::to_string(number->get());
        }
        if (const auto* number = value.as_floating_point()) {
            return std::to_string(number->get());
        }
        if (const auto* flag = value.as_boolean()) {
            return flag->get() ? "true" : "false";
        }
        return "(neither text, number, boolean nor a list of them)";
    }

    /// Sets one key; false when there is none of that name.
    bool take(const std::string& key, const std::string& text, const std::string& from,
              config_origin origin) {
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            if (keys_[i].name == key) {
                if (keys_[i].is_secret && origin != config_origin::environment) {
                    result_.errors.push_back(
                        from + ": " + key
                        + ": a secret belongs into a file of its own or into the environment");
                    return true;
                }
                const std::string problem = keys_[i].parse(result_.values, text);
                if (!problem.empty()) {
                    std::string line = from;
                    line.append(": ").append(key);
                    if (!keys_[i].hides_text) {
                        line.append(" = \"").append(text).append("\"");
                    }
                    result_.errors.push_back(line.append(": expected ").append(problem));
                }
                origins_[i] = origin;
                return true;
            }
        }
        if (origin != config_origin::command_line) {
            result_.warnings.push_back(from + ": there is no key " + key + "; it is ignored");
        }
        return false;
    }

    const std::vector<config_key>& keys_;
    std::vector<config_origin> origins_;
    config_result result_;
};

/// The files themselves are read by the gateway, which knows what a certificate is.
void check_tls(config_result& result) {
    const config& values = result.values;
    if (values.tls.certificate.empty() != values.tls.key.empty()) {
        result.errors.emplace_back(values.tls.key.empty() ? "tls.key: it is missing beside tls.certificate"
                                                          : "tls.certificate: it is missing beside tls.key");
    }
    if (values.tls.on() && lower(values.server.public_url).starts_with("http:")) {
        result.errors.emplace_back(
            "server.public_url: with tls.certificate people come by https; the URL begins with http:");
    }
}

void check_database(config_result& result) {
    const config::database_section& values = result.values.database;
    if (!values.password.empty() && !values.password_file.empty()) {
        result.errors.emplace_back(
            "database.password_file: there is a password in the environment too; only one may be given");
    }
    if (!values.url
        && (!values.password.empty() || !values.password_file.empty() || !values.tls_ca.empty())) {
        result.warnings.emplace_back(
            "database.url: it is empty, so the other settings of a server have no meaning");
    }
}

/// What no single key can tell.
void check_together(config_result& result) {
    const char* unsafe = std::getenv("KITH_TEST_UNSAFE");
    const bool unsafe_allowed = unsafe != nullptr && std::string_view(unsafe) == "1";
    if (!unsafe_allowed && result.values.database.synchronous != "FULL") {
        result.errors.emplace_back(
            "database.synchronous: anything but FULL can lose answered messages and is refused");
    }
    check_tls(result);
    check_database(result);
    if (!unsafe_allowed && !result.values.test.mutation.empty()) {
        result.errors.emplace_back("test.mutation: this breaks promises on purpose and is refused");
    }
}

}  // namespace

std::string_view name(registration_mode mode) noexcept {
    switch (mode) {
    case registration_mode::invite: return "invite";
    case registration_mode::open: return "open";
    case registration_mode::closed: return "closed";
    }
    return "";
}

config_result load_config(const std::vector<std::filesystem::path>& files,
                          const std::map<std::string, std::string>& environment,
                          const std::vector<std::string>& sets) {
    loader reading;
    for (const std::filesystem::path& file : files) {
        reading.read_file(file);
    }
    reading.read_environment(environment);
    for (const std::string& assignment : sets) {
        reading.read_set(assignment);
    }
    config_result result = reading.finish();
    check_together(result);
    return result;
}

std::string example_config() {
    const config defaults;
    std::string out =
        "# Kith's configuration. Every key is here with its default; a line that is commented out changes nothing.\n"
        "# The same keys can come from the environment (KITH_SERVER__LISTEN) or `--set server.listen=…`.\n";
    std::string section;
    for (const config_key& key : config_keys()) {
        const std::size_t dot = key.name.find('.');
        if (key.name.substr(0, dot) == "test" || key.is_secret) {
            continue;
        }
        if (key.name.substr(0, dot) != section) {
            section = key.name.substr(0, dot);
            out += "\n[" + section + "]\n";
        }
        out += "# " + key.meaning + "\n# " + key.name.substr(dot + 1) + " = " + key.show(defaults) + "\n";
    }
    return out;
}

}  // namespace kith
