// Builds everything in order, keeps it tidy while it runs, and stops it in order.
#include "house.hpp"

#include "store_place.hpp"

#include <kith/core/error.hpp>
#include <kith/core/wait.hpp>
#include <kith/messages_tx.hpp>
#include <kith/users_tx.hpp>
#include <kith/web.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

namespace kith {

namespace {

constexpr std::uint8_t this_node = 0;  // one node for now; several lease their numbers in the database
constexpr std::chrono::seconds presence_tick{1};
constexpr std::size_t answers_per_step = 1000;
/// Answers looked at in one round of pruning beyond those that went: more than a server adds between two rounds.
constexpr std::size_t answers_per_round = 2'000'000;

log_level level_of(const std::string& name) {
    if (name == "debug") {
        return log_level::debug;
    }
    if (name == "warn") {
        return log_level::warn;
    }
    return name == "error" ? log_level::error : log_level::info;
}

log_format format_of(const std::string& name) {
    return name == "json" ? log_format::json : log_format::plain;
}

std::string folder_of(const config& settings) {
    prepare_data_folder(settings.data.dir);
    return settings.data.dir.string();
}

db::options store_options(const config& settings) {
    db::options options = store_place(settings);
    options.synchronous = settings.database.synchronous;
    options.readers = settings.database.readers;
    options.queue_jobs = settings.database.queue_jobs;
    options.queue_bytes = settings.database.queue_bytes;
    options.batch_jobs = settings.database.batch_jobs;
    options.batch_bytes = settings.database.batch_bytes;
    options.wal_bytes_max = settings.database.wal_bytes_max;
    options.read_timeout = settings.database.read_timeout;
    options.ack_before_commit = settings.test.mutation == "ack_before_commit";
    return options;
}

/// Hears of every commit: the index only notes that there is something to do, the hub takes the batch.
class committed_tail final : public journal::tail {
public:
    committed_tail(journal::tail& hub, search::service& index) : hub_(hub), index_(index) {}
    void committed(journal::batch changes) override {
        index_.committed(changes);
        hub_.committed(std::move(changes));
    }

private:
    journal::tail& hub_;
    search::service& index_;
};

/// A new epoch for new data, and the highest id that any module stored.
task<std::int64_t> make_ready(database& store, random_source& random) {
    return store.write([&random](transaction& t) {
        if (journal::read_state(t).epoch.empty()) {
            journal::begin_epoch(t, random);
        }
        return std::max(users::highest_id(t), messages::highest_id(t));
    });
}

task<std::int64_t> prune_notes(database& store, const journal::prune_limits& limits) {
    return store.write([limits](transaction& t) { return journal::prune(t, limits); });
}

task<journal::answers_pruned> prune_answers(database& store, journal::answers_walk from) {
    return store.write([from = std::move(from)](transaction& t) {
        return journal::prune_answers(t, from, answers_per_step);
    });
}

std::span<const gateway::static_file> web_files() {
    static const std::vector<gateway::static_file> files = [] {
        std::vector<gateway::static_file> all;
        for (const web::asset& asset : web::assets()) {
            all.push_back(
                {asset.path, asset.type, asset.etag, asset.immutable, asset.plain, asset.brotli, asset.gzip});
        }
        return all;
    }();
    return files;
}

}  // namespace

std::string_view version() noexcept {
    return KITH_VERSION;
}

void prepare_data_folder(const std::filesystem::path& folder) {
    std::error_code failed;
    if (folder.has_parent_path()) {
        std::filesystem::create_directories(folder.parent_path(), failed);
    }
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        throw error(error_code::internal,
                    "the data folder " + folder.string() + " can't be made: " + std::strerror(errno));
    }
    if (!std::filesystem::is_directory(folder, failed)) {
        throw error(error_code::internal, folder.string() + " is not a folder");
    }
    if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
        throw error(error_code::internal, "the data folder " + folder.string()
                                              + " is not writable: " + std::strerror(errno)
                                              + "; choose another by --data or change its owner");
    }
}

house::house(const config& settings)
    : settings_(settings),
      log_(make_logger(level_of(settings.log.level), format_of(settings.log.format))),
      metrics_(make_metrics()),
      tasks_(reactor_, *log_),
      ids_(clock_, this_node),
      lock_(folder_of(settings)) {
    build_store();
    build_modules();
    build_server();
}

house::~house() {
    store_->stop_blocking();
    index_->stop_blocking();
    // What the last jobs posted is finished here, while everything it refers to is alive.
    reactor_.restart();
    reactor_.poll();
}

void house::build_store() {
    journal_ = journal::make_writer();
    const db::options options = store_options(settings_);
    db::migrate_blocking(options, clock_, *log_);
    store_ = db::open(options, db::deps(reactor_.get_executor(), clock_, *log_, *metrics_, journal_.get()));
    index_ = search::open_index((settings_.data.dir / search::index_file).string(),
                                db::deps(reactor_.get_executor(), clock_, *log_, *metrics_, nullptr));
}

void house::build_modules() {
    hashing_ = make_worker_pool(reactor_.get_executor(), "kith-hash", settings_.users.hash_threads,
                                settings_.users.hash_queue, pool_priority::background);
    gateway::register_own_operations(table_, *store_);
    users_ = users::create(users::deps{*store_,
                                       *journal_,
                                       table_,
                                       clock_,
                                       random_,
                                       ids_,
                                       *log_,
                                       *metrics_,
                                       tasks_,
                                       *hashing_,
                                       settings_,
                                       settings_.data.dir,
                                       std::string(version()),
                                       {"direct_messages", "groups", "invites", "presence", "typing"},
                                       [this] { return public_url(); }});
    messages_ =
        messages::create(messages::deps{*store_, *journal_, table_, users_->people(), ids_, settings_});
    groups_ = groups::create(groups::deps{*store_, *journal_, table_, ids_, settings_});
    search_ = search::create(search::deps{*store_, *index_, table_, clock_, *log_, *metrics_});
}

void house::build_server() {
    server_ = gateway::make_server(gateway::server_deps{reactor_, clock_, random_, *log_, *metrics_, tasks_,
                                                        *store_, table_, users_->authenticator(), settings_,
                                                        web_files(), version(), *hashing_});
    users_->set_hub(server_->connections());
    messages_->set_hub(server_->connections());
    tail_ = std::make_unique<committed_tail>(server_->tail(), *search_);
    journal_->set_tail(*tail_);
}

std::string house::public_url() const {
    return server_->public_url();
}

task<void> house::start() {
    const std::int64_t highest = co_await make_ready(*store_, random_);
    ids_.raise_to(highest);
    co_await users_->start();
}

task<void> house::open_doors() {
    co_await server_->prepare();
    server_->listen();
    tasks_.spawn("housekeeping", keep_house());
    if (settings_.test.mutation != "no_search_index") {
        tasks_.spawn("search index", search_->run());
    }
}

/// Each second what the modules gather; now and then the pruning, as a task of its own, for it may take long.
task<void> house::keep_house() {
    steady_time prune_at = clock_.steady_now() + settings_.journal.prune_seconds;
    while (!stopping_) {
        housekeeping_.expires_after(presence_tick);
        co_await wait_for(housekeeping_);
        users_->tick();
        store_->tick();
        index_->tick();
        server_->tick();
        if (!stopping_ && !pruning_ && clock_.steady_now() >= prune_at
            && store_->health() == db::health::ok) {
            prune_at = clock_.steady_now() + settings_.journal.prune_seconds;
            tasks_.spawn("pruning", prune());
        }
    }
}

/// Old notes and answers, step by step, until little is left or the server stops.
task<void> house::prune() {
    const journal::prune_limits limits(settings_.journal.horizon_seconds,
                                       static_cast<std::int64_t>(settings_.journal.notes_max));
    pruning_ = true;
    try {
        while (co_await prune_notes(*store_, limits) >= limits.step_max && !stopping_) {
        }
        co_await prune_front();
        for (std::size_t looked_at = 0; looked_at < answers_per_round && !stopping_;
             looked_at += answers_per_step) {
            const journal::answers_pruned step = co_await prune_answers(*store_, answers_walk_);
            answers_walk_ = step.next;
            if (answers_walk_.key.empty()) {
                break;
            }
        }
    } catch (const std::exception& failed) {
        log_->warn("pruning failed and is tried again later", {{"why", failed.what()}});
    }
    pruning_ = false;
}

/// Keys of messages are ordered by time: their old ones stand in front of all others.
task<void> house::prune_front() {
    journal::answers_pruned step;
    do {
        step = co_await prune_answers(*store_, step.next);
    } while (step.deleted > 0 && !step.next.key.empty() && !stopping_);
}

task<bool> house::stop() {
    stopping_ = true;
    store_->end_backups();
    housekeeping_.cancel();
    search_->stop();
    const steady_time deadline = clock_.steady_now() + settings_.server.drain;
    co_await server_->drain();
    users_->stop();
    co_return co_await tasks_.wait_until_done(deadline + std::chrono::seconds(1));
}

}  // namespace kith
