// Settings from files, environment and options; failures as lines and exit codes.
#include "command_line.hpp"

#include "exit_code.hpp"
#include "house.hpp"
#include "store_place.hpp"

#include <kith/core/error.hpp>

#include <CLI/App.hpp>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

namespace kith {

namespace {

constexpr const char* machine_config = "/etc/kith/kith.toml";

std::map<std::string, std::string> environment_variables() {
    std::map<std::string, std::string> all;
    for (char** one = ::environ; one != nullptr && *one != nullptr; ++one) {
        const std::string_view text(*one);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            all.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return all;
}

/// What root makes beside the files of another user would lock that user out of its own data.
void check_owner(const std::string& database) {
    struct stat state {};
    if (::stat(database.c_str(), &state) != 0 || state.st_uid == ::geteuid()) {
        return;
    }
    const passwd* owner = ::getpwuid(state.st_uid);
    const std::string name = owner != nullptr ? owner->pw_name : "#" + std::to_string(state.st_uid);
    throw command_failure(exit_code::storage, database + " belongs to " + name
                                                  + ": run this as that user, such as `sudo -u " + name
                                                  + " kith ...`");
}

}  // namespace

std::vector<std::filesystem::path> settings_source::files() const {
    if (config_files.empty() && ::access(machine_config, R_OK) == 0) {
        return {machine_config};
    }
    return {config_files.begin(), config_files.end()};
}

config_result settings_source::read() const {
    std::vector<std::string> assignments = sets;
    if (!data.empty()) {
        assignments.push_back("data.dir=" + data);
    }
    if (!listen.empty()) {
        assignments.push_back("server.listen=" + listen);
    }
    return load_config(files(), environment_variables(), assignments);
}

config settings_source::load() const {
    config_result read_all = read();
    if (!read_all.errors.empty()) {
        throw command_failure(exit_code::config, std::move(read_all.errors));
    }
    for (const std::string& warning : read_all.warnings) {
        tell(warning);
    }
    return std::move(read_all.values);
}

void add_settings_options(CLI::App& command, settings_source& into) {
    command
        .add_option(
            "--config", into.config_files,
            "Configuration file; may be given again, later ones win; without it /etc/kith/kith.toml if "
            "readable")
        ->type_name("FILE")
        ->expected(1)
        ->take_all();
    command.add_option("--data", into.data, "Data folder (data.dir)")->type_name("DIR");
    command.add_option("--set", into.sets, "Sets one key, such as log.level=debug; may be given again")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
}

int exit_code_of(const error& failed) noexcept {
    switch (failed.code()) {
    case error_code::conflict: return exit_code::refused;
    case error_code::storage_full:
    case error_code::outcome_unknown: return exit_code::storage;
    default: return exit_code::failure;
    }
}

std::vector<std::string> lines_of(const error& failed) {
    if (failed.code() != error_code::invalid || failed.pointers().empty()) {
        return {failed.what()};
    }
    std::vector<std::string> lines;
    for (const error_detail& one : failed.pointers()) {
        const std::string field = one.pointer.starts_with('/') ? one.pointer.substr(1) : one.pointer;
        lines.push_back((field.empty() ? "" : field + ": expected ") + one.detail);
    }
    return lines;
}

void tell(const std::string& line) {
    std::fputs(("kith: " + line + "\n").c_str(), stderr);
}

std::string expected_url(const config& settings) {
    std::string url = settings.server.public_url;
    while (url.ends_with('/')) {
        url.pop_back();
    }
    if (!url.empty()) {
        return url;
    }
    std::string place = settings.server.listen;
    for (const auto& [everywhere, here] :
         {std::pair("0.0.0.0:", "127.0.0.1:"), std::pair("[::]:", "[::1]:")}) {
        if (place.starts_with(everywhere)) {
            place.replace(0, std::string_view(everywhere).size(), here);
        }
    }
    return (settings.tls.on() ? "https://" : "http://") + place;
}

namespace {

std::vector<db::migration_state> schema_of(const config& settings) {
    try {
        return db::migration_status_blocking(store_place(settings));
    } catch (const std::exception& failed) {
        throw command_failure(exit_code::storage, failed.what());
    }
}

bool has_tables(const config& settings) {
    const std::vector<db::migration_state> all = schema_of(settings);
    return std::any_of(all.begin(), all.end(),
                       [](const db::migration_state& one) { return one.applied_at.has_value(); });
}

}  // namespace

std::string database_path(const config& settings) {
    return (settings.data.dir / "kith.db").string();
}

void expect_data(const config& settings) {
    if (!settings.database.url) {
        struct stat state {};
        if (::stat(database_path(settings).c_str(), &state) != 0) {
            throw command_failure(exit_code::storage,
                                  "there is no data in " + settings.data.dir.string() + " ("
                                      + std::strerror(errno)
                                      + "); name the data folder with --data, or start `kith serve`");
        }
        return;
    }
    if (!has_tables(settings)) {
        throw command_failure(exit_code::storage, "there is no data in " + settings.database.url->text()
                                                      + "; look at database.url, or start `kith serve`");
    }
}

void check_data_folder(const config& settings) {
    check_owner(database_path(settings));
    try {
        prepare_data_folder(settings.data.dir);
        const db::folder_lock lock(settings.data.dir.string());
    } catch (const error& failed) {
        const bool held = failed.code() == error_code::conflict;
        throw command_failure(held ? exit_code::refused : exit_code::storage, failed.what());
    }
    (void)schema_of(settings);
}

}  // namespace kith
