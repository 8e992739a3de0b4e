// What the bench says and understands on a socket.
#include "wire.hpp"

#include "error.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <cstring>
#include <ctime>

namespace kith::bench {

namespace {

constexpr std::size_t digits = 16;
constexpr std::size_t uuid_chars = 36;
constexpr std::string_view hex = "0123456789abcdef";
// The text of each message begins with this mark and its number, so that a delivery names its message.
constexpr std::string_view text_mark = R"("text":"#)";
constexpr std::string_view created_mark = R"("type":"message.created")";
constexpr std::string_view ok_mark = R"("ok":)";
constexpr std::string_view id_mark = R"("id":)";
constexpr std::string_view words = " the quick brown fox jumps over the lazy dog and meets you at ten";

constexpr std::string_view floor_head =
    R"({"type":"message.created","pos":1000000,"data":{"kind":"text","body":{"text":"#)";
constexpr std::string_view floor_tail = R"("}}})";

std::string make_padding(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += words[text.size() % words.size()];
    return text;
}

void write_hex(char* out, std::size_t count, std::uint64_t value) {
    for (std::size_t i = count; i-- > 0; value >>= 4) out[i] = hex[value & 15];
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 24> text{};
    const auto [end, failure] = std::to_chars(text.begin(), text.end(), number);
    (void)failure;  // 24 characters hold every number
    out.append(text.begin(), end);
}

}  // namespace

void write_uuid_v7(char* out36) {
    static const std::uint64_t process_salt = [] {
        if (sodium_init() < 0) throw bench_error("libsodium does not start");
        std::uint64_t salt = 0;
        randombytes_buf(&salt, sizeof salt);
        return salt;
    }();
    static std::uint64_t counter = 0;
    ++counter;
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    const auto ms =
        static_cast<std::uint64_t>(t.tv_sec) * 1000 + static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
    // 48 bits time, version, 12 bits, variant, 62 bits. Salt and counter keep apart what the time does not.
    std::memset(out36, '-', uuid_chars);
    write_hex(out36, 8, ms >> 16);
    write_hex(out36 + 9, 4, ms & 0xffff);
    write_hex(out36 + 14, 4, 0x7000 | (process_salt >> 52));
    write_hex(out36 + 19, 4, 0x8000 | (process_salt & 0x3fff));
    write_hex(out36 + 24, 12, counter);
}

kith_requests::kith_requests(std::string conversation, std::size_t text_bytes)
    : conversation_(std::move(conversation)),
      padding_(make_padding(text_bytes > digits + 1 ? text_bytes - digits - 1 : 0)) {}

std::string_view kith_requests::make(std::uint64_t id, std::uint64_t number) {
    request_.assign(R"({"id":)");
    append_number(request_, id);
    request_.append(R"(,"type":"message.send","data":{"conversation":")").append(conversation_);
    request_.append(R"(","client_id":")").append(uuid_chars, '0');
    write_uuid_v7(request_.data() + request_.size() - uuid_chars);
    request_.append(R"(","kind":"text","body":{)").append(text_mark).append(digits, '0');
    write_hex(request_.data() + request_.size() - digits, digits, number);
    request_.append(padding_).append(R"("}}})");
    return request_;
}

std::size_t floor_requests::event_bytes_min() {
    return floor_head.size() + digits + floor_tail.size();
}

floor_requests::floor_requests(std::size_t event_bytes) {
    if (event_bytes < event_bytes_min())
        throw bench_error("an event of the floor has at least " + std::to_string(event_bytes_min())
                          + " bytes");
    event_.append(floor_head).append(digits, '0').append(make_padding(event_bytes - event_bytes_min()));
    event_.append(floor_tail);
}

std::string_view floor_requests::make(std::uint64_t /*id*/, std::uint64_t number) {
    write_hex(event_.data() + floor_head.size(), digits, number);
    return event_;
}

std::size_t frame_reader::find_behind(std::string_view payload, std::string_view mark, std::size_t& hint) {
    if (hint < payload.size() && payload.substr(hint, mark.size()) == mark) return hint + mark.size();
    const void* found = memmem(payload.data(), payload.size(), mark.data(), mark.size());
    if (found == nullptr) return std::string_view::npos;
    hint = static_cast<std::size_t>(static_cast<const char*>(found) - payload.data());
    return hint + mark.size();
}

meaning frame_reader::read(std::string_view payload) {
    meaning result;
    if (find_behind(payload, created_mark, type_hint_) != std::string_view::npos) {
        const std::size_t at = find_behind(payload, text_mark, text_hint_);
        if (at == std::string_view::npos || at + digits > payload.size())
            return result;  // a message of someone else
        const auto [end, failure] =
            std::from_chars(payload.data() + at, payload.data() + at + digits, result.number, 16);
        if (failure != std::errc{} || end != payload.data() + at + digits) return result;
        result.what = meaning::kind::delivery;
        return result;
    }
    const std::size_t ok = find_behind(payload, ok_mark, ok_hint_);
    if (ok == std::string_view::npos) return result;
    result.what = payload.substr(ok, 4) == "true" ? meaning::kind::answer : meaning::kind::refusal;
    const std::size_t id = find_behind(payload, id_mark, id_hint_);
    if (id != std::string_view::npos)
        std::from_chars(payload.data() + id, payload.data() + payload.size(), result.id);
    return result;
}

}  // namespace kith::bench
