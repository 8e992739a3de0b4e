// The text of seeded messages: frequencies as Zipf found them, lengths of a chat, the same from the same seed.
#include "chat_text.hpp"
#include "error.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

using namespace kith::bench;

namespace {

const chat_text& words() {
    static const chat_text made;
    return made;
}

std::string message(std::uint64_t seed, std::uint64_t index, chat_language language) {
    seeded_numbers numbers(seed, index, 0);
    std::string text;
    words().append_message(text, numbers, language);
    return text;
}

}  // namespace

TEST_CASE("seeded numbers are those of SplitMix64") {
    // The published sequence for 1234567.
    seeded_numbers numbers(1234567);
    CHECK(numbers.next() == 6457827717110365317ULL);
    CHECK(numbers.next() == 3203168211198807973ULL);
    CHECK(numbers.next() == 9817491932198370423ULL);
}

TEST_CASE("numbers below a limit are even and stay below it") {
    seeded_numbers numbers(1);
    std::vector<int> seen(7, 0);
    for (int i = 0; i < 70'000; ++i) ++seen.at(numbers.below(7));
    for (const int count : seen) CHECK(std::abs(count - 10'000) < 500);
    for (int i = 0; i < 1000; ++i) {
        const double u = numbers.unit();
        CHECK((u >= 0 && u < 1));
    }
}

TEST_CASE("each triple has a sequence of its own") {
    std::set<std::uint64_t> first;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        for (std::uint64_t a = 0; a < 10; ++a) {
            for (std::uint64_t b = 0; b < 10; ++b) first.insert(seeded_numbers(seed, a, b).next());
        }
    }
    CHECK(first.size() == 1000);
}

TEST_CASE("ranks come as often as Zipf says") {
    const zipf_ranks ranks(1000, 1.0);
    double sum = 0;
    for (int i = 1; i <= 1000; ++i) sum += 1.0 / i;
    constexpr int draws = 500'000;
    std::vector<int> seen(1000, 0);
    seeded_numbers numbers(5);
    for (int i = 0; i < draws; ++i) ++seen.at(ranks.draw(numbers));
    for (const std::size_t rank : {0UL, 1UL, 2UL, 9UL, 99UL}) {
        const double expected = draws / (static_cast<double>(rank + 1) * sum);
        CHECK(std::abs(seen[rank] - expected) < 6 * std::sqrt(expected));
    }
    CHECK(*std::min_element(seen.begin(), seen.end()) > 0);
    CHECK_THROWS_AS(zipf_ranks(0, 1.0), bench_error);
}

TEST_CASE("a vocabulary has no word twice and begins with the common ones") {
    std::set<std::string> chinese;
    std::set<std::string> english;
    for (std::size_t rank = 0; rank < chat_text::vocabulary; ++rank) {
        chinese.insert(words().chinese_word(rank));
        english.insert(words().english_word(rank));
    }
    CHECK(chinese.size() == chat_text::vocabulary);
    CHECK(english.size() == chat_text::vocabulary);
    CHECK(words().chinese_word(0) == "的");
    CHECK(words().english_word(0) == "the");
}

TEST_CASE("the same seed writes the same message, another one another") {
    CHECK(message(1, 2, chat_language::chinese) == message(1, 2, chat_language::chinese));
    CHECK(message(1, 2, chat_language::chinese) != message(1, 3, chat_language::chinese));
    CHECK(message(1, 2, chat_language::chinese) != message(2, 2, chat_language::chinese));
}

TEST_CASE("messages are as long as in a chat and need no escape") {
    std::size_t total = 0;
    std::size_t longest = 0;
    for (std::uint64_t i = 0; i < 3000; ++i) {
        const auto language = static_cast<chat_language>(i % 3);
        const std::string text = message(9, i, language);
        REQUIRE_FALSE(text.empty());
        REQUIRE(text.find_first_of("\"\\\n\t") == std::string::npos);
        total += text.size();
        longest = std::max(longest, text.size());
    }
    CHECK(total / 3000 > 20);
    CHECK(total / 3000 < 120);
    CHECK(longest > 300);
    CHECK(longest < 8000);
}
