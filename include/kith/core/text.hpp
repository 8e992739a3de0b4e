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
/// The confusables skeleton of the folded text (UTS 39): Cyrillic `аdmin` and Latin `admin` have the same.
[[nodiscard]] std::string skeleton(std::string_view text);
/// Letters and digits of any script, `_`, `.` and `-` only.
[[nodiscard]] bool is_name_text(std::string_view text);
/// Blanks (Unicode White_Space) at both ends removed.
[[nodiscard]] std::string trim(std::string_view text);

}  // namespace kith
