// Text as it is searched: what is indexed of a message, what a query asks for, where it stands in a text. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::search {

/// Folded code points of a word that count; what is behind them is neither indexed nor asked for.
inline constexpr std::size_t word_code_points_max = 40;
/// Words of a query from this length on find longer words that begin so; shorter ones only themselves.
inline constexpr std::size_t prefix_code_points_min = 3;
/// About how much of a text an excerpt shows, and how much of that before the first match.
inline constexpr std::size_t excerpt_code_points = 120;
inline constexpr std::size_t excerpt_code_points_before = 30;

enum class piece_kind : std::uint8_t {
    character,  ///< of a script that is written without spaces: Han, kana, Hangul, Thai and the like
    word,  ///< letters and digits of any other script
    symbol,  ///< an emoji or another picture
};

/// A part of a text that can be found. Places are code points of the text as it is, the end exclusive.
struct piece {
    piece_kind kind = piece_kind::word;
    bool joined = false;  ///< a character that follows another one without anything between
    std::string folded;  ///< NFKC, case and accents folded, UTF-8
    std::size_t begin = 0;
    std::size_t end = 0;
};
/// The pieces of well-formed UTF-8 in order.
[[nodiscard]] std::vector<piece> split(std::string_view text);

/// What is indexed of a text: its tokens, each once, in order of their bytes, with a blank between. Characters are there
/// alone and as overlapping pairs, words and symbols as they are. A token holds no ASCII but small letters and digits.
[[nodiscard]] std::string index_words(std::string_view text);

/// One thing that a text must hold.
struct term {
    piece_kind kind = piece_kind::word;
    bool prefix = false;  ///< a word that may go on
    std::vector<std::string> parts;  ///< one word or symbol, or characters that stand side by side
};
/// The terms of a query; all must be found. Empty when there is nothing in it that could be.
[[nodiscard]] std::vector<term> split_query(std::string_view query);

/// A token of the index that a text with the term has, or the beginning of one.
struct index_term {
    std::string token;
    bool prefix = false;
};
/// What the index is asked for: every text with all terms has all of these; each once.
[[nodiscard]] std::vector<index_term> index_terms(const std::vector<term>& terms);

/// A place in a text in code points, the end exclusive.
struct range {
    range() = default;
    range(std::size_t from, std::size_t to) : begin(from), end(to) {}
    std::size_t begin = 0;
    std::size_t end = 0;
    friend bool operator==(const range&, const range&) = default;
};
/// Where the terms stand in the text, in order, overlapping places made one; nullopt when one of them does not. A word
/// that was found by its beginning is marked as a whole.
[[nodiscard]] std::optional<std::vector<range>> find_terms(std::string_view text,
                                                           const std::vector<term>& terms);

/// A part of a text around the first of `found`, with `…` where it was cut, and the places that are within.
struct excerpt_text {
    std::string text;
    std::vector<range> marks;
};
[[nodiscard]] excerpt_text cut_excerpt(std::string_view text, const std::vector<range>& found);

/// Another one when the same text would be indexed in another way: with this file, and with the Unicode of the machine.
[[nodiscard]] std::string words_version();

}  // namespace kith::search
