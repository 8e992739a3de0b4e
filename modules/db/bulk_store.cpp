// What is the same on every database for reading and writing whole tables.
#include "bulk_store.hpp"

#include "mysql_bulk.hpp"
#include "sqlite_bulk.hpp"

namespace kith::db {
namespace {

void append_names(std::string& text, const std::vector<column_shape>& columns) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        text += (i == 0 ? "" : ", ") + quoted_name(columns[i].name);
    }
}

}  // namespace

std::string quoted_name(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

std::string select_text(const table_shape& table, std::optional<std::int64_t> rows_max) {
    std::string text = "SELECT ";
    append_names(text, table.columns);
    text += " FROM " + quoted_name(table.name);
    for (std::size_t i = 0; i < table.key.size(); ++i) {
        text += (i == 0 ? " ORDER BY " : ", ") + quoted_name(table.key[i]);
    }
    return rows_max ? text + " LIMIT " + std::to_string(*rows_max) : text;
}

std::string insert_text(const table_shape& table, std::size_t rows) {
    std::string one = "(";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        one += i == 0 ? "?" : ", ?";
    }
    one += ")";
    std::string text = "INSERT INTO " + quoted_name(table.name) + " (";
    append_names(text, table.columns);
    text += ") VALUES ";
    for (std::size_t i = 0; i < rows; ++i) {
        text += (i == 0 ? "" : ", ") + one;
    }
    return text;
}

std::unique_ptr<bulk_store> open_bulk_source(const options& place) {
    if (place.server) {
        return std::make_unique<mysql_bulk>(*place.server, mysql_bulk::use::source);
    }
    return std::make_unique<sqlite_bulk>(place.path, access::read);
}

std::unique_ptr<bulk_store> open_bulk_target(const options& place) {
    if (place.server) {
        return std::make_unique<mysql_bulk>(*place.server, mysql_bulk::use::target);
    }
    return std::make_unique<sqlite_bulk>(place.path, access::write);
}

std::unique_ptr<bulk_store> make_bulk_reference() {
    auto made = std::make_unique<sqlite_bulk>(":memory:", access::memory);
    for (const migration& one : migrations(dialect::sqlite)) {
        made->run(std::string(one.sql));
    }
    return made;
}

}  // namespace kith::db
