// Copies of the whole database in one file, compact and checked, while writes go on.
#include "backup.hpp"

#include "files.hpp"
#include "sqlite.hpp"

#include <boost/asio/post.hpp>

#include <sqlite3.h>

#include <utility>

namespace kith::db {
namespace {

/// The suffix of a copy that is not finished.
constexpr const char* unfinished = ".part";

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? "''" : std::string(1, c);
    }
    return out + "'";
}

void mark_copy(connection& copy, const copy_plan& plan) {
    if (plan.mark == nullptr) {
        return;
    }
    if (const int code = copy.control("BEGIN IMMEDIATE"); code != SQLITE_OK) {
        copy.raise(code, "BEGIN");
    }
    sqlite_transaction t(copy, plan.now);
    plan.mark(t);
    if (const int code = copy.control("COMMIT"); code != SQLITE_OK) {
        copy.raise(code, "COMMIT");
    }
}

void finish_copy(const std::string& path, const copy_plan& plan) {
    connection copy(path, access::write, "FULL");
    copy.interrupt_when(plan.stop);
    mark_copy(copy, plan);
    const std::string verdict = copy.scalar("PRAGMA quick_check(1)");
    if (verdict != "ok") {
        throw error(error_code::internal,
                    "the copy " + path + " is damaged (" + verdict
                        + "): the database itself may be; look at it with `PRAGMA integrity_check`");
    }
    // The copy is one file: without WAL nothing lies beside it.
    if (copy.scalar("PRAGMA journal_mode=DELETE") != "delete") {
        throw error(error_code::internal, "the copy " + path + " could not be closed into one file");
    }
}

}  // namespace

void copy_database_blocking(const copy_plan& plan) {
    if (!plan.replace && exists(plan.target)) {
        throw error(error_code::conflict, plan.target + " exists already: remove it or choose another name");
    }
    const std::string part = plan.target + unfinished;
    remove_file(part);  // of a copy that was killed
    create_private_file(part);
    try {
        {
            connection source(plan.path, access::read, "FULL");
            // Reading is allowed on a connection that may not write: query_only would forbid VACUUM INTO as well.
            source.run_script("PRAGMA query_only=OFF");
            source.interrupt_when(plan.stop);
            source.run_script("VACUUM INTO " + quoted(part));
        }
        finish_copy(part, plan);
        sync_file_blocking(part);
        move_file(part, plan.target, plan.replace);
        sync_file_blocking(plan.target);
    } catch (...) {
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
            remove_file(part + suffix);
        }
        if (plan.stop && plan.stop()) {
            throw error(error_code::overloaded, "the copy gave way to writes or to the stop of the server");
        }
        std::rethrow_exception(public_error(std::current_exception()));
    }
}

backup_runner::backup_runner(const options& settings, const deps& needs, store_state& state)
    : settings_(settings), reactor_(needs.reactor), clock_(needs.clock), log_(needs.log), state_(state) {}

void backup_runner::start(std::string target, handler done) {
    if (stopping_.load() || running_.exchange(true)) {
        boost::asio::post(reactor_, [done = std::move(done), stopping = stopping_.load()] {
            done(stopping ? overloaded("the server is stopping") : overloaded("another backup is running"));
        });
        return;
    }
    if (thread_.joinable()) {
        thread_.join();  // it has ended: running_ was false
    }
    thread_ = std::thread([this, target = std::move(target), done = std::move(done)]() mutable {
        std::exception_ptr failed;
        // A copy holds the WAL as it grows; before writes would be refused for that, the copy is.
        const auto stop = [this] {
            return stopping_.load() || state_.wal_bytes() > settings_.wal_bytes_max / 4 * 3;
        };
        try {
            copy_plan plan;
            plan.path = settings_.path;
            plan.target = target;
            plan.mark = settings_.mark_copy;
            plan.now = clock_.now();
            plan.stop = stop;
            copy_database_blocking(plan);
            log_.info("backup made", {{"path", target}});
        } catch (...) {
            failed = std::current_exception();
        }
        running_.store(false);
        boost::asio::post(reactor_, [done = std::move(done), failed = std::move(failed)] { done(failed); });
    });
}

void backup_runner::stop_blocking() {
    stopping_.store(true);
    if (thread_.joinable()) {
        thread_.join();
    }
}

}  // namespace kith::db
