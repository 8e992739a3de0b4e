// The plan of seeded data: as many messages as asked for, positions without a hole, marks that can be.
#include "error.hpp"
#include "seed_plan.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>
#include <set>

using namespace kith::bench;

namespace {

constexpr std::int64_t until_ms = 1'780'000'000'000;

seed_plan plan_of(std::size_t messages, std::uint64_t seed) {
    seed_options options;
    options.messages = messages;
    options.seed = seed;
    options.until_ms = until_ms;
    return make_seed_plan(options);
}

}  // namespace

TEST_CASE("a plan has just the messages asked for, in pairs that meet once and in groups") {
    for (const std::size_t messages : {std::size_t{100}, std::size_t{12'345}, std::size_t{200'000}}) {
        const seed_plan plan = plan_of(messages, 3);
        std::size_t sum = 0;
        std::size_t events = messages;
        std::set<std::vector<std::uint32_t>> pairs;
        for (const planned_conversation& c : plan.conversations) {
            sum += c.messages;
            events += c.making_events();
            if (c.is_group) continue;
            REQUIRE(c.members.size() == 2);
            REQUIRE(c.members[0] < c.members[1]);
            REQUIRE(c.members[1] < plan.people);
            pairs.insert(c.members);
        }
        CHECK(sum == messages);
        CHECK(pairs.size() + plan.groups() == plan.conversations.size());
        CHECK(plan.head() == events);
    }
}

TEST_CASE("groups are many small ones, some large and one or two of a thousand") {
    const auto sizes_of = [](std::size_t messages) {
        std::vector<std::size_t> sizes;
        for (const planned_conversation& c : plan_of(messages, 1).conversations) {
            if (!c.is_group) continue;
            sizes.push_back(c.members.size());
            REQUIRE(std::set<std::uint32_t>(c.members.begin(), c.members.end()).size() == c.members.size());
        }
        std::sort(sizes.begin(), sizes.end());
        return sizes;
    };
    const auto between = [](const std::vector<std::size_t>& sizes, std::size_t low, std::size_t high) {
        return std::count_if(sizes.begin(), sizes.end(),
                             [=](std::size_t size) { return size >= low && size <= high; });
    };
    const auto many = sizes_of(2'000'000);  // 10,000 conversations of 1,250 people
    CHECK(between(many, 3, 20) == 1000);
    CHECK(between(many, 50, 200) == 40);
    CHECK(between(many, 1000, 1000) == 2);
    CHECK(many.size() == 1042);
    const auto few = sizes_of(20'000);  // 100 conversations of 48 people
    CHECK(between(few, 3, 20) == 10);
    CHECK(few.back() == 47);
}

TEST_CASE("groups of many talk much") {
    for (const std::size_t messages : {std::size_t{20'000}, std::size_t{2'000'000}}) {
        const seed_plan plan = plan_of(messages, 1);
        std::vector<std::size_t> lengths;
        for (const planned_conversation& c : plan.conversations) lengths.push_back(c.messages);
        std::sort(lengths.rbegin(), lengths.rend());
        for (const planned_conversation& c : plan.conversations) {
            if (c.members.size() >= 47) CHECK(c.messages >= lengths[lengths.size() / 10]);
        }
    }
}

TEST_CASE("who joins a group is told of it after all have joined") {
    const seed_plan plan = plan_of(50'000, 1);
    for (const planned_conversation& c : plan.conversations) {
        if (!c.is_group) continue;
        CHECK(plan.joined_pos(c, 0) == plan.created_pos(c));
        for (std::size_t m = 1; m < c.members.size(); ++m)
            REQUIRE(plan.joined_pos(c, m) > plan.joined_pos(c, m - 1));
        CHECK(plan.shown_pos(c, 0) > plan.joined_pos(c, c.members.size() - 1));
        CHECK(plan.shown_pos(c, c.members.size() - 1) == plan.message_pos(c, 0));
        if (c.messages > 0) CHECK(plan.message_pos(c, 1) > plan.message_pos(c, 0));
    }
}

TEST_CASE("positions have no hole and grow with time and number") {
    const seed_plan plan = plan_of(50'000, 1);
    std::vector<std::uint32_t> sorted = plan.positions;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::uint32_t> expected(sorted.size());
    std::iota(expected.begin(), expected.end(), 1U);
    CHECK(sorted == expected);
    CHECK(std::is_sorted(plan.times_ms.begin(), plan.times_ms.end()));
    CHECK(plan.times_ms.back() < until_ms);
    std::uint32_t made = 0;
    for (const planned_conversation& c : plan.conversations) {
        REQUIRE(plan.created_pos(c) > made);
        made = plan.created_pos(c);
        for (std::size_t seq = 1; seq <= c.messages; ++seq)
            REQUIRE(plan.message_pos(c, seq) > (seq == 1 ? made : plan.message_pos(c, seq - 1)));
    }
}

TEST_CASE("the horizon is the newest position older than 30 days") {
    const seed_plan plan = plan_of(50'000, 1);
    const std::int64_t oldest = until_ms - seed_journal_ms;
    REQUIRE(plan.horizon() > 0);
    REQUIRE(plan.horizon() < plan.head());
    CHECK(plan.time_of(plan.horizon()) < oldest);
    CHECK(plan.time_of(plan.horizon() + 1) >= oldest);
}

TEST_CASE("marks never pass the last message and senders are members") {
    const seed_plan plan = plan_of(50'000, 1);
    std::size_t behind = 0;
    for (std::size_t i = 0; i < plan.conversations.size(); ++i) {
        const planned_conversation& c = plan.conversations[i];
        REQUIRE(c.read_seq.size() == c.members.size());
        for (const std::size_t seq : c.read_seq) {
            REQUIRE(seq <= c.messages);
            if (seq < c.messages) ++behind;
        }
        std::set<std::uint32_t> senders;
        for (std::size_t seq = 1; seq <= c.messages; ++seq) senders.insert(plan.sender_of(i, seq));
        for (const std::uint32_t sender : senders)
            REQUIRE(std::count(c.members.begin(), c.members.end(), sender) == 1);
        if (c.messages > 50) CHECK(senders.size() >= 2);
    }
    CHECK(behind > 0);
}

TEST_CASE("the same seed makes the same plan, another one another") {
    const seed_plan one = plan_of(5000, 1);
    CHECK(one.positions == plan_of(5000, 1).positions);
    CHECK(one.positions != plan_of(5000, 2).positions);
}

TEST_CASE("what cannot be planned is refused") {
    CHECK_THROWS_AS(plan_of(seed_messages_min - 1, 1), bench_error);
    CHECK_THROWS_AS(plan_of(seed_messages_max + 1, 1), bench_error);
    seed_options old;
    old.messages = 1000;
    old.until_ms = 1'767'300'000'000;
    CHECK_THROWS_AS(make_seed_plan(old), bench_error);
}

TEST_CASE("names of people are all different and hold no look-alikes") {
    std::set<std::string> names;
    for (std::size_t i = 0; i < 5000; ++i) {
        const std::string name = seeded_username(i);
        REQUIRE(name.find_first_of("01mIO") == std::string::npos);
        names.insert(name);
    }
    CHECK(names.size() == 5000);
}
