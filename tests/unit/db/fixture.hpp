// What the tests of the database share: a folder, a reactor, a database on a real file, latches for the other threads.
#pragma once

#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/db.hpp>

#include "../store_place.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kith::db_test {

/// A folder of mode 0700 that goes with its owner.
class temp_folder {
public:
    temp_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "kith-db-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("mkdtemp failed");
        }
        path_ = name;
    }
    ~temp_folder() { std::filesystem::remove_all(path_); }
    temp_folder(const temp_folder&) = delete;
    temp_folder& operator=(const temp_folder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Opened once; a job on another thread waits for it, at most ten seconds.
class latch {
public:
    void open() const { state_->opened.set_value(); }
    void wait() const {
        if (state_->future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
            throw std::runtime_error("a latch was not opened in time");
        }
    }

private:
    struct shared {
        std::promise<void> opened;
        std::shared_future<void> future = opened.get_future().share();
    };
    std::shared_ptr<shared> state_ = std::make_shared<shared>();
};

/// Which error a task ended with; none when it succeeded.
struct outcome {
    std::optional<error_code> code;
    std::string text;
    bool other = false;  ///< an exception that is no kith::error
    bool done = false;

    [[nodiscard]] bool ok() const { return done && !code && !other; }
};

/// A migrated database with the table items(id, body UNIQUE) and the reactor it answers on.
class store {
public:
    explicit store(db::options wanted = {}, db::batch_participant* part = nullptr)
        : settings(std::move(wanted)), participant_(part) {
        if (settings.path.empty()) {
            settings = place.options(std::move(settings));
        }
        if (settings.space_check == db::options().space_check) {
            settings.space_check = std::chrono::milliseconds(10);
        }
        if (settings.batch_time == db::options().batch_time) {
            settings.batch_time =
                std::chrono::seconds(60);  // what waits together runs together, however slow the machine
        }
        open();
        const auto make = [](transaction& t) {
            // As many bytes as an index of InnoDB may hold.
            t.execute_script(
                t.dialect() == db::dialect::mysql
                    ? "CREATE TABLE IF NOT EXISTS items(id BIGINT PRIMARY KEY, body VARBINARY(3000) NOT NULL UNIQUE);"
                      "CREATE TABLE IF NOT EXISTS head(pos BIGINT NOT NULL);"
                      "INSERT INTO head SELECT 0 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM head)"
                    : "CREATE TABLE IF NOT EXISTS items(id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT;"
                      "CREATE TABLE IF NOT EXISTS head(pos INTEGER NOT NULL) STRICT;"
                      "INSERT INTO head SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM head)");
        };
        if (!std::exchange(made_, true)) {
            run(data->write(make));
        }
    }
    ~store() { close(); }
    store(const store&) = delete;
    store& operator=(const store&) = delete;

    void open() {
        db::migrate_blocking(settings, clock, *log);
        data = db::open(settings, db::deps(io.get_executor(), clock, *log, *numbers, participant_));
    }
    void close() {
        if (data) {
            data->stop_blocking();
            io.restart();
            io.run();  // the answers of what was handed over
            data.reset();
        }
    }

    /// Runs the reactor until `work` has ended and returns its result.
    template <class T>
    T run(task<T> work) {
        std::exception_ptr failed;
        std::optional<T> result;
        boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T value) {
            failed = e;
            result = std::move(value);
        });
        turn();
        if (failed) {
            std::rethrow_exception(failed);
        }
        return std::move(*result);
    }
    void run(task<void> work) {
        std::exception_ptr failed;
        boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) { failed = e; });
        turn();
        if (failed) {
            std::rethrow_exception(failed);
        }
    }
    /// Starts `work`; its end is in the outcome after turn().
    std::shared_ptr<outcome> start(task<void> work) {
        auto end = std::make_shared<outcome>();
        boost::asio::co_spawn(io, std::move(work), [end](std::exception_ptr e) { note(*end, e); });
        return end;
    }
    template <class T>
    std::shared_ptr<outcome> start(task<T> work) {
        auto end = std::make_shared<outcome>();
        boost::asio::co_spawn(io, std::move(work), [end](std::exception_ptr e, T) { note(*end, e); });
        return end;
    }
    /// Runs the reactor until nothing is left to wait for.
    void turn() {
        io.restart();
        io.run();
    }

    /// Runs what is ready on the reactor, and waits for nothing.
    void poll() {
        io.restart();
        io.poll();
    }
    /// Keeps the writer in a job of its own until `go` opens: what is started meanwhile waits together.
    void hold_writer(latch go) {
        latch running;
        start(data->write([running, go = std::move(go)](transaction&) {
            running.open();
            go.wait();
        }));
        poll();
        running.wait();
    }

    task<void> insert(std::int64_t id, std::string body) {
        const std::size_t bytes = body.size() + 64;
        return data->write([id, body = std::move(body)](
                               transaction& t) { t.execute("INSERT INTO items VALUES(?, ?)", id, body); },
                           bytes);
    }
    task<std::int64_t> count() {
        return data->read([](snapshot& s) { return s.integer("SELECT count(*) FROM items").value(); });
    }
    /// Runs the reactor until `wanted` holds; false after `limit`.
    template <class Condition>
    bool wait_until(Condition wanted, std::chrono::seconds limit = std::chrono::seconds(10)) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!wanted()) {
            if (std::chrono::steady_clock::now() > end) {
                return false;
            }
            boost::asio::steady_timer tick(io, std::chrono::milliseconds(5));
            tick.async_wait([](boost::system::error_code) {});
            io.restart();
            io.run_one();
        }
        return true;
    }

    testing::store_place place;
    db::options settings;
    system_clock_source clock;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    boost::asio::io_context io{1};
    std::unique_ptr<database> data;

private:
    static void note(outcome& end, const std::exception_ptr& failed) {
        end.done = true;
        if (!failed) {
            return;
        }
        try {
            std::rethrow_exception(failed);
        } catch (const error& e) {
            end.code = e.code();
            end.text = e.what();
        } catch (const std::exception& e) {
            end.other = true;
            end.text = e.what();
        }
    }

    db::batch_participant* participant_ = nullptr;
    bool made_ = false;
};

}  // namespace kith::db_test
