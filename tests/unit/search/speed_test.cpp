// Measures, run by hand: search_test "[speed]". A million messages of made-up but realistic text in 5,000 conversations:
// what indexing costs, and how long searches of people in few and in many conversations take.
#include "fixture.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>

using namespace kith::search_test;
using namespace kith;

namespace {

constexpr std::int64_t messages_made = 1'000'000;
constexpr std::size_t conversations_made = 5000;
constexpr std::size_t lexicon_size = 60'000;

/// Words by Zipf's law: Chinese ones of one to four characters, or Latin ones.
class lexicon {
public:
    lexicon(std::mt19937_64& random, bool chinese, std::vector<std::string> first)
        : words_(std::move(first)), random_(random) {
        while (words_.size() < lexicon_size) {
            words_.push_back(chinese ? made_chinese() : made_latin());
        }
        double sum = 0;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            sum += 1.0 / static_cast<double>(i + 20);
            weights_.push_back(sum);
        }
    }
    const std::string& next() {
        const double at = std::uniform_real_distribution<double>(0, weights_.back())(random_);
        return words_[static_cast<std::size_t>(std::lower_bound(weights_.begin(), weights_.end(), at)
                                               - weights_.begin())];
    }

private:
    std::size_t low(std::size_t below) {
        const double u = std::uniform_real_distribution<double>(0, 1)(random_);
        return std::min(below - 1, static_cast<std::size_t>(static_cast<double>(below) * u * u * u));
    }
    std::string made_chinese() {
        std::string made;
        for (std::size_t n = 1 + std::discrete_distribution<std::size_t>({8, 72, 12, 8})(random_); n > 0;
             --n) {
            const auto c = static_cast<unsigned>(0x4E00 + low(3500));
            made += {static_cast<char>(0xE0U | (c >> 12U)), static_cast<char>(0x80U | ((c >> 6U) & 63U)),
                     static_cast<char>(0x80U | (c & 63U))};
        }
        return made;
    }
    std::string made_latin() {
        std::string made;
        for (std::size_t n = 2 + random_() % 8; n > 0; --n) {
            made += "etaoinshrdlcumwfgypbvk"[low(22)];
        }
        return made;
    }
    std::vector<std::string> words_;
    std::vector<double> weights_;
    std::mt19937_64& random_;
};

class writer_of_texts {
public:
    std::string next() {
        const bool is_chinese = random_() % 100 < 70;
        std::string text;
        const std::size_t count =
            is_chinese ? std::size_t{2} << std::discrete_distribution<std::size_t>({20, 35, 30, 15})(random_)
                       : 2 + random_() % 10;
        for (std::size_t i = 0; i < count; ++i) {
            text += is_chinese ? chinese_.next() + (random_() % 6 == 0 ? "，" : "") : latin_.next() + " ";
        }
        return text;
    }
    /// Conversations of different size: the first are the largest.
    std::size_t conversation() {
        const double u = std::uniform_real_distribution<double>(0, 1)(random_);
        return std::min(conversations_made - 1,
                        static_cast<std::size_t>(static_cast<double>(conversations_made) * u * u * u));
    }

private:
    std::mt19937_64 random_{7};
    lexicon chinese_{random_, true, {"我们", "什么", "上海", "分析", "的", "好"}};
    lexicon latin_{random_, false, {"the", "to", "and", "you", "meeting", "kith"}};
};

double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void fill(house& at) {
    writer_of_texts texts;
    std::vector<std::int64_t> last(conversations_made + 1);
    std::int64_t pos = 1000;
    at.write(
        "INSERT INTO messages_conversations (id, kind, last_seq, last_pos, created_at) "
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, 0, 0, 0, 0 FROM n");
    while (pos < 1000 + messages_made) {
        std::vector<std::pair<std::int64_t, std::string>> rows;
        for (int i = 0; i < 2000; ++i) {
            rows.emplace_back(static_cast<std::int64_t>(texts.conversation()) + 1, texts.next());
        }
        at.run(at.data->write([&](transaction& t) {
            for (const auto& [conversation, text] : rows) {
                ++pos;
                t.execute(
                    "INSERT INTO messages (conversation, seq, pos, sender, client_id, kind, sent_at, body) "
                    "VALUES (?, ?, ?, 22, 'c', 0, ?, ?)",
                    conversation, ++last[static_cast<std::size_t>(conversation)], pos, pos * 1'000'000,
                    "{\"text\":\"" + text + "\"}");
            }
        }));
    }
}

/// The person is in `count` conversations from `first` on.
gateway::principal person_in(house& at, std::int64_t number, std::int64_t first, std::int64_t count) {
    const gateway::principal who = at.add_person(number, "p" + std::to_string(number));
    at.run(at.data->write([who, first, count](transaction& t) {
        for (std::int64_t i = 0; i < count; ++i) {
            t.execute(
                "INSERT INTO messages_members (conversation, user, role, first_seq, read_seq, delivered_seq, "
                "pinned, notify, joined_at, joined_pos, draft) VALUES (?, ?, 0, 1, 0, 0, 0, 0, 0, 0, '')",
                first + i, who.user);
        }
    }));
    return who;
}

void measure(house& at, const char* who, const gateway::principal& caller, const std::string& words) {
    const std::vector<term> terms = check_query(house::query(words));
    std::vector<double> wall;
    double cpu = 0;
    search_page page;
    for (int i = 0; i < 60; ++i) {
        const double cpu_before = thread_seconds();
        const auto before = std::chrono::steady_clock::now();
        page = at.search(caller, house::query(words));
        wall.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
        cpu += thread_seconds() - cpu_before;
    }
    std::sort(wall.begin(), wall.end());
    std::printf("%-22s %-14s p50 %7.2f ms, p95 %7.2f ms, CPU %7.2f ms, %zu hits%s\n", who, words.c_str(),
                wall[30], wall[57], cpu / 60 * 1e3, page.items.size(), page.next ? " and more" : "");
}

}  // namespace

TEST_CASE("a million messages", "[.speed]") {
    house at;
    fill(at);
    const gateway::principal few = person_in(at, 101, 2001, 10);
    const gateway::principal some = person_in(at, 102, 3001, 100);
    const gateway::principal many = person_in(at, 103, 1, 2000);
    const gateway::principal small = person_in(at, 104, 4601, 400);
    const double cpu_before = thread_seconds();
    at.check();
    double worst = 0;
    indexer steps(at.deps_of());
    for (bool more = true; more;) {
        const auto before = std::chrono::steady_clock::now();
        more = at.run(steps.step());
        worst = std::max(
            worst,
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
    }
    const std::int64_t rows = at.indexed("SELECT COUNT(*) FROM search_messages");
    std::printf(
        "indexing %.1f us of CPU a row, longest step %.1f ms; index %.0f MB, prepared words %.0f MB, of %.0f MB bodies\n",
        (thread_seconds() - cpu_before) / static_cast<double>(rows) * 1e6, worst,
        static_cast<double>(at.indexed("SELECT SUM(LENGTH(block)) FROM search_index_data")) / 1e6,
        static_cast<double>(at.indexed("SELECT SUM(LENGTH(CAST(words AS BLOB))) FROM search_messages")) / 1e6,
        static_cast<double>(at.count("SELECT SUM(LENGTH(CAST(body AS BLOB))) FROM messages")) / 1e6);
    for (const char* words :
         {"上海", "我们", "的", "上海 分析", "我们什么", "kith", "the", "鬯丁", "不存在的词语"}) {
        measure(at, "in 10 conversations", few, words);
        measure(at, "in 100", some, words);
        measure(at, "in 2,000 large", many, words);
        measure(at, "in 400 small", small, words);
    }
    const auto before = std::chrono::steady_clock::now();
    const standing now = at.run(at.data->read(&read_standing));
    at.run(at.index_file->write([&](transaction& t) { begin_rebuild(t, now); }));
    std::printf("emptying the index: %.0f ms\n",
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
    CHECK(rows > messages_made / 2);
}
