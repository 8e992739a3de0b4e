// The command line of the bench.
#include "options.hpp"

#include "benches.hpp"
#include "error.hpp"
#include "works.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <limits>

namespace kith::bench {

namespace {

bool is_work(const std::string& word) {
    const auto& works = all_works();
    return std::any_of(works.begin(), works.end(), [&word](const work& w) { return w.name == word; });
}

bool is_command(const std::string& word) {
    return word == "all" || word == "report" || word == "floor" || word == "seed" || word == "help";
}

class argument_list {
public:
    argument_list(int argc, char** argv) : words_(argv + 1, argv + argc) {}

    bool empty() const { return at_ == words_.size(); }
    const std::string& next() { return words_[at_++]; }

    std::string text(const std::string& name) {
        if (empty()) throw bench_error(name + " needs a value");
        return next();
    }

    std::size_t count(const std::string& name, std::size_t min, std::size_t max) {
        const std::string value = text(name);
        std::size_t number = 0;
        const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (failure != std::errc{} || end != value.data() + value.size() || number < min || number > max)
            throw bench_error(name + " is a number from " + std::to_string(min) + " to "
                              + std::to_string(max));
        return number;
    }

    double seconds(const std::string& name) {
        const std::string value = text(name);
        char* end = nullptr;
        const double number = std::strtod(value.c_str(), &end);
        if (value.empty() || *end != '\0' || !(number >= 0.05 && number <= 600))
            throw bench_error(name + " is a number of seconds from 0.05 to 600");
        return number;
    }

private:
    std::vector<std::string> words_;
    std::size_t at_ = 0;
};

// Every path once, in seconds.
void make_quick(options& o) {
    o.quick = true;
    o.rounds = 1;
    o.seconds = 0.3;
    o.answer_seconds = 0.5;
    o.idle_seconds = 0.5;
    o.settle_seconds = 0.5;
    o.fan_members = 20;
    o.idle_sockets = 80;
    o.http_connections = 4;
}

bool read_load_option(options& o, const std::string& name, argument_list& arguments) {
    if (name == "--rounds")
        o.rounds = arguments.count(name, 1, 1000);
    else if (name == "--seconds")
        o.seconds = arguments.seconds(name);
    else if (name == "--answer-seconds")
        o.answer_seconds = arguments.seconds(name);
    else if (name == "--members")
        o.fan_members = arguments.count(name, burst_messages, 5000);
    else if (name == "--sockets")
        o.idle_sockets = arguments.count(name, 10, 100'000);
    else if (name == "--connections")
        o.http_connections = arguments.count(name, 1, 1000);
    else if (name == "--text-bytes")
        o.text_bytes = arguments.count(name, 20, 8000);
    else
        return false;
    return true;
}

bool read_seed_option(options& o, const std::string& name, argument_list& arguments) {
    if (name == "--data")
        o.data_path = arguments.text(name);
    else if (name == "--messages")
        o.seed.messages = arguments.count(name, seed_messages_min, seed_messages_max);
    else if (name == "--seed")
        o.seed.seed = arguments.count(name, 0, std::numeric_limits<std::uint32_t>::max());
    else if (name == "--until")
        o.seed.until_ms = static_cast<std::int64_t>(arguments.count(name, 1, 4'000'000'000)) * 1000;
    else
        return false;
    return true;
}

void add_peers(options& o, const std::string& name) {
    if (name != "all") {
        o.peers.push_back(find_peer(name).name);
        return;
    }
    for (const peer_kind& kind : peer_kinds()) o.peers.push_back(kind.name);
}

void read_option(options& o, const std::string& name, argument_list& arguments) {
    if (name == "--quick") return;  // read first: other options refine it
    if (name == "--kith")
        o.kith_path = arguments.text(name);
    else if (name == "--floor-only")
        o.floor_only = true;
    else if (name == "--tls")
        o.tls = true;
    else if (name == "--json")
        o.json_path = arguments.text(name);
    else if (name == "--from")
        o.from_paths.push_back(arguments.text(name));
    else if (name == "--readme")
        o.readme_path = arguments.text(name);
    else if (name == "--anyway")
        o.report_anyway = true;
    else if (name == "--peer")
        add_peers(o, arguments.text(name));
    else if (name == "--dir")
        o.folder = arguments.text(name);
    else if (name == "--store")
        o.floor.store_path = arguments.text(name);
    else if (name == "--port")
        o.floor.port =
            static_cast<std::uint16_t>(arguments.count(name, 0, std::numeric_limits<std::uint16_t>::max()));
    else if (!read_seed_option(o, name, arguments) && !read_load_option(o, name, arguments))
        throw bench_error("unknown option " + name);
}

void read_floor_mode(options& o, argument_list& arguments) {
    const std::string mode = arguments.text("floor");
    if (mode != "send" && mode != "join") throw bench_error("floor is followed by send or join");
    o.floor.mode = mode == "send" ? floor_mode::send : floor_mode::join;
}

}  // namespace

options parse_options(int argc, char** argv) {
    options o;
    for (int i = 0; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--quick") make_quick(o);
        o.whole_command_line += (i == 0 ? "" : " ") + (i == 0 ? std::string("bench") : word);
    }
    const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    o.kith_path = (self / "kith").string();
    o.folder = std::filesystem::temp_directory_path().string();
    argument_list arguments(argc, argv);
    while (!arguments.empty()) {
        const std::string word = arguments.next();
        if (is_work(word) && (o.command.empty() || o.command == "measure")) {
            o.command = "measure";
            o.works.push_back(word);
        } else if (is_command(word) && o.command.empty()) {
            o.command = word;
            if (word == "floor") read_floor_mode(o, arguments);
        } else if (word == "--help") {
            o.command = "help";
        } else {
            read_option(o, word, arguments);
        }
    }
    if (o.command.empty()) o.command = "help";
    if (o.command == "all") o.tls = true;
    if (o.command == "seed" && o.seed.messages == 0) throw bench_error("seed needs --messages N");
    if (o.command == "report" && o.from_paths.empty()) throw bench_error("report needs --from FILE");
    return o;
}

std::string usage() {
    std::string text =
        R"(bench COMMAND|WORK… [OPTIONS]: where Kith stands, beside a raw floor of the same run.

  all                 every work below
)";
    constexpr std::size_t name_columns = 20;
    for (const work& w : all_works()) {
        text += "  " + w.name + std::string(name_columns - w.name.size(), ' ') + w.summary
                + (w.in_all ? "" : " (not part of all)") + "\n";
    }
    return text + R"(  report              the tables of saved runs in Markdown: --from FILE [--from FILE …]
  seed                fills a new data folder: --data FOLDER --messages N [--seed N] [--until UNIX-SECONDS]
  floor send|join     the floor as a server of its own [--port N] [--store FILE]

  --kith FILE         the server (default: kith beside this program); --floor-only: none
  --peer NAME|all     fanout, send: beside this server too; may be repeated (tools/bench/peers list)
  --tls               fanout, idle: with TLS too, as `all` does
  --quick             a smoke test of all paths; its figures mean nothing
  --json FILE         saves the figures
  --data FOLDER       a folder that seed filled: measures on its messages, as its people
  --dir FOLDER        where the temporary data folder is made; must be on a disk
  --rounds N --seconds S --answer-seconds S --text-bytes N
  --members N         fanout: sockets in the group      --connections N        http
  --sockets N         idle, storm
  --readme FILE       report: writes the tables between the marks in FILE
  --anyway            report: also what is quick, of several runs, or of another binary or commit
)";
}

}  // namespace kith::bench
