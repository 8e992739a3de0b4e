// Unicode by ICU: folding, confusables, character classes; and plain UTF-8 counting.
#include <kith/core/error.hpp>
#include <kith/core/text.hpp>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uspoof.h>
#include <unicode/utf8.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace kith {

namespace {

void check(UErrorCode status) {
    if (U_FAILURE(status)) {
        throw std::runtime_error(std::string("ICU: ") + u_errorName(status));
    }
}

/// Calls `visit` with each code point and its place; -1 stands for bytes that are no UTF-8. Stops when it returns false.
template <class Visit>
void each_code_point(std::string_view text, Visit visit) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto length = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < length;) {
        const std::int32_t begin = at;
        UChar32 c = 0;
        U8_NEXT(bytes, at, length, c);
        if (!visit(c, begin, at)) {
            return;
        }
    }
}

/// How many bytes at the front are ASCII, in steps of eight: most of most texts.
std::size_t ascii_prefix(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::size_t at = 0;
    for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        if ((eight & high_bits) != 0) {
            break;
        }
    }
    return at;
}

bool is_space(UChar32 c) {
    return c >= 0 && u_isUWhiteSpace(c);
}

icu::UnicodeString from_utf8(std::string_view text) {
    return icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

icu::UnicodeString folded(const icu::UnicodeString& text) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(status);
    check(status);
    icu::UnicodeString made = normalizer->normalize(text, status);
    check(status);
    return made;
}

icu::UnicodeString composed(const icu::UnicodeString& text) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCInstance(status);
    check(status);
    icu::UnicodeString made = normalizer->normalize(text, status);
    check(status);
    return made;
}

bool is_invisible(UChar32 c) {
    constexpr UChar32 braille_blank = 0x2800;  // a symbol by its class, a blank by its look
    return c < 0 || c == braille_blank || u_iscntrl(c) || u_isUWhiteSpace(c)
           || u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    const std::size_t plain = ascii_prefix(text);
    bool good = true;
    each_code_point(text.substr(plain), [&](UChar32 c, std::int32_t, std::int32_t) { return good = c >= 0; });
    return good;
}

std::size_t code_points(std::string_view text) noexcept {
    std::size_t count = 0;
    for (const char c : text) {
        count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }
    return count;
}

bool has_controls(std::string_view text) noexcept {
    bool found = false;
    each_code_point(text, [&](UChar32 c, std::int32_t, std::int32_t) {
        const bool bidi = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E
                          || c == 0x200F || c == 0x061C;
        found = c < 0x20 || (c >= 0x7F && c < 0xA0) || bidi || c == 0x2028 || c == 0x2029;
        return !found;
    });
    return found;
}

std::string fold(std::string_view text) {
    std::string out;
    folded(from_utf8(text)).toUTF8String(out);
    return out;
}

std::string skeleton(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<USpoofChecker, void (*)(USpoofChecker*)> checker(uspoof_open(&status),
                                                                           &uspoof_close);
    check(status);
    const auto look = [&](const icu::UnicodeString& of) {
        icu::UnicodeString made;
        uspoof_getSkeletonUnicodeString(checker.get(), 0, of, made, &status);
        check(status);
        return made;
    };
    // Folding first would lose that a capital I looks like an l. What folding makes may look alike again: M is not rn,
    // but m is.
    std::string out;
    look(folded(look(composed(from_utf8(text))))).toUTF8String(out);
    return out;
}

bool is_name_text(std::string_view text) {
    bool good = !text.empty();
    each_code_point(text, [&](UChar32 c, std::int32_t begin, std::int32_t) {
        const bool further = u_charType(c) == U_NON_SPACING_MARK || c == '_' || c == '.' || c == '-';
        good = !is_invisible(c) && (u_isalnum(c) || (begin > 0 && further));
        return good;
    });
    return good;
}

bool has_visible(std::string_view text) {
    bool found = false;
    each_code_point(text, [&](UChar32 c, std::int32_t, std::int32_t) {
        found = !is_invisible(c);
        return !found;
    });
    return found;
}

std::string_view trim_view(std::string_view text) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    auto last = static_cast<std::int32_t>(text.size());
    std::int32_t first = last;
    each_code_point(text, [&](UChar32 c, std::int32_t begin, std::int32_t) {
        first = is_space(c) ? first : begin;
        return is_space(c);
    });
    while (last > first) {
        std::int32_t before = last;
        UChar32 c = 0;
        U8_PREV(bytes, first, before, c);
        if (!is_space(c)) {
            break;
        }
        last = before;
    }
    return text.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

std::string trim(std::string_view text) {
    return std::string(trim_view(text));
}

}  // namespace kith
