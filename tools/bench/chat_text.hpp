// Text as people write it in a chat, Chinese and English, from a seed: the same numbers give the same text everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::bench {

// Numbers from a seed (SplitMix64). Not std::mt19937 with distributions: those differ between libraries.
class seeded_numbers {
public:
    explicit seeded_numbers(std::uint64_t seed) : state_(seed) {}
    // One sequence for each triple, so that any message can be made without the ones before it.
    seeded_numbers(std::uint64_t seed, std::uint64_t a, std::uint64_t b);

    std::uint64_t next();
    // Evenly below `limit`, which is above 0.
    std::uint64_t below(std::uint64_t limit);
    // Evenly in [0, 1).
    double unit();
    bool percent(unsigned chance) { return below(100) < chance; }

private:
    std::uint64_t state_;
};

// Ranks from 0 with a frequency of 1 / (rank + 1)^exponent: few are common, many are rare. One draw costs the same
// whatever the number of ranks (Walker's alias method).
class zipf_ranks {
public:
    zipf_ranks(std::size_t ranks, double exponent);
    std::size_t draw(seeded_numbers& from) const;
    std::size_t size() const { return share_.size(); }

private:
    std::vector<double> share_;
    std::vector<std::uint32_t> other_;
};

enum class chat_language { chinese, english, mixed };

// Words and sentences. What it makes needs no escape in JSON.
class chat_text {
public:
    // Distinct words of each language; those that no list holds are put together.
    static constexpr std::size_t vocabulary = 20'000;

    chat_text();

    // The word of this rank, 0 the commonest.
    const std::string& chinese_word(std::size_t rank) const { return chinese_.at(rank); }
    const std::string& english_word(std::size_t rank) const { return english_.at(rank); }

    // Appends a message: few words most times, a paragraph now and then.
    void append_message(std::string& to, seeded_numbers& from, chat_language language) const;

private:
    void append_chinese(std::string& to, seeded_numbers& from, std::size_t words) const;
    void append_english(std::string& to, seeded_numbers& from, std::size_t words) const;

    std::vector<std::string> chinese_;
    std::vector<std::string> english_;
    zipf_ranks ranks_;
};

}  // namespace kith::bench
