// What commands print: lines, tables with aligned columns, and JSON.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith {

/// Writes `text` and a line end to standard output. Throws command_failure when it cannot be written (a full disk).
void print(std::string_view text);

/// `text` with control characters and bidirectional marks shown as U+FFFD: names come from clients.
[[nodiscard]] std::string printable(std::string_view text);

/// A JSON object of texts.
[[nodiscard]] std::string json_object(const std::vector<std::pair<std::string, std::string>>& fields);

/// Rows under a heading, each column as wide as its widest text.
class table {
public:
    explicit table(std::vector<std::string> heading);
    /// As many texts as the heading has; made printable.
    void add(const std::vector<std::string>& row);
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace kith
