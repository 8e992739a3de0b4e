// `kith migrate-data`: all data from the SQLite file of the data folder to a database server, or back.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "store_place.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>
#include <kith/core/log.hpp>
#include <kith/core/random.hpp>
#include <kith/db/transfer.hpp>
#include <kith/journal.hpp>
#include <kith/users/files.hpp>

#include <CLI/App.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

namespace kith {

namespace {

/// What --to says for the file in the data folder.
constexpr std::string_view to_file = "sqlite";
constexpr std::size_t hash_digits_shown = 16;
constexpr std::chrono::milliseconds progress_every{200};

struct migrate_data_options {
    settings_source source;
    std::string to;
    bool discard_unfinished = false;
};

/// One configuration for each side; they differ in `database.url` alone.
struct two_sides {
    config from;
    config to;
};

two_sides choose_sides(const migrate_data_options& given) {
    const bool into_file = given.to == to_file;
    if (!into_file && !parse_database_url(given.to)) {
        // What was written may hold a password, so it is not repeated.
        throw command_failure(exit_code::usage,
                              "--to: expected mysql://USER@HOST:PORT/NAME without a password, or sqlite");
    }
    const config_result configured = given.source.read();
    if (!configured.errors.empty()) {
        throw command_failure(exit_code::config, configured.errors);
    }
    const std::optional<database_url>& url = configured.values.database.url;
    if (into_file && !url) {
        throw command_failure(
            exit_code::usage,
            "--to: the data is in SQLite already, for database.url is empty; say where it is with "
            "--set database.url=mysql://USER@HOST:PORT/NAME");
    }
    if (!into_file && url) {
        throw command_failure(exit_code::usage,
                              "--to: database.url says that the data is in " + url->text()
                                  + "; to copy the SQLite file of the data folder, add --set database.url=");
    }
    // Password, TLS and what the server is besides are judged as they will be once its URL is in the file.
    settings_source with_url = given.source;
    if (!into_file) {
        with_url.sets.push_back("database.url=" + given.to);
    }
    two_sides sides{with_url.load(), {}};
    sides.to = sides.from;
    (into_file ? sides.to : sides.from).database.url.reset();
    return sides;
}

std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) {
        digits.insert(at - 3, ",");
    }
    return digits;
}

std::int64_t per_second(std::int64_t count, std::chrono::milliseconds span) {
    return count * 1000 / std::max<std::int64_t>(1, span.count());
}

std::string in_seconds(std::chrono::milliseconds span) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(span.count()) / 1000);
    return text;
}

/// One line that is written over on a terminal; nothing elsewhere.
class progress_line {
public:
    explicit progress_line(const clock_source& clock) : clock_(clock), began_(clock.steady_now()) {}
    ~progress_line() { wipe(); }
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;

    void show(const db::transfer_progress& now) {
        const steady_time at = clock_.steady_now();
        if (!terminal_ || at - shown_ < progress_every) {
            return;
        }
        if (now.comparing != comparing_) {
            comparing_ = now.comparing;
            began_ = at;
        }
        shown_ = at;
        const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(at - began_);
        const std::int64_t rate = per_second(now.rows_before + now.rows, span);
        std::fprintf(stderr, "\r\033[K%s %s: %s rows, %s rows/s in all",
                     now.comparing ? "comparing" : "copying", now.table.c_str(), grouped(now.rows).c_str(),
                     grouped(rate).c_str());
    }
    void wipe() const {
        if (terminal_) {
            std::fputs("\r\033[K", stderr);
        }
    }

private:
    const clock_source& clock_;
    const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool comparing_ = false;
    steady_time began_;
    steady_time shown_;
};

volatile std::sig_atomic_t stop_asked = 0;

/// The first Ctrl-C or SIGTERM ends the copy between two batches, the second one the process.
void hear_signals() {
    struct sigaction stop {};
    stop.sa_handler = [](int) { stop_asked = 1; };
    stop.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    ::sigaction(SIGINT, &stop, nullptr);
    ::sigaction(SIGTERM, &stop, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

db::transfer_report transfer(const two_sides& sides, bool discard_unfinished) {
    const system_clock_source clock;
    const std::unique_ptr<logger> log = make_logger(log_level::warn, log_format::plain);
    progress_line line(clock);
    db::transfer_request request;
    request.from = store_place(sides.from);
    request.to = store_place(sides.to);
    request.discard_unfinished = discard_unfinished;
    request.finish = [](transaction& t) {
        system_random random;
        journal::begin_epoch(t, random);
    };
    request.tell = [&line](const db::transfer_progress& now) { line.show(now); };
    request.stop = [] { return stop_asked != 0; };
    try {
        db::transfer_report done = db::transfer_blocking(request, clock, *log);
        log->flush();
        return done;
    } catch (const error& failed) {
        log->flush();
        if (failed.code() == error_code::internal) {
            throw command_failure(exit_code::storage, failed.what());
        }
        throw;
    }
}

void show(const db::transfer_report& done) {
    table shown({"TABLE", "SOURCE ROWS", "TARGET ROWS", "SOURCE HASH", "TARGET HASH", "SAME"});
    for (const db::transferred_table& one : done.tables) {
        shown.add({one.name, grouped(one.source.rows), grouped(one.target.rows),
                   one.source.hash.substr(0, hash_digits_shown), one.target.hash.substr(0, hash_digits_shown),
                   one.same() ? "yes" : "NO"});
    }
    print(shown.text() + "Copied " + grouped(done.rows) + " rows (" + grouped(done.bytes / 1000) + " kB) in "
          + in_seconds(done.copying) + ", " + grouped(per_second(done.rows, done.copying))
          + " rows/s; read both sides again in " + in_seconds(done.comparing) + ".");
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return out + "\"";
}

/// What the configuration has to say from now on.
std::string how_to_use(const config& to) {
    const config::database_section& database = to.database;
    if (!database.url) {
        return "To use the copy, take url out of [database] in the configuration, and password_file, tls and\n"
               "tls_ca with it. The data is in "
               + database_path(to) + " then.";
    }
    std::string text = "To use the copy, put this into the configuration:\n\n[database]\nurl = "
                       + quoted(database.url->text()) + "\n";
    if (!database.password_file.empty()) {
        text += "password_file = " + quoted(database.password_file.string()) + "\n";
    }
    if (!database.tls_ca.empty()) {
        text += "tls_ca = " + quoted(database.tls_ca.string()) + "\n";
    }
    if (database.tls != config::database_section().tls) {
        text += "tls = " + quoted(database.tls) + "\n";
    }
    if (!database.password.empty()) {
        text += "# and the password into the environment of the server: KITH_DATABASE__PASSWORD\n";
    }
    return text + "\nThe data folder is needed as before: it holds keys.";
}

/// A copy in another data folder lacks the key that the tokens of clients are checked with.
std::string who_stays_signed_in(const config& to) {
    const std::filesystem::path key = to.data.dir / users::token_key_file;
    if (std::filesystem::exists(key)) {
        return "Clients begin anew at their next connection; they stay signed in.";
    }
    return "Everybody has to sign in again, for this folder has no " + key.string()
           + ": to keep people signed\nin, copy that file from the data folder used so far before the first start.";
}

int migrate_data(const migrate_data_options& given) {
    const two_sides sides = choose_sides(given);
    if (!sides.from.database.url && !std::filesystem::exists(database_path(sides.from))) {
        throw command_failure(exit_code::storage, "there is no data in " + sides.from.data.dir.string()
                                                      + "; name the data folder with --data");
    }
    hear_signals();
    check_data_folder(sides.from);
    const db::folder_lock lock(sides.from.data.dir.string());
    const db::transfer_report done = transfer(sides, given.discard_unfinished);
    show(done);
    if (!done.same()) {
        tell(
            "the two sides are not the same, so the copy can't be used; look at the disks and the memory of both "
            "machines, then run this again with --discard-unfinished");
        return exit_code::failure;
    }
    print(
        "\nEvery table is the same on both sides. " + who_stays_signed_in(sides.to) + "\n"
        + how_to_use(sides.to)
        + "\nThe source is as it was. Start no server on it any more; remove it when the copy has proved itself.");
    return exit_code::ok;
}

}  // namespace

void add_migrate_data_command(CLI::App& app, chosen_command& chosen) {
    auto given = std::make_shared<migrate_data_options>();
    CLI::App* command = app.add_subcommand(
        "migrate-data",
        "Copies all data, while no server runs, from the SQLite file to MariaDB or MySQL, or back, and compares both.\n"
        "What database.url names is the source; password and TLS of the server are set as for `kith serve`");
    add_settings_options(*command, given->source);
    command
        ->add_option(
            "--to", given->to,
            "Where to: mysql://USER@HOST:PORT/NAME, an empty database; or sqlite, the file kith.db in the "
            "data folder")
        ->type_name("URL|sqlite")
        ->required();
    command->add_flag("--discard-unfinished", given->discard_unfinished,
                      "First empties a target that an earlier run of this left unfinished, and nothing else");
    command->callback([given, &chosen] { chosen.run = [given] { return migrate_data(*given); }; });
}

}  // namespace kith
