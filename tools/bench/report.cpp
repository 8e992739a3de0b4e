// The report: which saved runs may be shown together, and where.
#include "report.hpp"

#include "error.hpp"
#include "proc_stat.hpp"

#include <nlohmann/json.hpp>

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kith::bench {

namespace {

constexpr std::size_t digest_bytes = 16;

results load_run(const std::string& path) {
    try {
        return from_json(nlohmann::json::parse(read_whole_file(path)));
    } catch (const nlohmann::json::exception& failure) {
        throw bench_error(path + " is no saved run: " + failure.what());
    }
}

// The first line that git prints on these sources, and whether it ended well. The arguments hold no quotes.
std::pair<bool, std::string> ask_git(const std::string& arguments) {
    const std::string command =
        std::string("git -C '") + KITH_BENCH_SOURCE + "' " + arguments + " 2>/dev/null";
    FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw_errno("popen git");
    std::array<char, 256> line{};
    const bool has_line = fgets(line.data(), line.size(), pipe) != nullptr;
    while (fgetc(pipe) != EOF) {
    }
    const bool good = pclose(pipe) == 0;
    std::string text = has_line ? line.data() : "";
    text.erase(std::find(text.begin(), text.end(), '\n'), text.end());
    return {good, text};
}

bool is_commit(const std::string& text) {
    return text.size() >= 7 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

standing look_around(const options& o, const std::string& measured_commit) {
    standing here;
    if (std::filesystem::exists(o.kith_path)) here.binary = digest_file(o.kith_path);
    here.same_code = is_commit(measured_commit)
                     && ask_git("diff --quiet " + measured_commit + " -- :/ ':(top,exclude)*.md'").first;
    return here;
}

void object_to_pair(const results& first, const results& other, std::vector<std::string>& found) {
    if (other.binary != first.binary) found.push_back("the runs measured different binaries");
    if (other.commit != first.commit) found.push_back("the runs were made at different commits");
    if (other.machine != first.machine) found.push_back("the runs were made on different machines");
}

bool is_same_case(const row& a, const row& b) {
    return a.work == b.work && a.title == b.title && a.unit == b.unit;
}

bool has_peer(const row& r, const std::string& name) {
    return std::any_of(r.peers.begin(), r.peers.end(),
                       [&name](const peer_figure& peer) { return peer.name == name; });
}

using run_iterator = std::vector<results>::const_iterator;

// Whether the later runs have a figure for all that this one has.
bool is_replaced(const results& run, run_iterator later, run_iterator end) {
    const auto in_later = [&](const auto& fits) {
        return std::any_of(later, end, [&](const results& other) {
            return std::any_of(other.rows.begin(), other.rows.end(), fits);
        });
    };
    return std::all_of(run.rows.begin(), run.rows.end(), [&](const row& r) {
        return in_later([&](const row& o) { return is_same_case(o, r); })
               && std::all_of(r.peers.begin(), r.peers.end(), [&](const peer_figure& peer) {
                      return in_later(
                          [&](const row& o) { return is_same_case(o, r) && has_peer(o, peer.name); });
                  });
    });
}

// Instead of the row of the same case, or behind all.
void put_row(std::vector<row>& rows, row newer) {
    const auto known =
        std::find_if(rows.begin(), rows.end(), [&newer](const row& r) { return is_same_case(r, newer); });
    if (known == rows.end()) {
        rows.push_back(std::move(newer));
        return;
    }
    for (peer_figure& peer : known->peers) {
        if (!has_peer(newer, peer.name)) newer.peers.push_back(std::move(peer));
    }
    *known = std::move(newer);
}

}  // namespace

std::vector<std::string> objections(const std::vector<results>& runs, const standing& here) {
    std::vector<std::string> found;
    for (const results& run : runs) {
        const std::string name = "the run of " + run.measured_at;
        if (run.quick) found.push_back(name + " is a quick one: its figures mean nothing");
        if (run.binary.empty()) found.push_back(name + " measured no Kith");
        if (run.commit.empty() || run.commit.back() == '+')
            found.push_back(name + " was made with code that no commit holds");
        object_to_pair(runs.front(), run, found);
    }
    if (here.binary != runs.front().binary)
        found.push_back("the server that stands here is another binary (--kith)");
    if (!here.same_code) found.push_back("code has changed since the commit of the run");
    return found;
}

results join_runs(const std::vector<results>& runs) {
    results joined = runs.at(0);
    joined.rows.clear();
    joined.command.clear();
    joined.quick = false;
    joined.other_load_max = 0;
    for (auto run = runs.begin(); run != runs.end(); ++run) {
        if (is_replaced(*run, run + 1, runs.end())) continue;
        joined.command += (joined.command.empty() ? "" : "` and `") + run->command;
        joined.measured_at = std::max(joined.measured_at, run->measured_at);
        joined.quick = joined.quick || run->quick;
        joined.other_load_max = std::max(joined.other_load_max, run->other_load_max);
        for (const row& r : run->rows) put_row(joined.rows, r);
    }
    return joined;
}

std::string put_between_marks(const std::string& text, const std::string& table) {
    const std::string begin = table_begin;
    const std::string end = table_end;
    const std::size_t from = text.find(begin);
    const std::size_t to = text.find(end);
    if (from == std::string::npos || to == std::string::npos || to < from)
        throw bench_error("the file lacks the marks, in this order:\n" + begin + "\n" + end);
    if (text.find(begin, from + 1) != std::string::npos || text.find(end, to + 1) != std::string::npos)
        throw bench_error("the file has a mark twice: " + begin);
    return text.substr(0, from + begin.size()) + "\n" + table + text.substr(to);
}

std::string digest_file(const std::string& path) {
    if (sodium_init() < 0) throw bench_error("libsodium does not start");
    const std::string bytes = read_whole_file(path);
    std::array<unsigned char, digest_bytes> digest{};
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size(), nullptr, 0);
    std::string text(digest_bytes * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
    text.pop_back();
    return text;
}

std::string commit_here() {
    const auto [good, commit] = ask_git("rev-parse HEAD");
    if (!good || !is_commit(commit)) return {};
    return ask_git("diff --quiet HEAD -- :/ ':(top,exclude)*.md'").first ? commit : commit + "+";
}

int make_report(const options& o) {
    std::vector<results> runs;
    for (const std::string& path : o.from_paths) runs.push_back(load_run(path));
    auto against = objections(runs, look_around(o, runs.front().commit));
    std::sort(against.begin(), against.end());
    against.erase(std::unique(against.begin(), against.end()), against.end());
    for (const std::string& objection : against)
        std::fprintf(stderr, "bench: %s%s\n", o.report_anyway ? "(anyway) " : "", objection.c_str());
    if (!against.empty() && !o.report_anyway)
        throw bench_error("no report of this; --anyway makes it nevertheless");
    const results joined = join_runs(runs);
    if (o.readme_path.empty()) {
        std::fputs(markdown_report(joined).c_str(), stdout);
        return 0;
    }
    const std::string text = put_between_marks(read_whole_file(o.readme_path), readme_table(joined));
    std::ofstream out(o.readme_path, std::ios::trunc);
    out << text;
    if (!out.flush()) throw bench_error("cannot write " + o.readme_path);
    return 0;
}

}  // namespace kith::bench
