// The figures of a run: as a text table, as JSON, as Markdown.
#include "results.hpp"

#include "error.hpp"
#include "peers.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <tuple>

namespace kith::bench {

namespace {

using nlohmann::json;

constexpr double other_load_warning = 0.05;
constexpr std::size_t commit_digits = 12;
using cells = std::array<std::string, 7>;
using peer_cells = std::array<std::string, 6>;
using readme_cells = std::array<std::string, 5>;
const peer_cells peer_heading{"work", "case", "unit", "peer", "its figure (min … max)", "Kith : peer"};
const cells heading{"work", "case", "unit", "Kith (min … max)", "floor (min … max)", "ratio", "goal"};

std::string format_summary(const std::optional<summary>& figure) {
    if (!figure) return "–";
    std::string text = format_figure(figure->median);
    if (figure->rounds > 1)
        text += " (" + format_figure(figure->min) + " … " + format_figure(figure->max) + ")";
    return text;
}

std::string format_ratio(const std::optional<double>& ratio) {
    if (!ratio) return "–";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), *ratio < 0.1 ? "%.3f" : "%.2f", *ratio);
    return text.data();
}

std::string format_goal(const row& r) {
    if (!r.target) return "";
    std::string text = (r.target->at_least ? "≥ " : "≤ ");
    text +=
        r.target->of_floor ? format_ratio(r.target->value) + " of the floor" : format_figure(r.target->value);
    const auto met = r.goal_is_met();
    return met ? text + (*met ? ": met" : ": not met") : text;
}

cells format_row(const row& r) {
    return {r.work,
            r.title,
            r.unit,
            format_summary(r.kith),
            format_summary(r.floor),
            format_ratio(r.ratio()),
            format_goal(r)};
}

std::vector<peer_cells> peer_lines(const results& run) {
    std::vector<peer_cells> lines;
    for (const row& r : run.rows) {
        for (const peer_figure& peer : r.peers)
            lines.push_back({r.work, r.title, r.unit, peer.name, format_summary(peer.figure),
                             format_ratio(peer.ratio())});
    }
    if (!lines.empty()) lines.insert(lines.begin(), peer_heading);
    return lines;
}

// Columns on a terminal: each character but the continuation bytes of UTF-8.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

template <class Line>
std::string align(const std::vector<Line>& lines) {
    std::vector<std::size_t> widths(lines.front().size());
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
    }
    std::string text;
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i)
            text += line[i] + std::string(widths[i] - width(line[i]) + 2, ' ');
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

// The first line is the heading.
template <class Line>
std::string in_markdown(const std::vector<Line>& lines) {
    std::string text;
    for (const Line& line : lines) {
        for (const std::string& cell : line) text += "| " + cell + " ";
        text += "|\n";
        if (&line != &lines.front()) continue;
        for (std::size_t i = 0; i < line.size(); ++i) text += "|---";
        text += "|\n";
    }
    return text;
}

std::string warnings(const results& run) {
    std::string text;
    if (run.quick) text += "A quick run: a test of the instrument; its figures mean nothing.\n";
    if (run.other_load_max > other_load_warning)
        text +=
            "Other processes used up to " + format_figure(run.other_load_max * 100)
            + " % of the server's core during a round: compare ratios, or measure again on a quiet machine.\n";
    return text;
}

std::string notes(const results& run) {
    std::vector<std::string> seen;
    std::string text;
    for (const row& r : run.rows) {
        if (r.note.empty() || std::find(seen.begin(), seen.end(), r.note) != seen.end()) continue;
        seen.push_back(r.note);
        text += "- " + r.work + ": " + r.note + "\n";
    }
    return text;
}

json summary_to_json(const std::optional<summary>& figure) {
    if (!figure) return nullptr;
    return {
        {"median", figure->median}, {"min", figure->min}, {"max", figure->max}, {"rounds", figure->rounds}};
}

std::optional<summary> summary_from_json(const json& saved) {
    if (saved.is_null()) return std::nullopt;
    summary figure;
    figure.median = saved.at("median").get<double>();
    figure.min = saved.at("min").get<double>();
    figure.max = saved.at("max").get<double>();
    figure.rounds = saved.at("rounds").get<std::size_t>();
    return figure;
}

json row_to_json(const row& r) {
    json saved{{"work", r.work},
               {"case", r.title},
               {"unit", r.unit},
               {"kith", summary_to_json(r.kith)},
               {"floor", summary_to_json(r.floor)},
               {"peers", json::object()},
               {"ratio", nullptr},
               {"goal", nullptr},
               {"note", r.note},
               {"headline", r.headline}};
    if (const auto ratio = r.ratio()) saved["ratio"] = *ratio;
    if (r.target) {
        saved["goal"] = {{r.target->at_least ? "at_least" : "at_most", r.target->value},
                         {"of_floor", r.target->of_floor}};
    }
    for (const peer_figure& peer : r.peers) saved["peers"][peer.name] = summary_to_json(peer.figure);
    return saved;
}

row row_from_json(const json& saved) {
    row r;
    r.work = saved.at("work").get<std::string>();
    r.title = saved.at("case").get<std::string>();
    r.unit = saved.at("unit").get<std::string>();
    r.kith = summary_from_json(saved.at("kith"));
    r.floor = summary_from_json(saved.at("floor"));
    r.note = saved.at("note").get<std::string>();
    r.headline = saved.at("headline").get<bool>();
    if (const json& target = saved.at("goal"); !target.is_null()) {
        const bool at_least = target.contains("at_least");
        r.target = goal{at_least, target.at(at_least ? "at_least" : "at_most").get<double>(),
                        target.at("of_floor").get<bool>()};
    }
    for (const auto& [name, figure] : saved.at("peers").items())
        r.peers.push_back({name, *summary_from_json(figure), r.kith});
    return r;
}

}  // namespace

std::optional<double> peer_figure::ratio() const {
    if (!kith || !(std::abs(figure.median) > 0)) return std::nullopt;
    return kith->median / figure.median;
}

std::optional<double> row::ratio() const {
    if (!kith || !floor || !(std::abs(floor->median) > 0)) return std::nullopt;
    return kith->median / floor->median;
}

std::optional<bool> row::goal_is_met() const {
    const auto value = target && target->of_floor ? ratio()
                       : kith                     ? std::optional(kith->median)
                                                  : std::nullopt;
    if (!target || !value) return std::nullopt;
    return target->at_least ? *value >= target->value : *value <= target->value;
}

std::string format_figure(double value) {
    if (std::abs(value) < 1e-9) return "0";
    // Round to three significant digits first, so that 999.6 becomes 1,000 and not 1000.
    const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
    const double step = std::pow(10.0, magnitude - 2);
    const double rounded = std::round(value / step) * step;
    const int decimals = std::max(0, 2 - static_cast<int>(std::floor(std::log10(std::abs(rounded)))));
    std::array<char, 64> digits{};
    std::snprintf(digits.data(), digits.size(), "%.*f", std::min(decimals, 6), rounded);
    std::string text = digits.data();
    const std::size_t first = text[0] == '-' ? 1 : 0;
    for (std::size_t at = std::min(text.find('.'), text.size()); at > first + 3; at -= 3)
        text.insert(at - 3, ",");
    return text;
}

std::string format_count(std::size_t value) {
    std::string text = std::to_string(value);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

std::string text_table(const results& run) {
    std::vector<cells> lines{heading};
    for (const row& r : run.rows) lines.push_back(format_row(r));
    std::string text = align(lines) + "\n";
    const auto peers = peer_lines(run);
    if (!peers.empty()) text += align(peers) + "\n";
    return text + notes(run) + "- machine: " + run.machine + "\n" + warnings(run);
}

namespace {

// Absolute paths lose their folders: those of the machine are nobody else's business.
std::string without_folders(const std::string& command) {
    std::istringstream words(command);
    std::string text;
    for (std::string word; words >> word;) {
        if (word.front() == '/' && word.size() > 1) {
            word.erase(word.find_last_not_of('/') + 1);
            word.erase(0, word.rfind('/') + 1);
        }
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string describe_run(const results& run) {
    std::string text = "Measured with `" + without_folders(run.command) + "`";
    if (!run.version.empty()) {
        text += " (Kith " + run.version;
        text += run.commit.empty() ? ")" : ", commit " + run.commit.substr(0, commit_digits) + ")";
    }
    const bool has_database =
        std::any_of(run.rows.begin(), run.rows.end(), [](const row& r) { return r.work == "database"; });
    return text + " on " + run.machine + ", " + run.measured_at.substr(0, 10)
           + ". Medians of the rounds, with the lowest and the highest. The floor is a bare epoll server that does "
             "the same work in the same run"
           + (has_database ? "; of rows on MariaDB it is the same MariaDB without Kith.\n\n" : ".\n\n");
}

}  // namespace

std::string markdown_report(const results& run) {
    std::vector<cells> lines{heading};
    for (const row& r : run.rows) lines.push_back(format_row(r));
    std::string text = describe_run(run) + in_markdown(lines);
    const auto peers = peer_lines(run);
    if (!peers.empty()) text += "\n" + in_markdown(peers);
    const std::string remarks = notes(run) + warnings(run);
    return remarks.empty() ? text : text + "\n" + remarks;
}

namespace {

std::string readme_title(const row& r) {
    return r.work + ": " + r.title + ", " + r.unit;
}

bool is_same(const std::optional<summary>& a, const std::optional<summary>& b) {
    if (!a || !b) return !a && !b;
    return std::tie(a->median, a->min, a->max) == std::tie(b->median, b->min, b->max);
}

std::vector<std::string> peer_names(const results& run) {
    std::vector<std::string> names;
    for (const row& r : run.rows) {
        for (const peer_figure& peer : r.peers) {
            if (std::find(names.begin(), names.end(), peer.name) == names.end()) names.push_back(peer.name);
        }
    }
    return names;
}

// A column for each peer, a line for each case. Peers of another run, which have another figure of Kith's beside them,
// have another line.
std::vector<std::vector<std::string>> peer_columns(const results& run,
                                                   const std::vector<std::string>& names) {
    std::vector<std::vector<std::string>> lines{{"work", "Kith"}};
    lines[0].insert(lines[0].end(), names.begin(), names.end());
    for (const row& r : run.rows) {
        std::vector<peer_figure> left = r.peers;
        while (!left.empty()) {
            const std::optional<summary> kith = left.front().kith;
            std::vector<std::string> line{readme_title(r), kith ? format_figure(kith->median) : "–"};
            line.resize(names.size() + 2, "–");
            const auto others = std::stable_partition(
                left.begin(), left.end(), [&](const peer_figure& peer) { return !is_same(peer.kith, kith); });
            for (auto peer = others; peer != left.end(); ++peer) {
                const auto column = std::find(names.begin(), names.end(), peer->name) - names.begin();
                line[static_cast<std::size_t>(column) + 2] = format_figure(peer->figure.median);
            }
            left.erase(others, left.end());
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

// What is kept of a message by Kith and by these peers.
std::string describe_keepers(const std::vector<std::string>& names) {
    std::string keepers;
    std::size_t count = 0;
    for (const peer_kind& kind : peer_kinds()) {
        if (!kind.stores || std::find(names.begin(), names.end(), kind.name) == names.end()) continue;
        keepers += (count++ == 0 ? "" : " and ") + kind.name;
    }
    const std::string kith = "Kith has each message on disk before anyone gets it; ";
    if (count == 0) return kith + "the peers keep nothing.";
    return kith + keepers + (count == 1 ? " keeps" : " keep") + " it in an archive"
           + (count == names.size() ? "." : ", the others keep nothing.");
}

// The peers' table with what it says; empty where there are none.
std::string readme_peers(const results& run) {
    const std::vector<std::string> names = peer_names(run);
    if (names.empty()) return {};
    return "\nBeside the peers, each with Kith's figure of the same run. " + describe_keepers(names) + "\n\n"
           + in_markdown(peer_columns(run, names));
}

}  // namespace

std::string readme_table(const results& run) {
    std::vector<readme_cells> lines{{"work", "Kith", "floor", "Kith : floor", "goal"}};
    for (const row& r : run.rows) {
        const cells all = format_row(r);
        if (r.headline && (r.kith || r.floor))
            lines.push_back({readme_title(r), all[3], all[4], all[5], all[6]});
    }
    const std::string warned = warnings(run);
    return describe_run(run) + in_markdown(lines) + readme_peers(run) + (warned.empty() ? "" : "\n" + warned);
}

json to_json(const results& run) {
    json rows = json::array();
    for (const row& r : run.rows) rows.push_back(row_to_json(r));
    return {{"command", run.command},
            {"machine", run.machine},
            {"version", run.version},
            {"commit", run.commit},
            {"binary", run.binary},
            {"measured_at", run.measured_at},
            {"quick", run.quick},
            {"other_load_max", run.other_load_max},
            {"rows", rows}};
}

results from_json(const json& saved) {
    results run;
    run.command = saved.at("command").get<std::string>();
    run.machine = saved.at("machine").get<std::string>();
    run.version = saved.at("version").get<std::string>();
    run.commit = saved.at("commit").get<std::string>();
    run.binary = saved.at("binary").get<std::string>();
    run.measured_at = saved.at("measured_at").get<std::string>();
    run.quick = saved.at("quick").get<bool>();
    run.other_load_max = saved.at("other_load_max").get<double>();
    for (const json& r : saved.at("rows")) run.rows.push_back(row_from_json(r));
    return run;
}

}  // namespace kith::bench
