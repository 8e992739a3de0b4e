// The figures of a run: as a text table, as JSON, as Markdown.
#include "results.hpp"

#include "error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace kith::bench {

namespace {

using nlohmann::json;

constexpr double other_load_warning = 0.05;
using cells = std::array<std::string, 7>;
const cells heading{"work", "case", "unit", "Kith (min … max)", "floor (min … max)", "ratio", "goal"};

std::string format_summary(const std::optional<summary>& figure) {
    if (!figure) return "–";
    std::string text = format_figure(figure->median);
    if (figure->rounds > 1)
        text += " (" + format_figure(figure->min) + " … " + format_figure(figure->max) + ")";
    return text;
}

std::string format_goal(const row& r) {
    if (!r.target) return "";
    std::string text = (r.target->at_least ? "≥ " : "≤ ") + format_figure(r.target->value);
    if (!r.kith) return text;
    const double value = r.kith->median;
    const bool met = r.target->at_least ? value >= r.target->value : value <= r.target->value;
    return text + (met ? " met" : " not met");
}

cells format_row(const row& r) {
    const auto ratio = r.ratio();
    std::array<char, 32> ratio_text{};
    if (ratio) std::snprintf(ratio_text.data(), ratio_text.size(), "%.2f", *ratio);
    return {r.work,
            r.title,
            r.unit,
            format_summary(r.kith),
            format_summary(r.floor),
            ratio ? ratio_text.data() : "–",
            format_goal(r)};
}

// Columns on a terminal: each character but the continuation bytes of UTF-8.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
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
               {"ratio", nullptr},
               {"goal", nullptr},
               {"note", r.note}};
    if (const auto ratio = r.ratio()) saved["ratio"] = *ratio;
    if (r.target) saved["goal"] = {{r.target->at_least ? "at_least" : "at_most", r.target->value}};
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
    if (const json& target = saved.at("goal"); !target.is_null()) {
        const bool at_least = target.contains("at_least");
        r.target = goal{at_least, target.at(at_least ? "at_least" : "at_most").get<double>()};
    }
    return r;
}

}  // namespace

std::optional<double> row::ratio() const {
    if (!kith || !floor || !(std::abs(floor->median) > 0)) return std::nullopt;
    return kith->median / floor->median;
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
    std::array<std::size_t, heading.size()> widths{};
    for (const cells& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
    }
    std::string text;
    for (const cells& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i)
            text += line[i] + std::string(widths[i] - width(line[i]) + 2, ' ');
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text + "\n" + notes(run) + "- machine: " + run.machine + "\n" + warnings(run);
}

std::string markdown_report(const results& run) {
    std::string text =
        "Measured with `" + run.command + "`" + (run.version.empty() ? "" : " (Kith " + run.version + ")");
    text += " on " + run.machine + ", " + run.measured_at.substr(0, 10);
    text += ". Medians of the rounds, with the lowest and the highest. "
            "The floor is a bare epoll server that does the same work in the same run.\n\n";
    const auto add_line = [&text](const cells& line) {
        for (const std::string& cell : line) text += "| " + cell + " ";
        text += "|\n";
    };
    add_line(heading);
    text += "|---|---|---|---|---|---|---|\n";
    for (const row& r : run.rows) add_line(format_row(r));
    const std::string remarks = notes(run) + warnings(run);
    return remarks.empty() ? text : text + "\n" + remarks;
}

json to_json(const results& run) {
    json rows = json::array();
    for (const row& r : run.rows) rows.push_back(row_to_json(r));
    return {{"command", run.command},
            {"machine", run.machine},
            {"version", run.version},
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
    run.measured_at = saved.at("measured_at").get<std::string>();
    run.quick = saved.at("quick").get<bool>();
    run.other_load_max = saved.at("other_load_max").get<double>();
    for (const json& r : saved.at("rows")) run.rows.push_back(row_from_json(r));
    return run;
}

}  // namespace kith::bench
