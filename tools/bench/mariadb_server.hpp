// A MariaDB of the bench's own, and rows put straight into it: the least that storing a message can cost there.
#pragma once

#include "process.hpp"
#include "world.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct st_mysql;
struct st_mysql_stmt;

namespace kith::bench {

struct mariadb_closing {
    void operator()(st_mysql* connection) const;
    void operator()(st_mysql_stmt* statement) const;
};
using mariadb_link = std::unique_ptr<st_mysql, mariadb_closing>;

// Installed into a folder that is removed in the end, on the server's core, reached by a socket alone; each commit is on
// disk before it is answered (tools/bench/mariadb has its settings).
class mariadb_server {
public:
    // Returns when it answers. Throws with the end of what it printed when it ends or 30 s pass.
    explicit mariadb_server(const scratch_folder& folder);
    mariadb_server(const mariadb_server&) = delete;
    mariadb_server& operator=(const mariadb_server&) = delete;
    ~mariadb_server();

    // Throws saying what is not installed.
    static void check_installed(const scratch_folder& folder);

    pid_t pid() const { return process_->pid(); }
    const std::string& version() const { return version_; }
    // An empty database of that name; what Kith's `database.url` is then.
    std::string make_database(const std::string& name);
    // Throws when it cannot be had, or the statement fails. `database` may be empty.
    mariadb_link connect(const std::string& database) const;
    void run(const std::string& statement) const;

private:
    std::string folder_;
    std::string socket_path_;
    std::string version_;
    std::unique_ptr<child_process> process_;
};

// One connection that stores rows of a message's size, so many in a commit.
class row_writer {
public:
    static constexpr const char* database = "bare";
    // Makes the database and the table that all row_writers share.
    static void make_table(mariadb_server& server);

    // `conversation` is another one for each writer: so their keys never meet.
    row_writer(const mariadb_server& server, std::int64_t conversation, std::size_t rows,
               std::size_t text_bytes);
    row_writer(const row_writer&) = delete;
    row_writer& operator=(const row_writer&) = delete;
    ~row_writer();

    // One INSERT of the rows: committed when it returns. Throws what the server says.
    void commit();
    std::size_t rows() const;

private:
    struct bound_rows;

    mariadb_link connection_;
    std::unique_ptr<st_mysql_stmt, mariadb_closing> statement_;
    std::unique_ptr<bound_rows> bound_;
};

}  // namespace kith::bench
