// What the measurements share.
#include "benches.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "http_client.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>

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
    run.measured_at = date_and_time();
    run.quick = o.quick;
    if (!o.data_path.empty()) seeded_ = read_seeded_folder(o.data_path);
    if (!is_on_disk(folder.path()))
        say("warning: " + folder.path() + " is in memory; commits cost nothing there. Give --dir.");
}

void context::finish() {
    if (world_ && world_->is_running()) world_->stop();
}

const seeded_folder& context::seeded() const {
    if (!seeded_) throw bench_error(opt.command + " needs --data FOLDER, one that bench seed filled");
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
    if (!world_->is_running()) {
        world_->start();
        const auto server = http_client(world_->port()).request("GET", "/api/v1/server", nullptr, "");
        run.version = server.at("version").get<std::string>();
    }
    if (world_->accounts() < accounts)
        say((seeded_ ? "signing people in: " : "making accounts: ")
            + std::to_string(accounts - world_->accounts()));
    if (accounts > 0) world_->ensure_accounts(accounts);
    return world_.get();
}

round_meter::round_meter(results& run, pid_t server)
    : run_(run),
      server_(server),
      cpu_(read_cpu(server)),
      core_busy_ns_(read_core_busy_ns(server_core)),
      start_ns_(now_ns()) {}

round_cost round_meter::finish() {
    const std::int64_t wall_ns = now_ns() - start_ns_;
    const std::int64_t cpu_ns = cpu_used_ns(cpu_, read_cpu(server_));
    const std::int64_t others_ns = read_core_busy_ns(server_core) - core_busy_ns_ - cpu_ns;
    // A core's time is counted in ticks of 10 ms: short rounds would see ghosts.
    if (wall_ns >= ns_per_s)
        run_.other_load_max =
            std::max(run_.other_load_max, static_cast<double>(others_ns) / static_cast<double>(wall_ns));
    return {ns_to_seconds(cpu_ns), ns_to_seconds(wall_ns)};
}

std::unique_ptr<contestant> make_floor_contestant(context& c, bool durable, std::size_t groups,
                                                  std::size_t sockets, std::size_t event_bytes) {
    auto made = std::make_unique<contestant>();
    made->floor = std::make_unique<floor_process>(c.folder, "join", durable);
    made->server = made->floor->process().pid();
    for (std::size_t i = 0; i < groups; ++i) {
        const std::size_t group = made->load.add_group(std::make_unique<floor_requests>(event_bytes));
        for (std::size_t s = 0; s < sockets; ++s)
            made->load.add_socket(group, open_floor_socket(made->floor->port(), group, 0));
    }
    return made;
}

std::unique_ptr<contestant> make_kith_pairs(context& c, std::size_t groups, std::size_t sockets_per_user) {
    kith_world* world = c.kith(groups * 2);
    if (world == nullptr) return nullptr;
    auto made = std::make_unique<contestant>();
    made->server = world->process().pid();
    std::vector<std::string> conversations;
    for (std::size_t i = 0; i < groups; ++i)
        conversations.push_back(world->open_conversation({2 * i, 2 * i + 1}));
    for (const std::string& conversation : conversations) {
        const std::size_t group =
            made->load.add_group(std::make_unique<kith_requests>(conversation, c.opt.text_bytes));
        for (std::size_t s = 0; s < 2 * sockets_per_user; ++s)
            made->load.add_socket(group, world->open_socket(2 * group + s % 2, 0));
    }
    return made;
}

}  // namespace kith::bench
