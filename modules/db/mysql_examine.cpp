// What is looked at on a MariaDB or MySQL server: whether it keeps what it has confirmed, and whether texts fit.
#include "examine.hpp"
#include "mysql_connection.hpp"

#include <cstdlib>

namespace kith::db {
namespace {

/// Since 10.6 a change of the schema happens wholly or not; since 8.0.16 MySQL enforces CHECKs.
constexpr unsigned long mariadb_version_min = 100600;
constexpr unsigned long mysql_version_min = 80016;
/// A request may have a megabyte, and what is stored of it may be longer than the request.
constexpr long long packet_bytes_min = 8 << 20;

/// Puts down what is so, or what is wrong with it.
class examination {
public:
    explicit examination(mysql_connection& on) : on_(on) {}

    void run() {
        look_at_version();
        look_at_durability();
        look_at_binary_log();
        look_at_texts();
        look_at_way();
    }
    void expect(bool right, const std::string& what, const std::string& means) {
        all.emplace_back(!right, right ? what : what + ": " + means);
    }

    std::vector<finding> all;

private:
    [[nodiscard]] std::string variable(const std::string& name) {
        return on_.scalar("SELECT @@GLOBAL." + name);
    }
    void expect_variable(const std::string& name, const std::string& wanted, const std::string& means) {
        const std::string value = variable(name);
        expect(value == wanted, name + " is " + value, means);
    }

    void look_at_version() {
        const unsigned long version = mysql_get_server_version(on_.handle());
        const bool enough = version >= (on_.is_mariadb() ? mariadb_version_min : mysql_version_min);
        expect(enough, (on_.is_mariadb() ? "MariaDB " : "MySQL ") + on_.scalar("SELECT VERSION()"),
               "too old: MariaDB 10.6 or MySQL 8.0.16 at least");
    }

    void look_at_durability() {
        expect_variable("innodb_flush_log_at_trx_commit", "1",
                        "answered messages are lost when the power fails; set it to 1");
        const std::string doublewrite = variable("innodb_doublewrite");
        expect(doublewrite == "1" || doublewrite == "ON", "innodb_doublewrite is " + doublewrite,
               "a page half written when the power fails damages the data; set it to ON");
    }

    void look_at_binary_log() {
        if (variable("log_bin") != "1") {
            all.emplace_back(false, "there is no binary log");
            return;
        }
        const std::string every = variable("sync_binlog");
        expect(every == "1", "sync_binlog is " + every,
               "after a power failure replicas and the binary log may lack answered messages; set it to 1");
        const std::string format = variable("binlog_format");
        expect(format != "STATEMENT", "binlog_format is " + format,
               "the writer's READ COMMITTED needs ROW or MIXED, every write fails");
    }

    void look_at_texts() {
        const std::string packet = variable("max_allowed_packet");
        expect(std::atoll(packet.c_str()) >= packet_bytes_min, "max_allowed_packet is " + packet,
               "large requests fail; set it to 16M");
        const std::string charset = on_.scalar("SELECT @@character_set_database");
        expect(charset == "utf8mb4", "the character set of the database is " + charset,
               "use ALTER DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        const std::string odd = on_.scalar(
            "SELECT MIN(table_name) FROM information_schema.tables WHERE table_schema = DATABASE() AND "
            "(table_collation <> 'utf8mb4_bin' OR engine <> 'InnoDB')");
        expect(odd.empty(),
               odd.empty() ? "every table is InnoDB and utf8mb4_bin" : "the table " + odd + " is not",
               "names are compared in another way than Kith does, or writes are not safe");
    }

    void look_at_way() {
        const std::string limit = variable("max_connections");
        expect(std::atoll(limit.c_str()) >= 20, "max_connections is " + limit,
               "each Kith needs a connection for each reader, one to write and some to spare");
    }

    mysql_connection& on_;
};

/// The session that a connection of ours really gets.
void look_at_isolation(const options& settings, mysql_connection::use use, const std::string& wanted,
                       examination& into) {
    mysql_connection on(settings.server.value(), use, settings.read_timeout);
    on.open();
    const std::string is = on.scalar(on.is_mariadb() ? "SELECT @@SESSION.tx_isolation"
                                                     : "SELECT @@SESSION.transaction_isolation");
    into.expect(is == wanted, "the isolation of a connection is " + is,
                "it must be " + wanted + "; something on the server or between changes sessions");
    const std::string cipher =
        on.scalar("SELECT VARIABLE_VALUE FROM "
                  + std::string(on.is_mariadb() ? "information_schema" : "performance_schema")
                  + ".session_status WHERE VARIABLE_NAME = 'Ssl_cipher'");
    if (!settings.server->where.is_local()) {
        into.expect(!cipher.empty(), cipher.empty() ? "the way to the server is open" : "TLS with " + cipher,
                    "everybody on the way can read and change what is stored; see database.tls");
    }
}

}  // namespace

std::vector<finding> examine_mysql(const options& settings) {
    mysql_connection on(settings.server.value(), mysql_connection::use::manage, settings.read_timeout);
    on.open();
    examination all(on);
    all.run();
    look_at_isolation(settings, mysql_connection::use::write, "READ-COMMITTED", all);
    look_at_isolation(settings, mysql_connection::use::read, "REPEATABLE-READ", all);
    return std::move(all.all);
}

void look_at_mysql(const options& settings, const std::function<void(snapshot&)>& look) {
    // All messages may be walked through: no deadline for one statement.
    server_options patient = settings.server.value();
    mysql_connection on(patient, mysql_connection::use::read, std::chrono::hours(1));
    on.open();
    mysql_snapshot state(on);
    look(state);
    on.run("COMMIT");
}

}  // namespace kith::db
