// The mark of a store that a transfer is filling.
#include "transfer_mark.hpp"

#include "mysql_connection.hpp"
#include "sqlite.hpp"

#include <kith/core/error.hpp>

namespace kith::db {

std::optional<std::string> unfinished_transfer(connection& on) {
    if (on.scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'db_transfer'").empty()) {
        return std::nullopt;
    }
    return on.scalar("SELECT source FROM db_transfer");
}

std::optional<std::string> unfinished_transfer(mysql_connection& on) {
    if (on.scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
                  "AND table_name = 'db_transfer'")
        == "0") {
        return std::nullopt;
    }
    return on.scalar("SELECT source FROM db_transfer");
}

std::string unfinished_text(const std::string& place, const std::string& source) {
    return place + " holds an unfinished copy of " + (source.empty() ? "another store" : source)
           + " and can't be used: `kith migrate-data` with --discard-unfinished empties it and copies anew";
}

template <class Connection>
void refuse_unfinished(Connection& on, const std::string& place) {
    if (const std::optional<std::string> source = unfinished_transfer(on)) {
        throw error(error_code::conflict, unfinished_text(place, *source));
    }
}
template void refuse_unfinished(connection& on, const std::string& place);
template void refuse_unfinished(mysql_connection& on, const std::string& place);

}  // namespace kith::db
