// What the tests of the service share: a real file, a hand-turned clock, cheap hashes, a reactor run until it is done.
#pragma once

#include "fake_hub.hpp"
#include "hand.hpp"
#include "service.hpp"

#include "../store_place.hpp"

#include <kith/core/id_source.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/worker_pool.hpp>
#include <kith/gateway/registry.hpp>
#include <kith/journal.hpp>
#include <kith/users_tx.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kith::users_test {

using namespace kith::users;

/// Keeps what was committed.
class listener final : public journal::tail {
public:
    void committed(journal::batch changes) override {
        for (journal::published& one : changes.changes) {
            heard.push_back(std::move(one));
        }
    }
    [[nodiscard]] std::size_t count(std::string_view change) const {
        std::size_t found = 0;
        for (const journal::published& one : heard) {
            found += one.change == change ? 1U : 0U;
        }
        return found;
    }
    std::vector<journal::published> heard;
};

class spawner_of_tests final : public spawner {
public:
    explicit spawner_of_tests(boost::asio::io_context& on) : io_(on) {}
    void spawn(std::string_view, task<void> work) override {
        boost::asio::co_spawn(io_, std::move(work), [this](std::exception_ptr e) { failed += e ? 1 : 0; });
    }
    int failed = 0;

private:
    boost::asio::io_context& io_;
};

/// A person as a test uses one.
struct person {
    person() = default;
    signed_in session;
    gateway::principal who;
};

class house {
public:
    explicit house(registration_mode mode = registration_mode::open) {
        folder = place.folder();
        settings.users.registration = mode;
        settings.users.argon2_mib = 1;
        settings.users.argon2_passes = 1;
        open();
    }
    ~house() { close(); }
    house(const house&) = delete;
    house& operator=(const house&) = delete;

    void open() {
        const db::options options = place.options();
        journal = journal::make_writer();
        db::migrate_blocking(options, clock, *log);
        store = db::open(options, db::deps(io.get_executor(), clock, *log, *numbers, journal.get()));
        journal->set_tail(heard);
        pool = make_worker_pool(io.get_executor(), "hash", 2, 64);
        table = std::make_unique<gateway::registry>();
        deps needs{*store,   *journal, *table,     clock, random,
                   ids,      *log,     *numbers,   tasks, *pool,
                   settings, folder,   "0.0-test", {},    [] { return std::string("http://kith.test"); }};
        users.reset(dynamic_cast<users_service*>(create(std::move(needs)).release()));
        users->set_hub(hub);
        run(users->start());
    }
    void close() {
        if (store) {
            store->stop_blocking();
            io.restart();
            io.run();
            users.reset();
            pool.reset();
            store.reset();
        }
    }

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
    void turn() {
        io.restart();
        io.run();
    }
    /// The code of the error that `work` ends with; nullopt when it succeeds. `pointer` gets the first pointer.
    template <class T>
    std::optional<error_code> refusal(task<T> work) {
        try {
            static_cast<void>(run(std::move(work)));
        } catch (const error& e) {
            pointer = e.pointers().empty() ? std::string() : e.pointers().front().pointer;
            wait = e.retry_after();
            return e.code();
        }
        return std::nullopt;
    }
    std::optional<error_code> refusal(task<void> work) {
        try {
            run(std::move(work));
        } catch (const error& e) {
            pointer = e.pointers().empty() ? std::string() : e.pointers().front().pointer;
            return e.code();
        }
        return std::nullopt;
    }

    [[nodiscard]] static registration wants(std::string name, std::string invite = std::string()) {
        registration input;
        input.username = std::move(name);
        input.password = good_password;
        input.invite = std::move(invite);
        input.device = device(device_kind::cli, "test");
        input.from = origin("192.0.2.1", "tests");
        return input;
    }
    [[nodiscard]] static credentials signs(std::string name, std::string password,
                                           std::string from = "192.0.2.1") {
        credentials input;
        input.username = std::move(name);
        input.password = std::move(password);
        input.device = device(device_kind::cli, "test");
        input.from = origin(std::move(from), "tests");
        return input;
    }
    person admitted(signed_in session) {
        person one;
        one.who = users->authenticator().authenticate(session.access_token);
        one.session = std::move(session);
        return one;
    }
    person join(std::string name) { return admitted(run(users->register_account(wants(std::move(name))))); }
    person again(std::string name, std::string password = good_password) {
        return admitted(run(users->sign_in(signs(std::move(name), std::move(password)))));
    }
    person own() {
        const std::string link = users->make_setup_link().value();
        return admitted(run(users->set_up(link.substr(link.find('=') + 1), wants("owner"))));
    }
    /// The token of that session is refused by the gate, and so is a job that acts for it.
    bool shut_out(const person& one) {
        try {
            static_cast<void>(users->authenticator().authenticate(one.session.access_token));
            return false;
        } catch (const error& e) {
            return e.code() == error_code::unauthenticated
                   && refusal(users->get(one.who, one.who.user)) == error_code::unauthenticated;
        }
    }

    static constexpr const char* good_password = "correct horse battery 9";
    testing::store_place place;
    std::filesystem::path folder;
    hand_clock clock;
    seeded_random random;
    config settings;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    boost::asio::io_context io{1};
    spawner_of_tests tasks{io};
    id_source ids{clock, 1};
    listener heard;
    fake_hub hub;
    std::unique_ptr<journal::writer> journal;
    std::unique_ptr<database> store;
    std::unique_ptr<worker_pool> pool;
    std::unique_ptr<gateway::registry> table;
    std::unique_ptr<users_service> users;
    std::string pointer;
    std::chrono::milliseconds wait{0};
};

}  // namespace kith::users_test
