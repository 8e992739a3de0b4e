// MariaDB: a connection that is lost at COMMIT is settled by the batch's number, never by a blind second run.
#include "commit_cutter.hpp"
#include "fixture.hpp"

#include <atomic>

using namespace kith;
using namespace kith::db_test;

namespace {

/// A store whose connections go through a cutter.
class cut_store {
public:
    cut_store() : cutter(place.file("proxy")) {
        db::options settings = place.options();
        settings.server->where.socket = cutter.path();
        settings.server->away_patience = std::chrono::milliseconds(300);
        settings.commit_timeout = std::chrono::milliseconds(300);
        on = std::make_unique<store>(settings);
    }

    /// Inserts a row and counts how often the job ran.
    std::shared_ptr<outcome> insert() {
        return on->start(on->data->write([runs = runs](transaction& t) {
            ++*runs;
            t.execute("INSERT INTO items VALUES (1, 'x')");
        }));
    }

    testing::store_place place;
    commit_cutter cutter;
    std::unique_ptr<store> on;
    std::shared_ptr<std::atomic<int>> runs = std::make_shared<std::atomic<int>>(0);
};

}  // namespace

TEST_CASE("a COMMIT whose answer was lost is not run again", "[mariadb]") {
    cut_store s;
    s.cutter.next = commit_cutter::cut::after;
    const auto end = s.insert();
    s.on->turn();
    CHECK(s.cutter.next == commit_cutter::cut::none);
    CHECK(end->ok());
    CHECK(*s.runs == 1);
    CHECK(s.on->run(s.on->count()) == 1);
}

TEST_CASE("a COMMIT that the server never heard of is run again", "[mariadb]") {
    cut_store s;
    s.cutter.next = commit_cutter::cut::before;
    const auto end = s.insert();
    s.on->turn();
    CHECK(end->ok());
    CHECK(*s.runs == 2);
    CHECK(s.on->run(s.on->count()) == 1);
}

TEST_CASE("while a COMMIT cannot be settled its callers are told so, and writing goes on afterwards",
          "[mariadb]") {
    cut_store s;
    const bool heard = GENERATE(false, true);
    s.cutter.next = heard ? commit_cutter::cut::after : commit_cutter::cut::before;
    s.cutter.closed = true;
    const auto end = s.insert();
    REQUIRE(s.on->wait_until([&] {
        s.on->data->tick();
        return end->done;
    }));
    CHECK(end->code == error_code::outcome_unknown);
    CHECK(s.on->data->health() == db::health::stuck);
    const auto refused = s.on->start(s.on->insert(2, "two"));
    s.on->turn();
    CHECK(refused->code == error_code::overloaded);
    s.cutter.closed = false;
    CHECK(s.on->wait_until([&] { return s.on->data->health() == db::health::ok; }));
    s.on->run(s.on->insert(3, "three"));
    CHECK(*s.runs == 1);
    CHECK(s.on->run(s.on->count()) == (heard ? 2 : 1));
}

TEST_CASE("while the server is away writes are refused, and taken again when it is back", "[mariadb]") {
    cut_store s;
    s.on->run(s.on->insert(10, "ten"));
    s.cutter.closed = true;
    testing::run_on_server(
        "SET GLOBAL max_connections = @@GLOBAL.max_connections");  // the server itself is well
    const auto lost = s.on->start(s.on->data->write([](transaction& t) {
        t.execute("INSERT INTO items VALUES (11, 'eleven')");
        t.execute_script("KILL CONNECTION_ID()");
    }));
    s.on->turn();
    CHECK(lost->code == error_code::overloaded);
    CHECK(s.on->data->health() == db::health::away);
    const auto refused = s.on->start(s.on->insert(12, "twelve"));
    s.on->turn();
    CHECK(refused->code == error_code::overloaded);
    s.cutter.closed = false;
    CHECK(s.on->wait_until([&] {
        s.on->data->tick();
        return s.on->data->health() == db::health::ok;
    }));
    s.on->run(s.on->insert(13, "thirteen"));
    CHECK(s.on->run(s.on->count()) == 2);
}
