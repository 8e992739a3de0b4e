// Unicode: validity, length in code points, folding for comparison (ICU).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kith {

/// Well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
/// Number of code points of well-formed UTF-8.
[[nodiscard]] std::size_t code_points(std::string_view text) noexcept;
/// True when there is a C0 or C1 control, or a bidirectional formatting character; line feed and tab count too.
[[nodiscard]] bool has_controls(std::string_view text) noexcept;
/// The key by which names are the same: NFKC_Casefold (UAX 31), so `Ａlice`, `alice` and `ALICE` are one.
[[nodiscard]] std::string fold(std::string_view text);
/// The confusables skeleton (UTS 39) of the text as it is written, folded: `аdmin` with a Cyrillic letter and `admin` have
/// the same, and so have `alice` and `aIice`. Of texts that look alike once they are folded, compare skeleton(fold(text)).
[[nodiscard]] std::string skeleton(std::string_view text);
/// Letters and digits of any script with their marks, `_`, `.` and `-`, nothing invisible; the first a letter or digit.
[[nodiscard]] bool is_name_text(std::string_view text);
/// True when there is something to see: not only blanks, controls and code points that are shown as nothing.
[[nodiscard]] bool has_visible(std::string_view text);
/// Blanks (Unicode White_Space) at both ends removed.
[[nodiscard]] std::string trim(std::string_view text);
/// As trim(), as a part of `text`.
[[nodiscard]] std::string_view trim_view(std::string_view text);

}  // namespace kith
