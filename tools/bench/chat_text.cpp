// Text as people write it in a chat, from a seed.
#include "chat_text.hpp"

#include "chat_words.hpp"
#include "error.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace kith::bench {

namespace {

constexpr double word_exponent = 1.1;

std::vector<std::string> split(std::string_view words) {
    std::vector<std::string> found;
    std::size_t at = 0;
    while (at < words.size()) {
        const std::size_t end = std::min(words.find(' ', at), words.size());
        if (end > at) found.emplace_back(words.substr(at, end - at));
        at = end + 1;
    }
    return found;
}

// The list without repeats, and words of `parts` syllables or one more behind it up to `count`.
std::vector<std::string> make_vocabulary(std::string_view list, std::string_view syllable_list,
                                         std::size_t parts, std::size_t count) {
    std::vector<std::string> words;
    std::unordered_set<std::string> seen;
    const auto add = [&](const std::string& word) {
        if (words.size() < count && seen.insert(word).second) words.push_back(word);
    };
    for (const std::string& word : split(list)) add(word);
    const std::vector<std::string> syllables = split(syllable_list);
    seeded_numbers order(parts);
    while (words.size() < count) {
        std::string word;
        // Half of them have one more, so that there are always new ones.
        for (std::size_t i = order.below(2); i <= parts; ++i)
            word += syllables[order.below(syllables.size())];
        add(word);
    }
    return words;
}

// Words of a message: most have a few, some none but one, one in fifty is a paragraph.
std::size_t draw_length(seeded_numbers& from) {
    if (from.percent(2)) return 30 + from.below(90);
    if (from.percent(20)) return 1 + from.below(2);
    // The sum of three even draws leans to the middle.
    return 2 + from.below(5) + from.below(5) + from.below(4);
}

std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

}  // namespace

seeded_numbers::seeded_numbers(std::uint64_t seed, std::uint64_t a, std::uint64_t b)
    : state_(mix(mix(mix(seed + 1) ^ (a + 1)) ^ (b + 1))) {}

std::uint64_t seeded_numbers::next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix(state_);
}

std::uint64_t seeded_numbers::below(std::uint64_t limit) {
    // The high half of the product; the bias of one in 2^64 / limit does not matter here.
    __extension__ using wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<wide>(next()) * limit) >> 64U);
}

double seeded_numbers::unit() {
    return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

zipf_ranks::zipf_ranks(std::size_t ranks, double exponent) : share_(ranks), other_(ranks) {
    if (ranks == 0 || ranks > std::numeric_limits<std::uint32_t>::max())
        throw bench_error("ranks without a number");
    double sum = 0;
    for (std::size_t i = 0; i < ranks; ++i) {
        share_[i] = std::pow(static_cast<double>(i + 1), -exponent);
        sum += share_[i];
    }
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::size_t i = 0; i < ranks; ++i) {
        share_[i] *= static_cast<double>(ranks) / sum;
        other_[i] = static_cast<std::uint32_t>(i);
        (share_[i] < 1 ? small : large).push_back(other_[i]);
    }
    while (!small.empty() && !large.empty()) {
        const std::uint32_t little = small.back();
        const std::uint32_t much = large.back();
        small.pop_back();
        other_[little] = much;
        share_[much] -= 1 - share_[little];
        if (share_[much] < 1) {
            large.pop_back();
            small.push_back(much);
        }
    }
    // What rounding left over is whole.
    for (const std::uint32_t rest : small) share_[rest] = 1;
    for (const std::uint32_t rest : large) share_[rest] = 1;
}

std::size_t zipf_ranks::draw(seeded_numbers& from) const {
    const auto column = static_cast<std::size_t>(from.below(share_.size()));
    return from.unit() < share_[column] ? column : other_[column];
}

chat_text::chat_text()
    : chinese_(make_vocabulary(chinese_words, chinese_syllables, 2, vocabulary)),
      english_(make_vocabulary(english_words, english_syllables, 3, vocabulary)),
      ranks_(vocabulary, word_exponent) {}

void chat_text::append_chinese(std::string& to, seeded_numbers& from, std::size_t words) const {
    static constexpr std::array<std::string_view, 8> ends{"", "", "", "。", "。", "！", "？", "～"};
    for (std::size_t i = 0; i < words; ++i) {
        if (i > 2 && from.percent(15)) to += "，";
        to += chinese_[ranks_.draw(from)];
    }
    to += ends[from.below(ends.size())];
}

void chat_text::append_english(std::string& to, seeded_numbers& from, std::size_t words) const {
    static constexpr std::array<std::string_view, 8> ends{"", "", "", ".", ".", "!", "?", " :)"};
    for (std::size_t i = 0; i < words; ++i) {
        if (i > 0) to += i > 2 && from.percent(8) ? ", " : " ";
        to += english_[ranks_.draw(from)];
    }
    to += ends[from.below(ends.size())];
}

void chat_text::append_message(std::string& to, seeded_numbers& from, chat_language language) const {
    static constexpr std::array<std::string_view, 4> signs{"👍", "😂", "🙏", "❤"};
    const std::size_t words = draw_length(from);
    switch (language) {
    case chat_language::chinese: append_chinese(to, from, words); break;
    case chat_language::english: append_english(to, from, words); break;
    case chat_language::mixed:
        append_chinese(to, from, (words + 1) / 2);
        to += ' ';
        append_english(to, from, (words + 1) / 2);
        break;
    }
    if (from.percent(4)) to += signs[from.below(signs.size())];
}

}  // namespace kith::bench
