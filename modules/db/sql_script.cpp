// A text of several SQL statements, taken apart.
#include "sql_script.hpp"

#include <cstddef>

namespace kith::db {
namespace {

/// The end of a quoted text that begins at `from`; a doubled quote does not end it.
std::size_t end_of_quoted(std::string_view sql, std::size_t from) {
    std::size_t at = from + 1;
    while (at < sql.size()) {
        if (sql[at] == sql[from]) {
            if (at + 1 == sql.size() || sql[at + 1] != sql[from]) {
                return at + 1;
            }
            ++at;
        }
        ++at;
    }
    return sql.size();
}

void finish(std::string& statement, std::vector<std::string>& found) {
    const std::size_t first = statement.find_first_not_of(" \t\r\n");
    if (first != std::string::npos) {
        found.push_back(statement.substr(first, statement.find_last_not_of(" \t\r\n") + 1 - first));
    }
    statement.clear();
}

}  // namespace

std::vector<std::string> split_script(std::string_view sql) {
    std::vector<std::string> found;
    std::string statement;
    for (std::size_t at = 0; at < sql.size();) {
        const char c = sql[at];
        if (c == '\'' || c == '"' || c == '`') {
            const std::size_t end = end_of_quoted(sql, at);
            statement.append(sql.substr(at, end - at));
            at = end;
        } else if (sql.substr(at).starts_with("--")) {
            const std::size_t end = sql.find('\n', at);
            at = end == std::string_view::npos ? sql.size() : end;
        } else if (c == ';') {
            finish(statement, found);
            ++at;
        } else {
            statement += c;
            ++at;
        }
    }
    finish(statement, found);
    return found;
}

}  // namespace kith::db
