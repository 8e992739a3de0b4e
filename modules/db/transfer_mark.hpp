// The mark of a store that a transfer is filling: while it is there, nobody may take what is there for a store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kith::db {

class connection;
class mysql_connection;

/// The table `db_transfer` is made before the first change and dropped after the last look; it holds where the rows come
/// from. That place, empty where it was not written any more; nullopt without the mark.
[[nodiscard]] std::optional<std::string> unfinished_transfer(connection& on);
[[nodiscard]] std::optional<std::string> unfinished_transfer(mysql_connection& on);

/// What the mark means to migrations: only the transfer whose own it is may go on.
enum class transfer_mark : std::uint8_t { refused, ours };

/// What is told of such a store at `place`.
[[nodiscard]] std::string unfinished_text(const std::string& place, const std::string& source);
/// Throws `conflict` when there is the mark.
template <class Connection>
void refuse_unfinished(Connection& on, const std::string& place);

}  // namespace kith::db
