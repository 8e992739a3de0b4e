// Who talks with whom, how much and when.
#include "seed_plan.hpp"

#include "error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <unordered_set>

namespace kith::bench {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t ids_begin_ms = 1'767'225'600'000;  // 2026-01-01: no id is older
constexpr std::int64_t span_ms_max = 300 * day_ms;
constexpr std::size_t messages_per_conversation = 200;
constexpr std::size_t conversations_per_person = 8;
constexpr std::size_t people_min = 48;  // enough pairs for all the conversations that few people have
// One person knows very many, so that the longest list of conversations is there too.
constexpr std::size_t hub_person = 1;
constexpr std::size_t hub_conversations_max = 2000;
constexpr double size_exponent = 0.9;
// Of so many conversations one is a group of 3 to 20, of so many one of 50 to 200.
constexpr std::size_t conversations_per_small_group = 10;
constexpr std::size_t conversations_per_large_group = 250;
// From so many conversations on there is one group of 1,000, and from so many there are two. None holds more people than
// there are.
constexpr std::size_t conversations_of_one_huge_group = 1000;
constexpr std::size_t conversations_of_two_huge_groups = 10'000;
constexpr std::size_t huge_group = 1000;
constexpr std::size_t large_group_min = 50;
// Groups of many are among the tenth that talks most.
constexpr std::size_t busy_share = 10;
constexpr std::size_t messages_per_talk = 12;
constexpr std::int64_t pause_ms = 40'000;  // between the messages of one talk, on average
// The time stands above the conversation while events are sorted.
constexpr unsigned conversation_bits = 24;
constexpr std::size_t conversations_max = std::size_t{1} << conversation_bits;

enum stream : std::uint64_t {
    people_stream,
    size_stream,
    time_stream,
    sender_stream,
    mark_stream,
    group_stream
};

// How many members each group has.
std::vector<std::size_t> draw_group_sizes(const seed_plan& plan, std::size_t conversations,
                                          seeded_numbers& numbers) {
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < conversations / conversations_per_small_group; ++i)
        sizes.push_back(3 + std::min(numbers.below(18), numbers.below(18)));  // more of three than of twenty
    const std::size_t large = std::max<std::size_t>(1, conversations / conversations_per_large_group);
    for (std::size_t i = 0; i < large; ++i) sizes.push_back(large_group_min + numbers.below(151));
    if (conversations >= conversations_of_one_huge_group) sizes.push_back(huge_group);
    if (conversations >= conversations_of_two_huge_groups) sizes.push_back(huge_group);
    // All but the one who has as many conversations as there can be.
    for (std::size_t& size : sizes) size = std::min(size, plan.people - 1);
    return sizes;
}

std::vector<planned_conversation> make_groups(const seed_plan& plan, std::size_t conversations) {
    seeded_numbers numbers(plan.options.seed, group_stream, 0);
    std::vector<std::uint32_t> people;
    for (std::size_t i = 0; i < plan.people; ++i) {
        if (i != hub_person) people.push_back(static_cast<std::uint32_t>(i));
    }
    std::vector<planned_conversation> made;
    for (const std::size_t size : draw_group_sizes(plan, conversations, numbers)) {
        for (std::size_t i = 0; i < size; ++i)
            std::swap(people[i], people[i + numbers.below(people.size() - i)]);
        planned_conversation c;
        c.is_group = true;
        c.members.assign(people.begin(), people.begin() + static_cast<std::ptrdiff_t>(size));
        made.push_back(std::move(c));
    }
    return made;
}

std::vector<planned_conversation> make_pairs(const seed_plan& plan, std::size_t wanted) {
    seeded_numbers numbers(plan.options.seed, people_stream, 0);
    const zipf_ranks busy(plan.people, 0.5);
    std::unordered_set<std::uint64_t> known;
    std::vector<planned_conversation> made;
    const auto add = [&](std::uint64_t one, std::uint64_t other) {
        if (one == other) return;
        const auto [low, high] = std::minmax(one, other);
        if (!known.insert(low << 32U | high).second) return;
        planned_conversation c;
        c.members = {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high)};
        made.push_back(std::move(c));
    };
    const std::size_t of_hub = std::min({hub_conversations_max, plan.people - 1, wanted / 4});
    for (std::size_t i = 0; i < plan.people && made.size() < of_hub; ++i) add(hub_person, i);
    while (made.size() < wanted) add(busy.draw(numbers), busy.draw(numbers));
    return made;
}

void make_conversations(seed_plan& plan) {
    const std::size_t wanted = std::max<std::size_t>(4, plan.options.messages / messages_per_conversation);
    plan.people = std::max(people_min, wanted / conversations_per_person);
    std::vector<planned_conversation> made = make_groups(plan, wanted);
    std::vector<planned_conversation> pairs = make_pairs(plan, wanted - made.size());
    std::move(pairs.begin(), pairs.end(), std::back_inserter(made));
    seeded_numbers numbers(plan.options.seed, group_stream, 1);
    for (std::size_t i = made.size() - 1; i > 0; --i) std::swap(made[i], made[numbers.below(i + 1)]);
    plan.conversations = std::move(made);
}

// Whose turn it is to be large: conversations by rank, the one with the most messages first.
std::vector<std::size_t> draw_ranks(const seed_plan& plan, seeded_numbers& numbers) {
    std::vector<std::size_t> ranks(plan.conversations.size());
    std::iota(ranks.begin(), ranks.end(), std::size_t{0});
    for (std::size_t i = ranks.size() - 1; i > 0; --i) std::swap(ranks[i], ranks[numbers.below(i + 1)]);
    const std::size_t busy = std::max<std::size_t>(1, ranks.size() / busy_share);
    const auto is_large = [&](std::size_t rank) {
        return plan.conversations[ranks[rank]].members.size() >= std::min(large_group_min, plan.people - 1);
    };
    for (std::size_t i = busy; i < ranks.size(); ++i) {
        if (!is_large(i)) continue;
        std::size_t place = numbers.below(busy);
        while (is_large(place)) place = numbers.below(busy);  // they are far fewer than a tenth
        std::swap(ranks[i], ranks[place]);
    }
    return ranks;
}

// Few conversations are large, many are small; together they have just the messages asked for.
void share_messages(seed_plan& plan) {
    seeded_numbers numbers(plan.options.seed, size_stream, 0);
    const std::vector<std::size_t> ranks = draw_ranks(plan, numbers);
    double sum = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i)
        sum += std::pow(static_cast<double>(i + 1), -size_exponent);
    std::size_t left = plan.options.messages;
    for (std::size_t i = ranks.size(); i-- > 0;) {
        const double share = std::pow(static_cast<double>(i + 1), -size_exponent) / sum;
        const auto part = static_cast<std::size_t>(share * static_cast<double>(plan.options.messages));
        planned_conversation& c = plan.conversations[ranks[i]];
        c.messages = i == 0 ? left : std::min(left, part);
        left -= c.messages;
        const std::uint64_t dice = numbers.below(10);
        c.language = dice < 5   ? chat_language::chinese
                     : dice < 8 ? chat_language::english
                                : chat_language::mixed;
    }
}

// Appends the moments of one conversation, from begin_ms: its making, then talks of several messages each.
void add_moments(const seed_plan& plan, std::size_t index, std::vector<std::uint64_t>& into) {
    const planned_conversation& c = plan.conversations[index];
    const auto span = static_cast<std::uint64_t>(plan.options.until_ms - plan.begin_ms);
    seeded_numbers numbers(plan.options.seed, time_stream, index);
    // Small groups come to be until the end, so that the journal tells of some.
    const bool may_be_late = c.is_group && c.members.size() < large_group_min;
    const std::uint64_t made_at = numbers.below(span * (may_be_late ? 97 : 80) / 100);
    std::uint64_t moment = 0;
    const auto add = [&](std::uint64_t at) {
        into.push_back(std::min(at, span - 1) << conversation_bits | index);
    };
    for (std::size_t i = 0; i < c.making_events(); ++i) add(made_at);
    for (std::size_t i = 0; i < c.messages; ++i) {
        const bool new_talk = i == 0 || numbers.below(messages_per_talk) == 0;
        if (new_talk)
            moment = made_at + numbers.below(span - made_at);
        else
            moment += 1000 + numbers.below(2 * pause_ms);
        add(moment);
    }
}

// Sorts all events by time, and gives each conversation the positions of its own.
void order_events(seed_plan& plan) {
    std::vector<std::uint64_t> keys;
    std::size_t events = plan.options.messages;
    for (const planned_conversation& c : plan.conversations) events += c.making_events();
    keys.reserve(events);
    for (std::size_t i = 0; i < plan.conversations.size(); ++i) {
        plan.conversations[i].first = keys.size();
        add_moments(plan, i, keys);
    }
    std::sort(keys.begin(), keys.end());
    std::vector<std::size_t> filled(plan.conversations.size(), 0);
    plan.positions.resize(keys.size());
    plan.times_ms.resize(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto index = static_cast<std::size_t>(keys[i] & (conversations_max - 1));
        plan.times_ms[i] = plan.begin_ms + static_cast<std::int64_t>(keys[i] >> conversation_bits);
        plan.positions[plan.conversations[index].first + filled[index]++] = static_cast<std::uint32_t>(i + 1);
    }
}

void order_by_making(seed_plan& plan) {
    std::sort(plan.conversations.begin(), plan.conversations.end(),
              [&plan](const planned_conversation& a, const planned_conversation& b) {
                  return plan.created_pos(a) < plan.created_pos(b);
              });
}

// Most have read all, some are a little behind, a few by far.
void set_marks(seed_plan& plan) {
    for (std::size_t i = 0; i < plan.conversations.size(); ++i) {
        planned_conversation& c = plan.conversations[i];
        seeded_numbers numbers(plan.options.seed, mark_stream, i);
        for (std::size_t m = 0; m < c.members.size(); ++m) {
            std::size_t behind = 0;
            if (numbers.percent(5))
                behind = numbers.below(c.messages + 1);
            else if (numbers.percent(20))
                behind = numbers.below(20);
            c.read_seq.push_back(c.messages - std::min(behind, c.messages));
        }
    }
}

}  // namespace

std::uint32_t seed_plan::horizon() const {
    const std::int64_t oldest = options.until_ms - seed_journal_ms;
    return static_cast<std::uint32_t>(std::lower_bound(times_ms.begin(), times_ms.end(), oldest)
                                      - times_ms.begin());
}

std::size_t seed_plan::groups() const {
    return static_cast<std::size_t>(std::count_if(conversations.begin(), conversations.end(),
                                                  [](const planned_conversation& c) { return c.is_group; }));
}

std::uint32_t seed_plan::sender_of(std::size_t index, std::size_t seq) const {
    const std::vector<std::uint32_t>& members = conversations[index].members;
    // Two or three in a row are often of one person.
    seeded_numbers numbers(options.seed ^ index, sender_stream, seq / 2);
    return members[numbers.below(members.size())];
}

seed_plan make_seed_plan(const seed_options& options) {
    if (options.messages < seed_messages_min || options.messages > seed_messages_max)
        throw bench_error("seeded data has " + std::to_string(seed_messages_min) + " to "
                          + std::to_string(seed_messages_max) + " messages");
    if (options.until_ms < ids_begin_ms + 40 * day_ms)
        throw bench_error(
            "seeded data ends after 2026-02-10: ids begin in 2026 and the journal spans 30 days");
    seed_plan plan;
    plan.options = options;
    plan.begin_ms = std::max(options.until_ms - span_ms_max, ids_begin_ms + 2 * day_ms);
    make_conversations(plan);
    share_messages(plan);
    order_events(plan);
    order_by_making(plan);
    set_marks(plan);
    return plan;
}

std::string seeded_username(std::size_t person) {
    static constexpr std::array<const char*, 24> names{
        "anna", "ben",  "chen", "david", "eva", "fang", "grace", "huang", "jack", "kai",  "li",   "noah",
        "lena", "ping", "qian", "rosa",  "sun", "tang", "vera",  "wei",   "xu",   "yang", "zhao", "gao"};
    // 0 and 1 look like letters, so the number is written with eight other digits.
    std::string digits;
    for (std::size_t rest = person;; rest /= 8) {
        digits.insert(digits.begin(), static_cast<char>('2' + rest % 8));
        if (rest < 8) break;
    }
    return std::string(names[person % names.size()]) + "_" + digits;
}

}  // namespace kith::bench
