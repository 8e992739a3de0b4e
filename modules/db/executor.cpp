// The database of db.hpp on SQLite: puts the writer, the readers, the checkpoints and the backups together.
#include "backup.hpp"
#include "checkpointer.hpp"
#include "files.hpp"
#include "migrations.hpp"
#include "mysql_database.hpp"
#include "reader_pool.hpp"
#include "sqlite_reader.hpp"
#include "sqlite_writer.hpp"
#include "store_state.hpp"

#include <array>
#include <utility>

namespace kith::db {
namespace {

class sqlite_database final : public database {
public:
    sqlite_database(const options& settings, const deps& needs)
        : state_(settings, needs.log, needs.metric),
          connection_(settings.path, access::write, settings.synchronous),
          recovered_((truncate_at_open(connection_, settings.path), true)),
          checkpoints_(settings, needs, state_, [this] { writer_.wake(); }),
          readers_(settings, needs, state_, make_sqlite_readers(settings, needs.clock)),
          backups_(settings, needs, state_),
          writer_(settings, needs, state_, connection_, checkpoints_) {
        checkpoints_.watch(connection_);
        readers_.start();
        writer_.start();
        checkpoints_.start();
    }
    ~sqlite_database() override { stop(); }

    [[nodiscard]] enum health health() const noexcept override { return state_.health(); }
    void tick() override { writer_.watch_commit(); }

    task<void> backup(std::string target) override {
        auto start = [this](auto handler, std::string path) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            backups_.start(std::move(path),
                           [shared](std::exception_ptr failed) { std::move (*shared)(failed); });
        };
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::exception_ptr)>(
            std::move(start), boost::asio::use_awaitable, std::move(target));
    }

    void end_backups() override { backups_.end(); }

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
        if (std::exchange(stopped_, true)) {
            return;
        }
        writer_.stop_blocking();
        readers_.stop_blocking();
        backups_.stop_blocking();
        checkpoints_.stop_blocking();
        if (!state_.stopped()) {  // after a failure the WAL is left as it is, for the next start
            checkpoints_.truncate(connection_);
        }
    }

    store_state state_;
    connection connection_;
    bool recovered_;  ///< the WAL was recovered and emptied before any other connection was opened
    checkpointer checkpoints_;
    reader_pool readers_;
    backup_runner backups_;
    sqlite_writer writer_;
    bool stopped_ = false;
};

void check_schema(const options& settings) {
    const std::string place = settings.server ? settings.server->where.text() : settings.path;
    for (const migration_state& one : migration_status_blocking(settings)) {
        if (!one.applied_at) {
            throw error(error_code::internal, "the schema of " + place + " lacks migration "
                                                  + std::to_string(one.number) + " (" + one.name
                                                  + "): run `kith migrate` first");
        }
    }
}

std::unique_ptr<database> open_file(const options& settings, const deps& needs) {
    KITH_ASSERT(settings.readers > 0 && settings.queue_jobs > 0 && settings.batch_jobs > 0);
    try {
        return std::make_unique<sqlite_database>(settings, needs);
    } catch (const sqlite_error& e) {
        raise_unusable(settings.path, e);
    }
}

options options_of(const derived_options& settings) {
    options all;
    all.path = settings.path;
    all.store = settings.store;
    all.synchronous = "NORMAL";
    all.readers = settings.readers;
    all.read_timeout = settings.read_timeout;
    all.derived = true;
    return all;
}

/// The schema as its one migration: its checksum tells when the file was made by another build.
std::unique_ptr<database> make_derived(const derived_options& settings, const deps& needs) {
    const std::array<migration, 1> whole{{{1, settings.store, settings.schema}}};
    apply_blocking(settings.path, whole, needs.clock, needs.log, nullptr, {});
    return open_file(options_of(settings), needs);
}

}  // namespace

std::unique_ptr<database> open(const options& settings, const deps& needs) {
    if (settings.server) {
        check_schema(settings);
        return open_mysql(settings, needs);
    }
    if (!exists(settings.path)) {
        throw error(error_code::internal,
                    "there is no database at " + settings.path + ": run `kith migrate` first");
    }
    make_private(settings.path);
    check_schema(settings);
    return open_file(settings, needs);
}

std::unique_ptr<database> open_derived(const derived_options& settings, const deps& needs) {
    try {
        return make_derived(settings, needs);
    } catch (const database_held&) {
        throw;
    } catch (const error& failed) {
        // A file of another schema, or none at all. For any other reason it stays.
        if (failed.code() != error_code::conflict && !looks_damaged(settings.path)) {
            throw error(error_code::internal, std::string(failed.what()) + "; " + settings.path
                                                  + " holds only what can be made anew: it may be removed");
        }
        needs.log.warn("a file of derived data is made anew",
                       {{"path", settings.path}, {"why", failed.what()}});
    }
    remove_database(settings.path);
    return make_derived(settings, needs);
}

}  // namespace kith::db
