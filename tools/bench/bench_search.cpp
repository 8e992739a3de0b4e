// Search: words of two Chinese characters, and English ones, among many stored messages.
#include "error.hpp"
#include "http_client.hpp"
#include "index_wait.hpp"
#include "stored_load.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace kith::bench {

namespace {

constexpr std::size_t searchers = 40;
constexpr std::size_t han_bytes = 3;  // of one character in UTF-8
// Words of these ranks; see chat_text.
struct rank_range {
    const char* name;
    std::size_t from;
    std::size_t to;
};
constexpr std::array<rank_range, 2> ranges{{{"common", 0, 200}, {"rare", 5000, chat_text::vocabulary}}};

std::string percent_encoded(const std::string& text) {
    std::string out;
    for (const char c : text) {
        std::array<char, 4> hex{};
        std::snprintf(hex.data(), hex.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += hex.data();
    }
    return out;
}

std::vector<std::string> chinese_words_of_two(const chat_text& words, const rank_range& range) {
    std::vector<std::string> found;
    for (std::size_t rank = range.from; rank < range.to; ++rank) {
        const std::string& word = words.chinese_word(rank);
        if (word.size() == 2 * han_bytes) found.push_back(word);
    }
    return found;
}

std::vector<std::string> english_words_of(const chat_text& words, const rank_range& range) {
    std::vector<std::string> found;
    for (std::size_t rank = range.from; rank < range.to; ++rank) found.push_back(words.english_word(rank));
    return found;
}

// Counts hits, so that a search that finds nothing at all is noticed.
struct hit_counter {
    std::size_t answers = 0;
    std::size_t with_hits = 0;

    void operator()(const std::string& body) {
        if (body.find(R"("items":)") == std::string::npos)
            throw bench_error("no page of hits: " + body.substr(0, 300));
        ++answers;
        if (body.find(R"("excerpt":)") != std::string::npos) ++with_hits;
    }
};

void measure_words(context& c, kith_world& world, const std::string& title,
                   const std::vector<std::string>& words, bool must_hit) {
    c.say("search: " + title);
    seeded_numbers numbers(c.seeded().made_with.seed, words.size(), 0);
    hit_counter hits;
    stored_figures figures;
    const auto next = [&] {
        return stored_request{numbers.below(world.accounts()),
                              "/api/v1/messages/search?q="
                                  + percent_encoded(words[numbers.below(words.size())])};
    };
    const auto count = [&hits](const std::string& body) { hits(body); };
    for (std::size_t round = 0; round < c.opt.rounds; ++round) figures.add_round(c, world, next, count);
    if (must_hit && hits.with_hits * 2 < hits.answers)
        throw bench_error("search: " + title + ": only " + std::to_string(hits.with_hits) + " of "
                          + std::to_string(hits.answers) + " searches found anything: is the index whole?");
    figures.add_rows(
        c, "search", format_count(c.seeded().made_with.messages) + " messages, " + title, {95, 20},
        "the newest 50 hits of one word in all conversations of the searcher, one request after another, "
            + std::to_string(world.accounts()) + " people; the file is in the kernel's cache.");
}

}  // namespace

void bench_search(context& c) {
    kith_world* world = c.kith(std::min(searchers, c.seeded().people));
    if (world == nullptr) throw bench_error("search has no floor to measure");
    warm_file(c);
    // What an earlier work has sent is still being indexed; a search then shares the core with that.
    const auto done = let_index_catch_up(world->port(), world->process().pid());
    if (done && !done->whole) c.say("search: the index is still behind, and works beside the searches");
    const chat_text words;
    for (const rank_range& range : ranges) {
        const std::string name = range.name;
        const bool common = range.from == 0;
        measure_words(c, *world, "a " + name + " Chinese word of two characters",
                      chinese_words_of_two(words, range), common);
        measure_words(c, *world, "a " + name + " English word", english_words_of(words, range), common);
    }
}

}  // namespace kith::bench
