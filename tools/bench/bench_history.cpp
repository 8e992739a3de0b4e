// History: pages of 50 among many stored messages, the newest ones and ones from anywhere.
#include "error.hpp"
#include "http_client.hpp"
#include "stored_load.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kith::bench {

namespace {

constexpr std::size_t readers = 40;
constexpr std::size_t page = 50;

// Every conversation of the readers that fills a page.
struct shelf {
    struct place {
        std::size_t user = 0;
        std::string conversation;
        std::uint64_t last_seq = 0;
    };
    std::vector<place> places;
    std::vector<std::uint64_t> ends;  // how many messages stand up to each place, itself included

    shelf(context& c, kith_world& world, std::size_t users) {
        http_client client(world.port());
        for (std::size_t user = 0; user < users; ++user) {
            const auto state = client.request("GET", "/api/v1/sync", nullptr, world.user(user).access_token);
            for (const auto& one : state.at("conversations")) {
                place found{user, one.at("id").get<std::string>(), one.at("last_seq").get<std::uint64_t>()};
                if (found.last_seq < 2 * page) continue;
                ends.push_back(found.last_seq + (ends.empty() ? 0 : ends.back()));
                places.push_back(std::move(found));
            }
        }
        if (places.empty()) throw bench_error("no conversation of " + c.opt.data_path + " fills two pages");
    }
};

void check_page(const std::string& body) {
    constexpr std::string_view mark = R"("client_id":)";
    std::size_t found = 0;
    for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at + 1)) ++found;
    if (found != page)
        throw bench_error("a page has " + std::to_string(found) + " messages: " + body.substr(0, 300));
}

}  // namespace

void bench_history(context& c) {
    const seeded_folder& stored = c.seeded();
    const std::size_t users = std::min(readers, stored.people);
    kith_world* world = c.kith(users);
    if (world == nullptr) throw bench_error("history has no floor to measure");
    warm_file(c);
    const shelf all(c, *world, users);
    seeded_numbers numbers(stored.made_with.seed, 0, 0);
    const auto path = [](const shelf::place& at, const std::string& more) {
        return "/api/v1/conversations/" + at.conversation + "/messages?limit=" + std::to_string(page) + more;
    };
    const auto newest = [&] {
        const shelf::place& at = all.places[numbers.below(all.places.size())];
        return stored_request{at.user, path(at, "")};
    };
    // Each message is as likely as any other, so most pages are deep inside the large conversations.
    const auto anywhere = [&] {
        const auto end = std::upper_bound(all.ends.begin(), all.ends.end(), numbers.below(all.ends.back()));
        const shelf::place& at = all.places[static_cast<std::size_t>(end - all.ends.begin())];
        const std::uint64_t before = page + 1 + numbers.below(at.last_seq - page);
        return stored_request{at.user, path(at, "&before=" + std::to_string(before))};
    };
    stored_figures of_newest;
    stored_figures of_anywhere;
    for (std::size_t round = 0; round < c.opt.rounds; ++round) {
        c.say("history: round " + std::to_string(round + 1));
        of_newest.add_round(c, *world, newest, check_page);
        of_anywhere.add_round(c, *world, anywhere, check_page);
    }
    const std::string size = format_count(stored.made_with.messages) + " messages, ";
    const std::string note =
        "pages of 50, one request after another, " + std::to_string(users) + " people with "
        + format_count(all.places.size())
        + " conversations; the file is in the kernel's cache. The server's own times are buckets of "
          "/metrics: the percentile is that bound or lower.";
    of_newest.add_rows(c, "history", size + "the newest page", {99, 1}, note);
    of_anywhere.add_rows(c, "history", size + "a page anywhere", {99, 1}, note);
}

}  // namespace kith::bench
