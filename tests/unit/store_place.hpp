// Where a test's database lives: in a folder of its own or, with KITH_TEST_MARIADB, in a database of its own on the server
// behind that socket.
#pragma once

#include <kith/db.hpp>

#include <mysql.h>

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace kith::testing {

/// The server of the test run; an empty text when the tests run on SQLite.
inline std::string test_server_socket() {
    const char* const socket = std::getenv("KITH_TEST_MARIADB");
    return socket == nullptr ? std::string() : socket;
}

inline bool on_server() {
    return !test_server_socket().empty();
}

/// One statement on the test server, as root.
inline void run_on_server(const std::string& sql) {
    const std::unique_ptr<MYSQL, decltype(&mysql_close)> on(mysql_init(nullptr), &mysql_close);
    if (mysql_real_connect(on.get(), nullptr, "root", "", nullptr, 0, test_server_socket().c_str(), 0)
            == nullptr
        || mysql_query(on.get(), sql.c_str()) != 0) {
        throw std::runtime_error("the test server refused " + sql + ": " + mysql_error(on.get()));
    }
    mysql_free_result(mysql_store_result(on.get()));
}

/// A folder of mode 0700, and a database where one is needed; both go with their owner.
class store_place {
public:
    store_place() {
        std::string name = (std::filesystem::temp_directory_path() / "kith-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("mkdtemp failed");
        }
        folder_ = name;
        if (on_server()) {
            static std::atomic<int> made{0};
            name_ = "kith_" + std::to_string(::getpid()) + "_" + std::to_string(++made);
            run_on_server("CREATE DATABASE " + name_ + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        }
    }
    ~store_place() {
        std::filesystem::remove_all(folder_);
        if (!name_.empty()) {
            run_on_server("DROP DATABASE " + name_);
        }
    }
    store_place(const store_place&) = delete;
    store_place& operator=(const store_place&) = delete;

    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
    /// `wanted` with this place as the database.
    [[nodiscard]] db::options options(db::options wanted = {}) const {
        wanted.path = file("kith.db");
        if (on_server()) {
            if (!wanted.server) {
                wanted.server.emplace();
            }
            wanted.server->where.user = "root";
            wanted.server->where.name = name_;
            wanted.server->where.socket = test_server_socket();
        }
        return wanted;
    }

private:
    std::string folder_;
    std::string name_;
};

}  // namespace kith::testing
