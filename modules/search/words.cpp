// Folding and splitting of text by ICU, and finding the pieces again.
#include "words.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>
#include <unicode/uversion.h>

#include <algorithm>
#include <stdexcept>

namespace kith::search {

namespace {

/// To be raised when what is indexed of a text changes.
constexpr int preparation_version = 1;
constexpr std::string_view ellipsis = "…";

enum class code_class : std::uint8_t { other, character, word, mark, symbol };

void check(UErrorCode status) {
    if (U_FAILURE(status)) {
        throw std::runtime_error(std::string("ICU: ") + u_errorName(status));
    }
}

/// The normal forms that folding goes through; ICU's own, alive for as long as the process.
struct normal_forms {
    normal_forms() {
        UErrorCode status = U_ZERO_ERROR;
        folding = icu::Normalizer2::getNFKCCasefoldInstance(status);
        parting = icu::Normalizer2::getNFDInstance(status);
        joining = icu::Normalizer2::getNFCInstance(status);
        check(status);
    }
    const icu::Normalizer2* folding = nullptr;
    const icu::Normalizer2* parting = nullptr;
    const icu::Normalizer2* joining = nullptr;
};

const normal_forms& forms() {
    static const normal_forms all;
    return all;
}

/// Characters that are their own folding and end what stands before them: most of what is written in CJK.
bool is_plain_character(UChar32 c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x3041 && c <= 0x3096)
           || (c >= 0x30A1 && c <= 0x30FA) || (c >= 0x3400 && c <= 0x4DBF);
}

bool is_without_spaces(UChar32 c) {
    UErrorCode status = U_ZERO_ERROR;
    switch (uscript_getScript(c, &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_HANGUL:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR: return true;
    default: break;
    }
    constexpr UChar32 long_vowel = 0x30FC;  // of both kana
    return c == long_vowel || u_hasBinaryProperty(c, UCHAR_IDEOGRAPHIC);
}

code_class class_of(UChar32 c) {
    if (c < 0x80) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? code_class::word : code_class::other;
    }
    if (is_plain_character(c) || u_hasBinaryProperty(c, UCHAR_REGIONAL_INDICATOR)) {
        return code_class::character;  // a flag is a pair of indicators
    }
    const std::int8_t type = u_charType(c);
    const bool mark =
        type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK || type == U_ENCLOSING_MARK;
    if (u_isalnum(c) || mark) {
        return is_without_spaces(c) ? code_class::character : mark ? code_class::mark : code_class::word;
    }
    return type == U_OTHER_SYMBOL ? code_class::symbol : code_class::other;
}

/// Marks that only dress a letter: those for all scripts. Signs that change what is read stand in blocks of their own.
bool is_accent(UChar32 c) {
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF)
           || (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE20 && c <= 0xFE2F);
}

/// Letters with a stroke and the like, which Unicode does not take apart.
void append_letter(icu::UnicodeString& into, UChar32 c) {
    switch (c) {
    case 0x0131: into.append(u'i'); break;
    case 0x00F8: into.append(u'o'); break;
    case 0x0111: into.append(u'd'); break;
    case 0x0127: into.append(u'h'); break;
    case 0x0142: into.append(u'l'); break;
    case 0x0167: into.append(u't'); break;
    case 0x00E6: into.append(u"ae", 2); break;
    case 0x0153: into.append(u"oe", 2); break;
    default: into.append(c);
    }
}

icu::UnicodeString fold_cluster(const icu::UnicodeString& cluster) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::UnicodeString parted =
        forms().parting->normalize(forms().folding->normalize(cluster, status), status);
    check(status);
    icu::UnicodeString bare;
    for (std::int32_t at = 0; at < parted.length(); at = parted.moveIndex32(at, 1)) {
        const UChar32 c = parted.char32At(at);
        if (!is_accent(c)) {
            append_letter(bare, c);
        }
    }
    icu::UnicodeString joined = forms().joining->normalize(bare, status);
    check(status);
    return joined;
}

void append_utf8(std::string& into, UChar32 c) {
    std::uint8_t bytes[U8_MAX_LENGTH];
    std::int32_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, static_cast<std::uint32_t>(c));
    into.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

/// Makes pieces of folded code points as they come.
class piece_maker {
public:
    /// A folded code point that stands for the code points [begin, end) of the text.
    void add(UChar32 c, std::size_t begin, std::size_t end) {
        const code_class what = class_of(c);
        if (what == code_class::mark && !in_word_) {
            return;
        }
        if (what == code_class::word || what == code_class::mark) {
            add_to_word(c, begin, end);
            return;
        }
        in_word_ = false;
        if (what == code_class::character || what == code_class::symbol) {
            piece& made =
                start(what == code_class::character ? piece_kind::character : piece_kind::symbol, begin, end);
            made.joined = what == code_class::character && after_character_;
            append_utf8(made.folded, c);
        }
        after_character_ = what == code_class::character;
    }
    [[nodiscard]] std::vector<piece> take() { return std::move(made_); }

private:
    piece& start(piece_kind kind, std::size_t begin, std::size_t end) {
        piece& made = made_.emplace_back();
        made.kind = kind;
        made.begin = begin;
        made.end = end;
        return made;
    }
    void add_to_word(UChar32 c, std::size_t begin, std::size_t end) {
        after_character_ = false;
        if (!in_word_) {
            start(piece_kind::word, begin, end);
            in_word_ = true;
            length_ = 0;
        }
        made_.back().end = end;
        if (length_ < word_code_points_max) {
            append_utf8(made_.back().folded, c);
            ++length_;
        }
    }

    std::vector<piece> made_;
    bool in_word_ = false;
    bool after_character_ = false;
    std::size_t length_ = 0;
};

/// Code points of a text one after another.
class code_point_reader {
public:
    explicit code_point_reader(std::string_view text)
        : bytes_(reinterpret_cast<const std::uint8_t*>(text.data())),
          length_(static_cast<std::int32_t>(text.size())) {
        next();
    }
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] UChar32 now() const { return now_; }
    [[nodiscard]] std::size_t index() const { return index_; }  ///< of now() in the text
    void next() {
        index_ += begun_ ? 1 : 0;
        begun_ = true;
        done_ = at_ >= length_;
        if (!done_) {
            U8_NEXT_OR_FFFD(bytes_, at_, length_, now_);
        }
    }

private:
    const std::uint8_t* bytes_;
    std::int32_t length_;
    std::int32_t at_ = 0;
    UChar32 now_ = 0;
    std::size_t index_ = 0;
    bool begun_ = false;
    bool done_ = false;
};

/// Nothing before `c` changes by what it is.
bool begins_cluster(UChar32 c) {
    return c < 0x300 || is_plain_character(c) || forms().folding->hasBoundaryBefore(c) != 0;
}

void add_cluster(piece_maker& into, const icu::UnicodeString& cluster, std::size_t begin, std::size_t end) {
    const icu::UnicodeString folded = fold_cluster(cluster);
    for (std::int32_t at = 0; at < folded.length(); at = folded.moveIndex32(at, 1)) {
        into.add(folded.char32At(at), begin, end);
    }
}

bool same_characters(const std::vector<piece>& text, std::size_t at, const std::vector<std::string>& wanted) {
    if (text.size() - at < wanted.size()) {
        return false;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const piece& one = text[at + i];
        if (one.kind != piece_kind::character || one.folded != wanted[i] || (i > 0 && !one.joined)) {
            return false;
        }
    }
    return true;
}

bool stands_at(const std::vector<piece>& text, std::size_t at, const term& wanted) {
    if (wanted.kind == piece_kind::character) {
        return same_characters(text, at, wanted.parts);
    }
    const piece& one = text[at];
    return one.kind == wanted.kind
           && (wanted.prefix ? one.folded.starts_with(wanted.parts.front())
                             : one.folded == wanted.parts.front());
}

std::vector<range> merged(std::vector<range> places) {
    std::sort(places.begin(), places.end(), [](const range& a, const range& b) { return a.begin < b.begin; });
    std::vector<range> made;
    for (const range& one : places) {
        if (!made.empty() && one.begin <= made.back().end) {
            made.back().end = std::max(made.back().end, one.end);
        } else {
            made.push_back(one);
        }
    }
    return made;
}

/// Byte offsets of the code points of a text, and its end.
std::vector<std::size_t> offsets_of(std::string_view text) {
    std::vector<std::size_t> offsets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
            offsets.push_back(i);
        }
    }
    offsets.push_back(text.size());
    return offsets;
}

/// The nearest place at or before `at` where a text may be cut without tearing a letter from its marks.
std::size_t cut_place(std::string_view text, const std::vector<std::size_t>& offsets, std::size_t at) {
    constexpr std::size_t marks_max = 8;
    const std::size_t end = offsets.size() - 1;
    for (std::size_t back = 0; at < end && at > 0 && back < marks_max; ++back, --at) {
        const code_point_reader one(text.substr(offsets[at], offsets[at + 1] - offsets[at]));
        if (begins_cluster(one.now())) {
            break;
        }
    }
    return at;
}

}  // namespace

std::vector<piece> split(std::string_view text) {
    piece_maker made;
    code_point_reader from(text);
    while (!from.done()) {
        const UChar32 c = from.now();
        const std::size_t begin = from.index();
        from.next();
        const bool alone = from.done() || begins_cluster(from.now());
        if (alone && (c < 0x80 || is_plain_character(c))) {
            made.add(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c, begin, begin + 1);
            continue;
        }
        icu::UnicodeString cluster(c);
        while (!from.done() && !begins_cluster(from.now())) {
            cluster.append(from.now());
            from.next();
        }
        add_cluster(made, cluster, begin, from.index());
    }
    return made.take();
}

std::string index_words(std::string_view text) {
    const std::vector<piece> pieces = split(text);
    std::vector<std::string> tokens;
    tokens.reserve(pieces.size() * 2);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        tokens.push_back(pieces[i].folded);
        if (pieces[i].joined) {
            tokens.push_back(pieces[i - 1].folded + pieces[i].folded);
        }
    }
    std::sort(tokens.begin(), tokens.end());
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    std::string all;
    for (const std::string& one : tokens) {
        all.append(all.empty() ? "" : " ").append(one);
    }
    return all;
}

std::vector<term> split_query(std::string_view query) {
    std::vector<term> terms;
    for (piece& one : split(query)) {
        if (!one.joined) {
            term& made = terms.emplace_back();
            made.kind = one.kind;
            made.prefix =
                one.kind == piece_kind::word && offsets_of(one.folded).size() > prefix_code_points_min;
        }
        terms.back().parts.push_back(std::move(one.folded));
    }
    return terms;
}

std::vector<index_term> index_terms(const std::vector<term>& terms) {
    std::vector<index_term> made;
    const auto add = [&made](std::string token, bool prefix) {
        const bool known = std::any_of(made.begin(), made.end(), [&](const index_term& one) {
            return one.token == token && one.prefix == prefix;
        });
        if (!known) {
            made.push_back({std::move(token), prefix});
        }
    };
    for (const term& one : terms) {
        if (one.parts.size() == 1) {
            add(one.parts.front(), one.prefix);
        }
        for (std::size_t i = 1; i < one.parts.size(); ++i) {
            add(one.parts[i - 1] + one.parts[i], false);
        }
    }
    return made;
}

std::optional<std::vector<range>> find_terms(std::string_view text, const std::vector<term>& terms) {
    const std::vector<piece> pieces = split(text);
    std::vector<range> places;
    for (const term& wanted : terms) {
        const std::size_t before = places.size();
        for (std::size_t at = 0; at < pieces.size(); ++at) {
            if (stands_at(pieces, at, wanted)) {
                const std::size_t last = at + wanted.parts.size() - 1;
                places.emplace_back(pieces[at].begin, pieces[last].end);
            }
        }
        if (places.size() == before) {
            return std::nullopt;
        }
    }
    return merged(std::move(places));
}

excerpt_text cut_excerpt(std::string_view text, const std::vector<range>& found) {
    const std::vector<std::size_t> offsets = offsets_of(text);
    const std::size_t length = offsets.size() - 1;
    const std::size_t first = found.empty() ? 0 : found.front().begin;
    std::size_t begin = first > excerpt_code_points_before ? first - excerpt_code_points_before : 0;
    // Near the end of a long text there is more to show before the match than behind it.
    const std::size_t latest = length > excerpt_code_points ? length - excerpt_code_points : 0;
    begin = cut_place(text, offsets, std::min(begin, latest));
    const std::size_t end = cut_place(text, offsets, std::min(length, begin + excerpt_code_points));
    excerpt_text made;
    const std::size_t shift = begin > 0 ? 1 : 0;
    made.text.append(begin > 0 ? ellipsis : "")
        .append(text.substr(offsets[begin], offsets[end] - offsets[begin]))
        .append(end < length ? ellipsis : "");
    for (const range& one : found) {
        const std::size_t from = std::max(one.begin, begin);
        const std::size_t to = std::min(one.end, end);
        if (from < to) {
            made.marks.emplace_back(from - begin + shift, to - begin + shift);
        }
    }
    return made;
}

std::string words_version() {
    return std::to_string(preparation_version) + "/unicode " U_UNICODE_VERSION "/icu " U_ICU_VERSION;
}

}  // namespace kith::search
