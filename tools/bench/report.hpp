// The report: which saved runs may be shown together, and their tables in a file between two marks.
#pragma once

#include "options.hpp"
#include "results.hpp"

#include <string>
#include <vector>

namespace kith::bench {

inline constexpr const char* table_begin =
    "<!-- bench: the table between these marks is written by `bench report` -->";
inline constexpr const char* table_end = "<!-- bench: end -->";

// What stands here now, to be compared with what a run was measured on.
struct standing {
    std::string binary;  // digest of the server, empty where there is none
    bool same_code = true;  // no code has changed since the commit of the run
};

// What speaks against showing these runs as the figures of what stands here: quick ones, another binary or commit, runs
// that do not belong together. Empty: nothing.
std::vector<std::string> objections(const std::vector<results>& runs, const standing& here);

// The rows of all, in the order in which they first come. Of two runs with a figure for the same thing the later one is
// shown; a peer's figure of the earlier one stays, with Kith's of that run, unless the later one has that peer too.
// A run of which nothing is left is not named.
results join_runs(const std::vector<results>& runs);

// The text with the table between the marks. Throws unless each mark is there once, in order.
std::string put_between_marks(const std::string& text, const std::string& table);

// Digest of a file, hexadecimal.
std::string digest_file(const std::string& path);
// The commit that this bench's sources stand at, with "+" behind it where code was changed since; empty where git does
// not know. Texts (*.md) are no code.
std::string commit_here();

// `bench report`: prints, or writes into a file.
int make_report(const options& o);

}  // namespace kith::bench
