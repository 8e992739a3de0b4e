// The composition root: every part of the server, built in order and handed what it needs.
#pragma once

#include "task_group.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/config.hpp>
#include <kith/core/id_source.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/random.hpp>
#include <kith/core/worker_pool.hpp>
#include <kith/db.hpp>
#include <kith/gateway/registry.hpp>
#include <kith/gateway/server.hpp>
#include <kith/groups.hpp>
#include <kith/journal_tx.hpp>
#include <kith/messages.hpp>
#include <kith/search.hpp>
#include <kith/users.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>

namespace kith {

/// Everything but the doors: what commands need when no server runs, and what a server is built on.
/// Members are destroyed in reverse order of building.
class house {
public:
    /// Locks the data folder, migrates, opens the database and builds the modules. Throws kith::error with a text for
    /// people: `conflict` when another process holds the folder or the schema is newer, `internal` when it can't be used.
    explicit house(const config& settings);
    ~house();
    house(const house&) = delete;
    house& operator=(const house&) = delete;

    /// Makes the data ready: epoch, highest id, what modules hold in memory. On the reactor, before anything else.
    task<void> start();
    /// Opens the doors; the address is in server().public_url() afterwards.
    task<void> open_doors();
    /// The ordered stop of style.md, "Concurrency", by `server.drain`. What it did not reach in time is false.
    task<bool> stop();

    [[nodiscard]] boost::asio::io_context& reactor() noexcept { return reactor_; }
    [[nodiscard]] logger& log() noexcept { return *log_; }
    [[nodiscard]] const config& settings() const noexcept { return settings_; }
    [[nodiscard]] database& store() noexcept { return *store_; }
    [[nodiscard]] users::service& users() noexcept { return *users_; }
    [[nodiscard]] search::service& search() noexcept { return *search_; }
    [[nodiscard]] task_group& tasks() noexcept { return tasks_; }
    [[nodiscard]] gateway::server& server() noexcept { return *server_; }
    [[nodiscard]] const gateway::registry& table() const noexcept { return table_; }
    /// The base of links.
    [[nodiscard]] std::string public_url() const;

private:
    void build_store();
    void build_modules();
    void build_server();
    task<void> keep_house();
    task<void> prune();
    task<void> prune_front();

    config settings_;
    boost::asio::io_context reactor_{1};
    system_clock_source clock_;
    system_random random_;
    std::unique_ptr<logger> log_;
    std::unique_ptr<metrics> metrics_;
    task_group tasks_;
    id_source ids_;
    db::folder_lock lock_;
    std::unique_ptr<journal::writer> journal_;
    std::unique_ptr<database> store_;
    std::unique_ptr<database> index_;  ///< of search: derived, in a file of its own
    std::unique_ptr<worker_pool> hashing_;
    gateway::registry table_;
    std::unique_ptr<users::service> users_;
    std::unique_ptr<messages::service> messages_;
    std::unique_ptr<groups::service> groups_;
    std::unique_ptr<search::service> search_;
    std::unique_ptr<gateway::server> server_;
    std::unique_ptr<journal::tail> tail_;
    boost::asio::steady_timer housekeeping_{reactor_};
    bool stopping_ = false;
    journal::answers_walk answers_walk_;  ///< where pruning stands
    bool pruning_ = false;
};

/// The folder with everything: made with 0700 when missing. Throws `internal` naming the folder and what is wrong.
void prepare_data_folder(const std::filesystem::path& folder);
[[nodiscard]] std::string_view version() noexcept;

}  // namespace kith
