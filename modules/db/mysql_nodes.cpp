// The table db_nodes: how far each process that writes has come, and that each number has one process.
#include "mysql_nodes.hpp"

#include <kith/core/error.hpp>

namespace kith::db {
namespace {

/// How long the connection of a process that has just ended may linger on the server, in seconds.
constexpr int lingers = 3;

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? "''" : std::string(1, c);
    }
    return out + "'";
}

bool take(mysql_connection& on, const std::string& lock, int seconds) {
    return on.scalar("SELECT GET_LOCK(" + lock + ", " + std::to_string(seconds) + ")") == "1";
}

}  // namespace

void make_nodes_table(mysql_connection& on) {
    on.run("CREATE TABLE IF NOT EXISTS db_nodes (node INT PRIMARY KEY, batch BIGINT NOT NULL) "
           "ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin");
}

void take_node(mysql_connection& on, std::uint8_t node, std::int64_t last) {
    // The names of locks are of the whole server and short; that of a database may be as long as one may be.
    const std::string name = on.scalar("SELECT CONCAT('kith-', LEFT(SHA2(DATABASE(), 256), 32))");
    const std::string lock = quoted(name + "-node-" + std::to_string(node));
    if (take(on, lock, 0)) {
        return;
    }
    if (last != 0 && on.scalar("SELECT IS_USED_LOCK(" + lock + ")") == std::to_string(last)) {
        try {
            on.run("KILL CONNECTION " + std::to_string(last));
        } catch (const mysql_error& e) {
            if (e.is_lost()) {
                throw;
            }  // else it has ended meanwhile
        }
    }
    if (!take(on, lock, lingers)) {
        throw error(error_code::conflict, "another Kith writes to this database as node "
                                              + std::to_string(node)
                                              + ": end it first, or give this one a database of its own");
    }
}

std::int64_t lock_node(mysql_connection& on, std::uint8_t node) {
    mysql_transaction t(on, timestamp());
    const auto find = [&] {
        return t.lock_integer("SELECT batch FROM db_nodes WHERE node = ?", static_cast<std::int64_t>(node));
    };
    std::optional<std::int64_t> stored = find();
    if (!stored) {
        (void)t.try_insert("INSERT INTO db_nodes (node, batch) VALUES (?, 0)",
                           static_cast<std::int64_t>(node));
        stored = find();
    }
    return stored.value();
}

void note_batch(mysql_connection& on, std::uint8_t node, std::int64_t number) {
    mysql_transaction t(on, timestamp());
    t.execute("UPDATE db_nodes SET batch = ? WHERE node = ?", number, static_cast<std::int64_t>(node));
}

}  // namespace kith::db
