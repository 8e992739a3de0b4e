// A data folder full of messages: making it, and reading what it holds.
#include "seeded_folder.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "options.hpp"
#include "proc_stat.hpp"
#include "process.hpp"
#include "results.hpp"
#include "seed_file.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace kith::bench {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* note_file = "bench-seed.json";
constexpr const char* database_file = "kith.db";

void make_folder(const std::string& path) {
    if (path.empty()) throw bench_error("seed needs --data FOLDER");
    if (fs::exists(path) && !fs::is_empty(path))
        throw bench_error(path + " is not empty: seed makes a new folder");
    fs::create_directories(path);
    fs::permissions(path, fs::perms::owner_all);
}

// The schema is what this kith makes, not a copy of it.
void make_schema(const std::string& kith_path, const std::string& path) {
    const std::string log = path + "/migrate.log";
    child_process migrate({kith_path, "migrate", "up", "--data", path}, log);
    migrate.wait_for_end();
    fs::remove(log);
}

void write_note(const std::string& path, const seed_plan& plan) {
    const json note{{"messages", plan.options.messages},          {"seed", plan.options.seed},
                    {"until_ms", plan.options.until_ms},          {"people", plan.people},
                    {"conversations", plan.conversations.size()}, {"groups", plan.groups()}};
    std::ofstream out(path + "/" + note_file);
    out << note.dump(2) << '\n';
    if (!out.flush()) throw bench_error("cannot write " + path + "/" + note_file);
}

std::uint64_t size_of(const std::string& path) {
    return fs::file_size(path + "/" + database_file);
}

}  // namespace

int make_seeded_folder(const options& o) {
    seed_options wanted = o.seed;
    if (wanted.until_ms == 0) wanted.until_ms = static_cast<std::int64_t>(std::time(nullptr)) * 1000;
    make_folder(o.data_path);
    make_schema(o.kith_path, o.data_path);
    const std::int64_t start = now_ns();
    const auto say = [](const std::string& line) { std::fprintf(stderr, "seed: %s\n", line.c_str()); };
    const seed_plan plan = make_seed_plan(wanted);
    write_seed_file(o.data_path + "/" + database_file, plan, seeded_password, say);
    write_note(o.data_path, plan);
    const double seconds = ns_to_seconds(now_ns() - start);
    std::printf(
        "%s messages of %s people in %s conversations, %s of them groups: %s s, %s messages/s, %s MB\n",
        format_count(wanted.messages).c_str(), format_count(plan.people).c_str(),
        format_count(plan.conversations.size()).c_str(), format_count(plan.groups()).c_str(),
        format_figure(seconds).c_str(), format_figure(static_cast<double>(wanted.messages) / seconds).c_str(),
        format_figure(static_cast<double>(size_of(o.data_path)) / (1 << 20)).c_str());
    std::printf("the same again: --seed %llu --until %lld; all sign in with \"%s\", the owner is %s\n",
                static_cast<unsigned long long>(wanted.seed), static_cast<long long>(wanted.until_ms / 1000),
                seeded_password, seeded_username(0).c_str());
    return 0;
}

seeded_folder read_seeded_folder(const std::string& path) {
    const std::string note_path = path + "/" + note_file;
    if (!fs::exists(note_path)) throw bench_error(path + " was not made by bench seed, or not to its end");
    try {
        const json note = json::parse(read_whole_file(note_path));
        seeded_folder found;
        found.made_with.messages = note.at("messages").get<std::size_t>();
        found.made_with.seed = note.at("seed").get<std::uint64_t>();
        found.made_with.until_ms = note.at("until_ms").get<std::int64_t>();
        found.people = note.at("people").get<std::size_t>();
        found.conversations = note.at("conversations").get<std::size_t>();
        return found;
    } catch (const json::exception& failure) {
        throw bench_error(note_path + " tells nothing: " + failure.what());
    }
}

}  // namespace kith::bench
