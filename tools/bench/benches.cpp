// What the measurements share.
#include "benches.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "http_client.hpp"
#include "report.hpp"
#include "wire.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <numeric>

namespace kith::bench {

namespace {

std::string date_and_time() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text.data();
}

}  // namespace

context::context(const options& o) : opt(o), folder(o.folder) {
    if (!o.floor_only && !std::filesystem::exists(o.kith_path))
        throw bench_error("no server at " + o.kith_path + ": give --kith FILE, or --floor-only");
    run.command = o.whole_command_line;
    run.machine = describe_machine(folder.path());
    run.commit = commit_here();
    if (!o.floor_only) run.binary = digest_file(o.kith_path);
    run.measured_at = date_and_time();
    run.quick = o.quick;
    if (!o.data_path.empty()) seeded_ = read_seeded_folder(o.data_path);
    if (!is_on_disk(folder.path()))
        say("warning: " + folder.path() + " is in memory; commits cost nothing there. Give --dir.");
}

void context::finish() {
    if (world_ && world_->is_running()) world_->stop();
}

void context::note_version(std::uint16_t port) {
    const auto server = http_client(port).request("GET", "/api/v1/server", nullptr, "");
    run.version = server.at("version").get<std::string>();
}

const seeded_folder& context::seeded() const {
    if (!seeded_) throw bench_error("this work needs --data FOLDER, one that bench seed filled");
    return *seeded_;
}

void context::say(const std::string& line) const {
    std::fprintf(stderr, "%s\n", line.c_str());
}

kith_world* context::kith(std::size_t accounts) {
    if (opt.floor_only) return nullptr;
    if (!world_ && seeded_)
        world_ = std::make_unique<kith_world>(folder, opt.kith_path,
                                              seeded_people{seeded_->people, opt.data_path});
    if (!world_) world_ = std::make_unique<kith_world>(folder, opt.kith_path, "kith");
    if (world_->is_running() && world_->speaks_tls()) world_->stop();
    if (!world_->is_running()) {
        world_->start();
        note_version(world_->port());
    }
    if (world_->accounts() < accounts)
        say((seeded_ ? "signing people in: " : "making accounts: ")
            + std::to_string(accounts - world_->accounts()));
    if (accounts > 0) world_->ensure_accounts(accounts);
    return world_.get();
}

round_meter::round_meter(results& run, pid_t server, pid_t database)
    : run_(run),
      server_(server),
      database_(database),
      cpu_(read_cpu(server)),
      database_cpu_(database < 0 ? cpu_sample{} : read_cpu(database)),
      core_busy_ns_(read_core_busy_ns(server_core)),
      start_ns_(now_ns()) {}

round_cost round_meter::finish() {
    const std::int64_t wall_ns = now_ns() - start_ns_;
    const std::int64_t cpu_ns = cpu_used_ns(cpu_, read_cpu(server_));
    const std::int64_t database_ns = database_ < 0 ? 0 : cpu_used_ns(database_cpu_, read_cpu(database_));
    const std::int64_t others_ns = read_core_busy_ns(server_core) - core_busy_ns_ - cpu_ns - database_ns;
    // A core's time is counted in ticks of 10 ms: short rounds would see ghosts.
    if (wall_ns >= ns_per_s)
        run_.other_load_max =
            std::max(run_.other_load_max, static_cast<double>(others_ns) / static_cast<double>(wall_ns));
    return {ns_to_seconds(cpu_ns), ns_to_seconds(database_ns), ns_to_seconds(wall_ns)};
}

std::string shape::text() const {
    if (members == 2) return std::to_string(groups) + (groups == 1 ? " pair" : " pairs");
    if (groups == 1) return "one group of " + std::to_string(members);
    return std::to_string(groups) + " groups of " + std::to_string(members);
}

std::unique_ptr<contestant> make_floor_contestant(context& c, bool durable, const shape& of,
                                                  std::size_t event_bytes) {
    auto made = std::make_unique<contestant>();
    made->name = "floor";
    made->floor = std::make_unique<floor_process>(c.folder, "join", durable);
    made->server = made->floor->process().pid();
    for (std::size_t i = 0; i < of.groups; ++i) {
        const std::size_t group = made->load.add_group(std::make_unique<floor_events>(event_bytes));
        for (std::size_t s = 0; s < of.members; ++s)
            made->load.add_socket(group, open_floor_socket(made->floor->port(), group, 0));
    }
    return made;
}

std::unique_ptr<contestant> make_kith_contestant(context& c, const shape& of, const kith_load& how) {
    kith_world* world = c.kith(of.users());
    return world == nullptr ? nullptr : make_kith_contestant(*world, c.opt.text_bytes, of, how);
}

std::unique_ptr<contestant> make_kith_contestant(kith_world& world, std::size_t text_bytes, const shape& of,
                                                 const kith_load& how) {
    auto made = std::make_unique<contestant>();
    made->name = "kith";
    std::vector<std::vector<std::size_t>> users_of;
    for (std::size_t i = 0; i < of.groups; ++i) {
        std::vector<std::size_t> users(of.members);
        std::iota(users.begin(), users.end(), of.first_user + i * of.members);
        const std::string conversation = world.open_conversation(users);
        std::vector<std::string> ids;
        for (const std::size_t user : users) ids.push_back(world.user(user).id);
        if (how.typing)
            made->load.add_group(std::make_unique<kith_typing>(conversation, ids));
        else
            made->load.add_group(std::make_unique<kith_messages>(conversation, text_bytes));
        users_of.push_back(std::move(users));
    }
    if (how.tls) {
        world.stop();
        world.start_with_tls();
    }
    made->server = world.process().pid();
    for (std::size_t group = 0; group < of.groups; ++group) {
        for (const std::size_t user : users_of[group])
            made->load.add_socket(group, world.open_socket(user, 0));
        made->load.poll();
    }
    return made;
}

std::vector<std::unique_ptr<contestant>> make_peers(context& c, const peer_group_plan& plan, bool keepers,
                                                    contestants& all, std::string& note) {
    std::vector<std::unique_ptr<contestant>> made;
    const auto listen_to_all = [&all] {
        for (contestant* who : all) who->load.poll();
    };
    for (const std::string& name : c.opt.peers) {
        const peer_kind& kind = find_peer(name);
        if (kind.stores && !keepers) continue;
        c.say("starting " + kind.name);
        auto one = std::make_unique<contestant>();
        one->name = kind.name;
        one->peer = std::make_unique<peer_process>(c.folder, kind);
        one->server = one->peer->pid();
        add_peer_groups(one->load, *one->peer, kind, plan, listen_to_all);
        note += "; " + kind.remark;
        all.push_back(one.get());
        made.push_back(std::move(one));
    }
    if (!made.empty()) note += "; texts of " + std::to_string(plan.text_bytes) + " bytes to the peers";
    return made;
}

void measure_named(contestant& who, const std::function<void(contestant&)>& measure) {
    try {
        measure(who);
    } catch (const bench_error& failure) {
        throw bench_error(who.name + ": " + failure.what());
    }
}

void each_round(context& c, const contestants& all, const std::function<void(contestant&)>& measure) {
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        for (contestant* who : all) {
            measure_named(*who, measure);
            for (contestant* waiting : all) waiting->load.poll();
        }
    }
}

void figure_set::fill(row& r) const {
    r.peers.clear();
    if (const auto kith = values.find("kith"); kith != values.end()) r.kith = summarize(kith->second);
    if (const auto floor = values.find("floor"); floor != values.end()) r.floor = summarize(floor->second);
    for (const auto& [name, figures] : values) {
        if (name != "kith" && name != "floor") r.peers.push_back({name, summarize(figures), r.kith});
    }
}

}  // namespace kith::bench
