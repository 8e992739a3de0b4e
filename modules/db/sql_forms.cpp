// Forms of SQL texts that the driver of MariaDB understands.
#include "sql_forms.hpp"

#include <algorithm>
#include <utility>

namespace kith::db {
namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Takes `what` from the front of `rest`; false when something else stands there.
bool take(std::string_view& rest, std::string_view what) {
    if (!rest.starts_with(what)) {
        return false;
    }
    rest.remove_prefix(what.size());
    return true;
}

/// Takes a name from the front, with dots where `also` is one; empty when none stands there.
std::string take_name(std::string_view& rest, char also = '_') {
    const auto end =
        std::find_if_not(rest.begin(), rest.end(), [also](char c) { return is_word(c) || c == also; });
    std::string name(rest.begin(), end);
    rest.remove_prefix(name.size());
    return name;
}

/// Names with `between` between them and `behind` behind each.
bool take_names(std::string_view& rest, std::string_view between, std::string_view behind,
                std::vector<std::string>& names, char also = '_') {
    do {
        names.push_back(take_name(rest, also));
        if (names.back().empty() || !take(rest, behind)) {
            return false;
        }
    } while (take(rest, between));
    return true;
}

/// The first name of a text and of whatever stands behind a JOIN.
std::vector<std::string> joined_tables(std::string_view from) {
    constexpr std::string_view join = " JOIN ";
    std::vector<std::string> tables;
    for (;;) {
        const std::size_t next = from.find(join);
        tables.push_back(take_name(from));
        if (next == std::string_view::npos) {
            return tables;
        }
        from.remove_prefix(next + join.size() - tables.back().size());
    }
}

}  // namespace

std::optional<insert_form> read_insert(std::string_view sql) {
    insert_form form;
    std::string_view rest = sql;
    if (!take(rest, "INSERT INTO ")) {
        return std::nullopt;
    }
    form.table = take_name(rest);
    if (form.table.empty() || !take(rest, " (") || !take_names(rest, ", ", "", form.columns)
        || !take(rest, ") VALUES ")) {
        return std::nullopt;
    }
    form.head = std::string(sql.substr(0, sql.size() - rest.size()));
    form.row = "(?";
    for (std::size_t i = 1; i < form.columns.size(); ++i) {
        form.row += ", ?";
    }
    form.row += ")";
    return rest == form.row ? std::optional(std::move(form)) : std::nullopt;
}

std::optional<update_form> read_update(std::string_view sql) {
    update_form form;
    std::string_view rest = sql;
    if (!take(rest, "UPDATE ")) {
        return std::nullopt;
    }
    form.table = take_name(rest);
    if (form.table.empty() || !take(rest, " SET ") || !take_names(rest, ", ", " = ?", form.columns)
        || !take(rest, " WHERE ")) {
        return std::nullopt;
    }
    form.key = take_name(rest);
    const bool sets_key = std::find(form.columns.begin(), form.columns.end(), form.key) != form.columns.end();
    return !form.key.empty() && !sets_key && rest == " = ?" ? std::optional(std::move(form)) : std::nullopt;
}

std::optional<lookup_form> read_lookup(std::string_view sql) {
    std::string_view rest = sql;
    const std::size_t from = sql.find(" FROM ");
    const std::size_t where = sql.find(" WHERE ");
    if (!take(rest, "SELECT ") || from == std::string_view::npos || where == std::string_view::npos
        || where < from || sql.find('?') < where || sql.find(" FROM ", from + 1) != std::string_view::npos) {
        return std::nullopt;
    }
    lookup_form form;
    form.columns = std::string(sql.substr(0, from).substr(sql.size() - rest.size()));
    form.from = std::string(sql.substr(0, where).substr(from + std::string_view(" FROM ").size()));
    form.tables = joined_tables(form.from);
    rest = sql.substr(where);
    take(rest, " WHERE ");
    std::string_view columns = form.columns;
    if (!take_names(columns, ", ", "", form.selected, '.') || !columns.empty() || form.tables.front().empty()
        || form.from.find(',') != std::string::npos || names_word(form.from, "RIGHT")
        || !take_names(rest, " AND ", " = ?", form.keys, '.') || !rest.empty()) {
        return std::nullopt;
    }
    return form;
}

bool names_word(std::string_view sql, std::string_view word) {
    for (std::size_t at = sql.find(word); at != std::string_view::npos; at = sql.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !is_word(sql[at - 1])) && (end == sql.size() || !is_word(sql[end]))) {
            return true;
        }
    }
    return false;
}

std::string changed_table(std::string_view sql) {
    if (take(sql, "INSERT INTO ") || take(sql, "UPDATE ") || take(sql, "DELETE FROM ")) {
        return take_name(sql);
    }
    return {};
}

std::vector<std::string> set_columns(std::string_view sql) {
    std::vector<std::string> found;
    const std::size_t set = sql.find(" SET ");
    if (!sql.starts_with("UPDATE ") || set == std::string_view::npos) {
        return found;
    }
    const std::string_view sets = sql.substr(set, sql.find(" WHERE ", set) - set);
    if (sets.find('(') != std::string_view::npos) {
        return found;
    }
    for (std::size_t at = sets.find(" = "); at != std::string_view::npos; at = sets.find(" = ", at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && is_word(sets[begin - 1])) {
            --begin;
        }
        if (begin == at) {
            return {};
        }
        found.emplace_back(sets.substr(begin, at - begin));
    }
    if (static_cast<std::size_t>(std::count(sets.begin(), sets.end(), '=')) != found.size()) {
        found.clear();
    }
    return found;
}

}  // namespace kith::db
