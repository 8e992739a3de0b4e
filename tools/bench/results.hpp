// The figures of a run: a row each, as a text table, as JSON, as Markdown.
#pragma once

#include "stats.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kith::bench {

// What a figure must reach, from the project's goals.
struct goal {
    bool at_least = true;  // otherwise at most
    double value = 0;
    bool of_floor = false;  // of the ratio to the floor instead of the figure
};

// A peer's figure, and Kith's of the same run: runs that are shown together may have been made hours apart.
struct peer_figure {
    std::string name;
    summary figure;
    std::optional<summary> kith;

    // Kith's median by the peer's, where both are there and the peer's is not 0.
    std::optional<double> ratio() const;
};

struct row {
    std::string work;
    std::string title;
    std::string unit;
    std::optional<summary> kith;
    std::optional<summary> floor;
    std::vector<peer_figure> peers;
    std::optional<goal> target;
    std::string note;
    bool headline = true;  // stands in the README

    // Kith's median by the floor's, where both are there and the floor's is not 0.
    std::optional<double> ratio() const;
    // Nothing where there is no goal, or no figure to hold against it.
    std::optional<bool> goal_is_met() const;
};

struct results {
    std::string command;
    std::string machine;
    std::string version;  // of the Kith measured, or empty
    std::string
        commit;  // of the folder that the bench ran in, "+" behind it where files were changed; may be empty
    std::string binary;  // digest of the Kith measured, or empty
    std::string measured_at;
    bool quick = false;
    double other_load_max = 0;  // highest share of the server's core that others used during a round
    std::vector<row> rows;
};

// Three significant digits, thousands separated.
std::string format_figure(double value);

// A whole number, thousands separated.
std::string format_count(std::size_t value);

std::string text_table(const results& run);
// All rows.
std::string markdown_report(const results& run);
// The headlines alone, in fewer columns; then the peers, a column each. No path of the machine stands in it.
std::string readme_table(const results& run);
nlohmann::json to_json(const results& run);
results from_json(const nlohmann::json& saved);

}  // namespace kith::bench
