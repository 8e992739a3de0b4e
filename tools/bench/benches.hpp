// The measurements, and what they share.
#pragma once

#include "arena.hpp"
#include "options.hpp"
#include "peers.hpp"
#include "proc_stat.hpp"
#include "results.hpp"
#include "seeded_folder.hpp"
#include "world.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kith::bench {

struct context {
    explicit context(const options& o);

    // Kith, running without TLS, with so many accounts; null where only the floor is measured.
    kith_world* kith(std::size_t accounts);
    // Ends Kith; throws where it does not end well.
    void finish();
    // Notes which Kith was measured.
    void note_version(std::uint16_t port);
    void say(const std::string& line) const;  // progress, on stderr

    // What --data holds; throws where none was given.
    const seeded_folder& seeded() const;
    bool has_seeded() const { return seeded_.has_value(); }

    const options& opt;
    scratch_folder folder;
    results run;

private:
    std::optional<seeded_folder> seeded_;
    std::unique_ptr<kith_world> world_;
};

struct round_cost {
    double cpu_s = 0;  // of the server, all threads
    double database_cpu_s = 0;  // of the database server, where it has one
    double wall_s = 0;
};

// What a round costs the server; notes in the run how much others used the server's core meanwhile.
class round_meter {
public:
    // `database` is the database server that works for it on the same core; -1 where there is none.
    round_meter(results& run, pid_t server, pid_t database = -1);
    round_cost finish();

private:
    results& run_;
    pid_t server_;
    pid_t database_;
    cpu_sample cpu_;
    cpu_sample database_cpu_;
    std::int64_t core_busy_ns_;
    std::int64_t start_ns_;
};

// A server under load: the sockets that drive it and the process that pays.
struct contestant {
    std::string name;  // "kith", "floor", or a peer's
    arena load;
    pid_t server = -1;
    pid_t database = -1;  // of the database server that works for it
    std::unique_ptr<floor_process> floor;  // owned where it is one
    std::unique_ptr<peer_process> peer;
};

// So many groups, each of so many sockets. Every member of Kith's is another user with one socket.
struct shape {
    std::size_t groups = 1;
    std::size_t members = 2;
    std::size_t first_user = 0;  // of Kith

    std::size_t users() const { return first_user + groups * members; }  // that Kith must have
    std::string text() const;  // "50 pairs", "10 groups of 100"
};

// A floor whose events have `event_bytes`.
std::unique_ptr<contestant> make_floor_contestant(context& c, bool durable, const shape& of,
                                                  std::size_t event_bytes);
// What is sent to Kith, and how.
struct kith_load {
    bool typing = false;  // message.typing, else message.send
    bool tls = false;
};
// Kith; two members: direct conversations. Null where only the floor is measured. With TLS it is started anew, so no
// other contestant of Kith may be there.
std::unique_ptr<contestant> make_kith_contestant(context& c, const shape& of, const kith_load& how = {});
// The same of a Kith that runs and has the accounts.
std::unique_ptr<contestant> make_kith_contestant(kith_world& world, std::size_t text_bytes, const shape& of,
                                                 const kith_load& how = {});

using contestants = std::vector<contestant*>;
// The peers that were asked for, each with its groups; without `keepers` only those that keep no message. Adds them to
// `all`, who are listened to meanwhile (who answers no ping is closed), and what each does to `note`.
std::vector<std::unique_ptr<contestant>> make_peers(context& c, const peer_group_plan& plan, bool keepers,
                                                    contestants& all, std::string& note);

// Measures one; what it throws says whose it is.
void measure_named(contestant& who, const std::function<void(contestant&)>& measure);
// A figure for each contestant: rounds of all alternate, so that what disturbs the machine disturbs all. Those that
// wait their turn are listened to in between.
void each_round(context& c, const contestants& all, const std::function<void(contestant&)>& measure);

// Figures by contestant, and the row made of them.
struct figure_set {
    std::map<std::string, std::vector<double>> values;

    void add(const contestant& of, double value) { values[of.name].push_back(value); }
    void fill(row& r) const;
};

// Bytes of an event where no Kith tells.
inline constexpr std::size_t default_event_bytes = 200;
inline constexpr std::size_t sockets_per_user_max = 10;
// Of one sender, or of as many senders one each.
inline constexpr std::size_t burst_messages = 16;

void bench_fanout(context& c);
void bench_storm(context& c);
void bench_signin(context& c);
void bench_send(context& c);
void bench_database(context& c);
void check_database(context& c);
void bench_idle(context& c);
void bench_start(context& c);
void bench_http(context& c);
void bench_history(context& c);
void bench_search(context& c);

}  // namespace kith::bench
