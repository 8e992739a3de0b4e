// The database of db.hpp on MariaDB: puts the writer and the readers together.
#include "mysql_database.hpp"

#include "mysql_reader.hpp"
#include "mysql_writer.hpp"
#include "reader_pool.hpp"
#include "store_state.hpp"

#include <utility>

namespace kith::db {
namespace {

class mysql_database final : public database {
public:
    mysql_database(const options& settings, const deps& needs)
        : state_(settings, needs.log, needs.metric),
          readers_(settings, needs, state_, make_mysql_readers(settings, needs.clock)),
          writer_(settings, needs, state_) {
        writer_.open_blocking();
        readers_.start();
        writer_.start();
    }
    ~mysql_database() override { stop(); }

    [[nodiscard]] enum health health() const noexcept override { return state_.health(); }
    void tick() override {
        writer_.watch_commit();
        writer_.wake();  // it looks after its connection when it has nothing else to do
    }

    task<void> backup(std::string) override {
        throw error(
            error_code::conflict,
            "the database is on a server: back it up there, such as with mariadb-dump --single-transaction");
        co_return;
    }
    void end_backups() override {}
    void stop_blocking() override { stop(); }

protected:
    void enqueue(std::unique_ptr<write_job> job, std::size_t bytes, write_kind kind) override {
        writer_.enqueue(std::move(job), bytes, kind);
    }
    void enqueue(std::unique_ptr<read_job> job, read_kind kind) override {
        readers_.enqueue(std::move(job), kind);
    }

private:
    void stop() {
        writer_.stop_blocking();
        readers_.stop_blocking();
    }

    store_state state_;
    reader_pool readers_;
    mysql_writer writer_;
};

}  // namespace

std::unique_ptr<database> open_mysql(const options& settings, const deps& needs) {
    try {
        return std::make_unique<mysql_database>(settings, needs);
    } catch (const mysql_error& e) {
        throw error(error_code::internal,
                    "cannot use the database " + settings.server.value().where.text() + ": " + e.what());
    }
}

}  // namespace kith::db
