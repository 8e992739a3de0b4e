// The table db_nodes: how far each process that writes has come, and that each number has one process.
#pragma once

#include "mysql_connection.hpp"

#include <cstdint>

namespace kith::db {

/// Makes the table where it is missing. On a connection for managing.
void make_nodes_table(mysql_connection& on);
/// Takes the node's number for as long as the connection lives, from the connection `last` too when that still holds it
/// (0: none). Throws `conflict` when another process has it.
void take_node(mysql_connection& on, std::uint8_t node, std::int64_t last);
/// The number of the newest batch that the node has committed, its row locked. A transaction of the node that is still open
/// on the server is waited for.
[[nodiscard]] std::int64_t lock_node(mysql_connection& on, std::uint8_t node);
/// In the transaction of a batch: that it is this one.
void note_batch(mysql_connection& on, std::uint8_t node, std::int64_t number);

}  // namespace kith::db
