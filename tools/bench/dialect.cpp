// The marks by which a message is known in any protocol.
#include "dialect.hpp"

#include "error.hpp"

#include <charconv>

namespace kith::bench {

namespace {

constexpr std::size_t sender_digits = 4;
constexpr std::size_t number_digits = 12;
constexpr std::string_view hex = "0123456789abcdef";
constexpr std::string_view words = " the quick brown fox jumps over the lazy dog and meets you at ten";

void write_hex(char* out, std::size_t count, std::uint64_t value) {
    for (std::size_t i = count; i-- > 0; value >>= 4) out[i] = hex[value & 15];
}

}  // namespace

void write_mark(char* out17, const message_mark& mark) {
    out17[0] = '#';
    write_hex(out17 + 1, sender_digits, mark.sender);
    write_hex(out17 + 1 + sender_digits, number_digits, mark.number);
}

bool read_mark(std::string_view text, message_mark& mark) {
    if (text.size() < mark_chars || text[0] != '#') return false;
    const char* const number = text.data() + 1 + sender_digits;
    const char* const end = text.data() + mark_chars;
    const auto sender_read = std::from_chars(text.data() + 1, number, mark.sender, 16);
    const auto number_read = std::from_chars(number, end, mark.number, 16);
    return sender_read.ec == std::errc{} && sender_read.ptr == number && number_read.ec == std::errc{}
           && number_read.ptr == end;
}

std::string make_text(std::size_t bytes) {
    if (bytes < mark_chars)
        throw bench_error("a message has at least " + std::to_string(mark_chars) + " bytes of text");
    std::string text(mark_chars, '0');
    write_mark(text.data(), {});
    while (text.size() < bytes) text += words[(text.size() - mark_chars) % words.size()];
    return text;
}

}  // namespace kith::bench
