// A MariaDB of the bench's own, and rows put straight into it.
#include "mariadb_server.hpp"

#include "clock.hpp"
#include "error.hpp"

#include <mysql.h>

#include <ctime>
#include <filesystem>

#include <unistd.h>

namespace kith::bench {

namespace {

constexpr std::int64_t start_timeout_ns = 30 * ns_per_s;
constexpr useconds_t retry_us = 10'000;
constexpr unsigned connect_timeout_s = 10;
constexpr unsigned answer_timeout_s = 30;
constexpr const char* row_table =
    "CREATE TABLE messages (conversation BIGINT NOT NULL, seq BIGINT NOT NULL, sender BIGINT NOT NULL,"
    " client_id VARCHAR(64) NOT NULL, sent_at BIGINT NOT NULL, body MEDIUMTEXT,"
    " PRIMARY KEY (conversation, seq)) ENGINE = InnoDB";

// Null where the server cannot be reached; `why` tells.
mariadb_link try_connect(const std::string& socket, const std::string& database, std::string& why) {
    mariadb_link made(mysql_init(nullptr));
    if (!made) throw bench_error("libmariadb does not start");
    mysql_options(made.get(), MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout_s);
    mysql_options(made.get(), MYSQL_OPT_READ_TIMEOUT, &answer_timeout_s);
    mysql_options(made.get(), MYSQL_OPT_WRITE_TIMEOUT, &answer_timeout_s);
    mysql_options(made.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (mysql_real_connect(made.get(), nullptr, "root", "", database.c_str(), 0, socket.c_str(), 0)
        != nullptr)
        return made;
    why = mysql_error(made.get());
    return nullptr;
}

std::string insert_of(std::size_t rows) {
    std::string sql = "INSERT INTO messages (conversation, seq, sender, client_id, sent_at, body) VALUES ";
    for (std::size_t i = 0; i < rows; ++i) sql += i == 0 ? "(?,?,?,?,?,?)" : ",(?,?,?,?,?,?)";
    return sql;
}

}  // namespace

void mariadb_closing::operator()(st_mysql* connection) const {
    mysql_close(connection);
}

void mariadb_closing::operator()(st_mysql_stmt* statement) const {
    mysql_stmt_close(statement);
}

void mariadb_server::check_installed(const scratch_folder& folder) {
    child_process({KITH_BENCH_MARIADB, "check"}, folder.path() + "/mariadb-check.log").wait_for_end();
}

mariadb_server::mariadb_server(const scratch_folder& folder)
    : folder_(folder.path() + "/mariadb"), socket_path_(folder_ + "/s") {
    std::filesystem::create_directory(folder_);
    process_ = std::make_unique<child_process>(std::vector<std::string>{KITH_BENCH_MARIADB, "run", folder_},
                                               folder_ + ".log");
    const std::int64_t deadline = now_ns() + start_timeout_ns;
    for (std::string why;; usleep(retry_us)) {
        if (const auto connection = try_connect(socket_path_, "", why)) {
            version_ = mysql_get_server_info(connection.get());
            return;
        }
        if (!process_->is_running())
            throw bench_error("MariaDB ended at its start: " + process_->output_tail());
        if (now_ns() > deadline)
            throw bench_error("MariaDB does not answer (" + why + "): " + process_->output_tail());
    }
}

mariadb_server::~mariadb_server() {
    process_->end();
    std::error_code ignored;  // what cannot be removed goes with the whole
    std::filesystem::remove_all(folder_, ignored);
}

mariadb_link mariadb_server::connect(const std::string& database) const {
    std::string why;
    mariadb_link made = try_connect(socket_path_, database, why);
    if (!made) throw bench_error("cannot connect to MariaDB: " + why);
    return made;
}

void mariadb_server::run(const std::string& statement) const {
    const mariadb_link connection = connect("");
    if (mysql_real_query(connection.get(), statement.data(), statement.size()) != 0)
        throw bench_error(std::string("MariaDB: ") + mysql_error(connection.get()) + ": " + statement);
}

std::string mariadb_server::make_database(const std::string& name) {
    run("CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    return "mysql://root@localhost/" + name + "?socket=" + socket_path_;
}

// What the statement's parameters point to.
struct row_writer::bound_rows {
    std::size_t count;
    std::int64_t conversation;
    std::int64_t sender = 1;
    std::int64_t sent_at;
    std::string client_id = std::string(36, 'c');
    std::string body;
    std::vector<std::int64_t> seqs;
    std::vector<MYSQL_BIND> parameters;

    bound_rows(std::size_t rows, std::int64_t of, std::size_t text_bytes)
        : count(rows),
          conversation(of),
          sent_at(static_cast<std::int64_t>(std::time(nullptr)) * 1'000'000),
          body(text_bytes, 'x'),
          seqs(rows) {
        for (std::size_t i = 0; i < rows; ++i) {
            seqs[i] = static_cast<std::int64_t>(i) + 1;
            for (std::int64_t* number : {&conversation, &seqs[i], &sender}) add(*number);
            add(client_id);
            add(sent_at);
            add(body);
        }
    }
    bound_rows(const bound_rows&) = delete;
    bound_rows& operator=(const bound_rows&) = delete;

    void add(std::int64_t& number) {
        MYSQL_BIND& made = parameters.emplace_back();
        made.buffer_type = MYSQL_TYPE_LONGLONG;
        made.buffer = &number;
    }
    void add(std::string& text) {
        MYSQL_BIND& made = parameters.emplace_back();
        made.buffer_type = MYSQL_TYPE_STRING;
        made.buffer = text.data();
        made.buffer_length = text.size();
    }
};

void row_writer::make_table(mariadb_server& server) {
    server.make_database(database);
    const mariadb_link connection = server.connect(database);
    if (mysql_query(connection.get(), row_table) != 0)
        throw bench_error(std::string("MariaDB: ") + mysql_error(connection.get()));
}

row_writer::row_writer(const mariadb_server& server, std::int64_t conversation, std::size_t rows,
                       std::size_t text_bytes)
    : connection_(server.connect(database)),
      statement_(mysql_stmt_init(connection_.get())),
      bound_(std::make_unique<bound_rows>(rows, conversation, text_bytes)) {
    const std::string sql = insert_of(rows);
    if (!statement_ || mysql_stmt_prepare(statement_.get(), sql.data(), sql.size()) != 0
        || mysql_stmt_bind_param(statement_.get(), bound_->parameters.data()) != 0)
        throw bench_error(std::string("MariaDB: ") + mysql_error(connection_.get()));
}

row_writer::~row_writer() = default;

void row_writer::commit() {
    if (mysql_stmt_execute(statement_.get()) != 0)
        throw bench_error(std::string("MariaDB: ") + mysql_stmt_error(statement_.get()));
    for (std::int64_t& seq : bound_->seqs) seq += static_cast<std::int64_t>(bound_->count);
}

std::size_t row_writer::rows() const {
    return bound_->count;
}

}  // namespace kith::bench
