// The MariaDB that the bench starts: durable, on a socket of its own, gone in the end.
#include "error.hpp"
#include "mariadb_server.hpp"

#include <catch2/catch.hpp>

#include <mysql.h>

#include <csignal>
#include <filesystem>

using namespace kith::bench;
using Catch::Matchers::Contains;

namespace {

// The first column of the first row.
std::string ask(const mariadb_server& server, const std::string& sql) {
    const mariadb_link connection = server.connect("");
    REQUIRE(mysql_query(connection.get(), sql.c_str()) == 0);
    MYSQL_RES* const rows = mysql_store_result(connection.get());
    REQUIRE(rows != nullptr);
    const MYSQL_ROW first = mysql_fetch_row(rows);
    std::string value = first == nullptr || first[0] == nullptr ? "" : first[0];
    mysql_free_result(rows);
    return value;
}

}  // namespace

TEST_CASE("a MariaDB of the bench is durable, takes rows and leaves nothing behind") {
    const scratch_folder folder(std::filesystem::temp_directory_path().string());
    mariadb_server::check_installed(folder);
    pid_t pid = -1;
    {
        mariadb_server server(folder);
        pid = server.pid();
        CHECK(ask(server, "SELECT @@innodb_flush_log_at_trx_commit") == "1");
        CHECK(ask(server, "SELECT @@log_bin") == "0");
        CHECK(ask(server, "SELECT @@skip_networking") == "1");
        CHECK_THAT(server.version(), Contains("MariaDB"));

        CHECK(server.make_database("kith")
              == "mysql://root@localhost/kith?socket=" + folder.path() + "/mariadb/s");
        CHECK_THROWS_WITH(server.make_database("kith"), Contains("database exists"));
        CHECK_THROWS_WITH(server.connect("missing"), Contains("Unknown database"));

        row_writer::make_table(server);
        row_writer one(server, 1, 1, 80);
        row_writer many(server, 2, 100, 80);
        for (int i = 0; i < 3; ++i) one.commit();
        many.commit();
        many.commit();
        CHECK(many.rows() == 100);
        CHECK(ask(server, "SELECT COUNT(*) FROM bare.messages WHERE LENGTH(body) = 80") == "203");
        CHECK(ask(server, "SELECT MAX(seq) FROM bare.messages WHERE conversation = 2") == "200");
        row_writer again(server, 1, 1, 80);
        CHECK_THROWS_WITH(again.commit(), Contains("Duplicate entry"));
    }
    CHECK(kill(pid, 0) != 0);
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/mariadb"));
}
