// Durable messages on a MariaDB, beside the same on SQLite and beside that MariaDB without Kith.
#include "benches.hpp"

#include "clock.hpp"
#include "durable_load.hpp"
#include "index_wait.hpp"
#include "mariadb_server.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <numeric>
#include <thread>

namespace kith::bench {

namespace {

constexpr std::size_t writers_together = 16;
constexpr std::size_t rows_together = 100;

struct database_case {
    durable_load load;
    std::vector<std::size_t> rates;  // of the open loop, messages per second in all groups
};

// How rows are put straight into MariaDB.
struct way_in {
    const char* name;
    std::size_t writers;  // a connection each
    std::size_t rows;  // in a commit
};
constexpr std::array<way_in, 3> ways_in{{{"a row in a commit, 1 connection", 1, 1},
                                         {"a row in a commit, 16 connections", writers_together, 1},
                                         {"100 rows in a commit, 1 connection", 1, rows_together}}};
// The fewest commits: no way of storing messages there costs less.
constexpr std::size_t least_way = 2;

struct row_figures {
    std::vector<double> per_s;
    std::vector<double> per_cpu_s;
    std::vector<double> cpu_us;
};
using figures_of_ways = std::array<row_figures, ways_in.size()>;

// MariaDB without Kith.
class bare_mariadb {
public:
    bare_mariadb(context& c, mariadb_server& server) : server_(server) {
        row_writer::make_table(server);
        std::int64_t conversation = 0;
        for (std::size_t i = 0; i < ways_in.size(); ++i) {
            for (std::size_t w = 0; w < ways_in[i].writers; ++w)
                writers_[i].push_back(
                    std::make_unique<row_writer>(server, ++conversation, ways_in[i].rows, c.opt.text_bytes));
        }
    }

    void add_round(context& c, figures_of_ways& into) {
        for (std::size_t i = 0; i < ways_in.size(); ++i) {
            round_meter meter(c.run, server_.pid());
            const auto rows = static_cast<double>(write_for(writers_[i], c.opt.seconds));
            const round_cost cost = meter.finish();
            into[i].per_s.push_back(rows / cost.wall_s);
            into[i].per_cpu_s.push_back(rows / cost.cpu_s);
            into[i].cpu_us.push_back(cost.cpu_s * 1e6 / rows);
        }
    }

private:
    using writers = std::vector<std::unique_ptr<row_writer>>;

    // Each on a thread of its own, which waits for its commits; gives the rows of all.
    static std::size_t write_for(const writers& all, double seconds) {
        const std::int64_t end = now_ns() + seconds_to_ns(seconds);
        std::vector<std::size_t> rows(all.size());
        std::vector<std::exception_ptr> failures(all.size());
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < all.size(); ++i) {
            threads.emplace_back([&, i] {
                try {
                    for (; now_ns() < end; rows[i] += all[i]->rows()) all[i]->commit();
                } catch (...) {
                    failures[i] = std::current_exception();
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        for (const std::exception_ptr& failure : failures) {
            if (failure) std::rethrow_exception(failure);
        }
        return std::accumulate(rows.begin(), rows.end(), std::size_t{0});
    }

    mariadb_server& server_;
    std::array<writers, ways_in.size()> writers_;
};

// Two Kiths, new ones with the same accounts; none where only the floor is measured.
struct two_kiths {
    std::unique_ptr<kith_world> on_sqlite;
    std::unique_ptr<kith_world> on_mariadb;

    two_kiths(context& c, mariadb_server& server, std::size_t accounts) {
        if (c.opt.floor_only) return;
        const std::string url = server.make_database("kith");
        on_sqlite = std::make_unique<kith_world>(c.folder, c.opt.kith_path, "on-sqlite");
        on_mariadb = std::make_unique<kith_world>(c.folder, c.opt.kith_path, "on-mariadb",
                                                  std::vector<std::string>{"database.url=" + url});
        for (kith_world* world : {on_sqlite.get(), on_mariadb.get()}) {
            c.say("database: making accounts: " + std::to_string(accounts));
            world->start();
            world->ensure_accounts(accounts);
        }
        c.note_version(on_mariadb->port());
    }

    void stop() const {
        if (on_mariadb) on_mariadb->stop();
        if (on_sqlite) on_sqlite->stop();
    }
};

// A Kith under load, and what it stores to.
struct rival {
    const char* store;  // "SQLite", "MariaDB"
    kith_world* world;
    std::unique_ptr<contestant> who;
};

std::vector<rival> make_rivals(context& c, const two_kiths& kiths, const mariadb_server& server,
                               const shape& of) {
    std::vector<rival> made;
    if (!kiths.on_sqlite) return made;
    made.push_back({"SQLite", kiths.on_sqlite.get(), nullptr});
    made.push_back({"MariaDB", kiths.on_mariadb.get(), nullptr});
    for (rival& r : made) {
        r.who = make_kith_contestant(*r.world, c.opt.text_bytes, of);
        r.who->name = r.store;
    }
    made.back().who->database = server.pid();
    return made;
}

std::string note_of(const mariadb_server& server) {
    return "Kith and MariaDB (" + server.version()
           + ", a flush for each commit, no binary log, by a socket) share the server's core. The floor of rows on "
             "MariaDB is the same MariaDB without Kith, 100 rows of a message's size in a commit.";
}

struct closed_figures {
    figure_set per_cpu_s;  // of Kith and the database server together
    figure_set per_wall_s;
    figure_set kith_us;
    figure_set database_us;

    void add_round(context& c, const rival& r, const durable_load& what) {
        const std::uint64_t before = r.who->load.sent();
        const round_cost cost = closed_loop(c, *r.who, what, c.opt.seconds);
        const auto messages = static_cast<double>(r.who->load.sent() - before);
        per_cpu_s.add(*r.who, messages / (cost.cpu_s + cost.database_cpu_s));
        per_wall_s.add(*r.who, messages / cost.wall_s);
        kith_us.add(*r.who, cost.cpu_s * 1e6 / messages);
        database_us.add(*r.who, cost.database_cpu_s * 1e6 / messages);
    }
};

// The row of one store; none where no Kith was measured. `floor` is MariaDB's without Kith, null where it has none.
void add_row(context& c, row like, const std::string& title, const char* store, const std::string& name,
             const figure_set& figures, const std::vector<double>* floor = nullptr) {
    const auto found = figures.values.find(store);
    if (found == figures.values.end()) return;
    like.title = title + ", on " + store + (name.empty() ? "" : ", " + name);
    like.kith = summarize(found->second);
    if (floor != nullptr) like.floor = summarize(*floor);
    c.run.rows.push_back(like);
}

void add_closed_rows(context& c, const std::string& title, const std::string& note,
                     const closed_figures& figures, const row_figures& least) {
    row like;
    like.work = "database";
    like.note = note;
    like.unit = "messages/CPU-s";
    add_row(c, like, title, "SQLite", "", figures.per_cpu_s);
    like.unit = "messages/CPU-s of Kith and MariaDB together";
    add_row(c, like, title, "MariaDB", "", figures.per_cpu_s, &least.per_cpu_s);
    like.unit = "µs a message";
    add_row(c, like, title, "MariaDB", "CPU of MariaDB", figures.database_us, &least.cpu_us);
    like.headline = false;
    add_row(c, like, title, "MariaDB", "CPU of Kith", figures.kith_us);
    add_row(c, like, title, "SQLite", "CPU of Kith", figures.kith_us);
    like.unit = "messages/s";
    add_row(c, like, title, "SQLite", "", figures.per_wall_s);
    add_row(c, like, title, "MariaDB", "", figures.per_wall_s, &least.per_s);
}

// Rounds of both and of MariaDB alone alternate.
void measure_closed(context& c, const std::vector<rival>& rivals, bare_mariadb& bare,
                    const durable_load& what, const std::string& note, figures_of_ways& of_all_cases) {
    c.say("database: " + what.text());
    const auto let_catch_up = [](const rival& r) { let_index_catch_up(r.world->port(), r.who->server); };
    for (const rival& r : rivals) {
        measure_named(*r.who,
                      [&](contestant& who) { closed_loop(c, who, what, c.opt.seconds / 4); });  // warm
        let_catch_up(r);
    }
    closed_figures figures;
    figures_of_ways of_bare;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        for (const rival& r : rivals) {
            measure_named(*r.who, [&](contestant&) { figures.add_round(c, r, what); });
            let_catch_up(r);  // else the index would work during another's round
            for (const rival& waiting : rivals) waiting.who->load.poll();
        }
        bare.add_round(c, of_bare);
        for (const rival& waiting : rivals) waiting.who->load.poll();
    }
    add_closed_rows(c, what.text(), note, figures, of_bare[least_way]);
    for (std::size_t i = 0; i < ways_in.size(); ++i) {
        const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        append(of_all_cases[i].per_s, of_bare[i].per_s);
        append(of_all_cases[i].cpu_us, of_bare[i].cpu_us);
    }
}

void measure_open(context& c, const std::vector<rival>& rivals, const durable_load& what, std::size_t rate) {
    const std::string title = what.of.text() + ", " + std::to_string(rate) + " messages/s";
    c.say("database: answer time, " + title);
    answer_figures figures;
    contestants all;
    for (const rival& r : rivals) all.push_back(r.who.get());
    each_round(c, all, [&](contestant& who) { figures.add_round(who, what, rate, c.opt.answer_seconds); });
    for (const answer_figures::line& l : figures.lines()) {
        row like;
        like.work = "database";
        like.unit = "ms";
        like.headline = l.headline;
        like.note = open_loop_note;
        for (const char* store : {"SQLite", "MariaDB"}) add_row(c, like, title, store, l.name, l.values);
    }
}

// MariaDB without Kith, in the column of the floors.
void add_bare_rows(context& c, const figures_of_ways& figures) {
    for (std::size_t i = 0; i < ways_in.size(); ++i) {
        row r;
        r.work = "database";
        r.title = std::string("MariaDB without Kith, ") + ways_in[i].name;
        r.unit = "rows/s";
        r.floor = summarize(figures[i].per_s);
        r.note = "without Kith: a prepared INSERT is a commit; who waits for it is on the load's core.";
        c.run.rows.push_back(r);
        r.headline = false;
        r.title += ", CPU of MariaDB";
        r.unit = "µs a row";
        r.floor = summarize(figures[i].cpu_us);
        c.run.rows.push_back(r);
    }
}

std::vector<database_case> database_cases(const options& o) {
    if (o.quick) return {{{{2, 2}, 1, 4}, {200}}, {{{1, 10}, 4, 2}, {}}};
    return {{{{50, 2}, 1, 16}, {2000}}, {{{10, 100}, 16, 4}, {}}};
}

}  // namespace

void check_database(context& c) {
    mariadb_server::check_installed(c.folder);
}

void bench_database(context& c) {
    c.finish();  // another Kith would share the core
    c.say("database: starting a MariaDB");
    mariadb_server server(c.folder);
    bare_mariadb bare(c, server);
    const std::vector<database_case> cases = database_cases(c.opt);
    std::size_t accounts = 0;
    for (const database_case& what : cases) accounts = std::max(accounts, what.load.of.users());
    const two_kiths kiths(c, server, accounts);
    figures_of_ways of_bare;
    for (const database_case& what : cases) {
        const std::vector<rival> rivals = make_rivals(c, kiths, server, what.load.of);
        measure_closed(c, rivals, bare, what.load, note_of(server), of_bare);
        if (rivals.empty()) continue;
        for (const std::size_t rate : what.rates) measure_open(c, rivals, what.load, rate);
    }
    add_bare_rows(c, of_bare);
    kiths.stop();
}

}  // namespace kith::bench
