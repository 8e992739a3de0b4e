// A blocking HTTP/1.1 client for set-up traffic.
#include "http_client.hpp"

#include "error.hpp"

#include <nlohmann/json.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace kith::bench {

namespace {

constexpr int answer_timeout_ms = 30'000;
constexpr std::size_t answer_bytes_max = 4 << 20;

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

}  // namespace

std::optional<http_answer> parse_http_answer(std::string_view bytes) {
    constexpr std::string_view version = "HTTP/1.1 ";
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    http_answer answer;
    answer.head_bytes = end + 4;
    if (bytes.substr(0, version.size()) != version)
        throw bench_error("not an HTTP/1.1 answer: " + std::string(bytes.substr(0, 40)));
    std::from_chars(bytes.data() + version.size(), bytes.data() + version.size() + 3, answer.status);
    bool has_length = false;
    std::size_t line = bytes.find("\r\n") + 2;
    while (line < end) {
        const std::size_t line_end = bytes.find("\r\n", line);
        const std::string_view field = bytes.substr(line, line_end - line);
        const std::size_t colon = std::min(field.find(':'), field.size());
        const std::size_t value = std::min(field.find_first_not_of(": ", colon), field.size());
        if (same_name(field.substr(0, colon), "content-length")) {
            std::from_chars(field.data() + value, field.data() + field.size(), answer.body_bytes);
            has_length = true;
        } else if (same_name(field.substr(0, colon), "retry-after")) {
            std::from_chars(field.data() + value, field.data() + field.size(), answer.retry_after_s);
        }
        line = line_end + 2;
    }
    if (!has_length && answer.status != 204)
        throw bench_error("an answer without Content-Length: " + std::string(bytes.substr(0, end)));
    if (bytes.size() < answer.size()) return std::nullopt;
    return answer;
}

std::string make_http_request(std::uint16_t port, const std::string& method, const std::string& path,
                              const std::string& body, const std::string& token) {
    std::string text = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n";
    if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
    if (!body.empty()) text += "Content-Type: application/json\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::pair<http_answer, std::string> http_client::exchange(const std::string& request,
                                                          const std::string& what) {
    send_all(socket_.get(), request);
    std::array<char, 16 << 10> buffer{};
    for (;;) {
        if (const auto answer = parse_http_answer(in_)) {
            std::string body = in_.substr(answer->head_bytes, answer->body_bytes);
            in_.erase(0, answer->size());
            return {*answer, std::move(body)};
        }
        if (in_.size() > answer_bytes_max) throw bench_error("the answer to " + what + " is too long");
        wait_readable(socket_.get(), answer_timeout_ms, "the answer to " + what);
        const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (count <= 0) throw bench_error("the server closed the connection instead of answering " + what);
        in_.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

nlohmann::json http_client::request(const std::string& method, const std::string& path,
                                    const nlohmann::json& body, const std::string& token) {
    const std::string content = body.is_null() ? std::string() : body.dump();
    const auto [answer, answer_body] =
        exchange(make_http_request(port_, method, path, content, token), method + " " + path);
    if (answer.status / 100 != 2)
        throw bench_error(method + " " + path + " answered " + std::to_string(answer.status) + ": "
                          + answer_body.substr(0, 500));
    if (answer_body.empty()) return nullptr;
    return nlohmann::json::parse(answer_body);
}

std::string http_client::get_body(const std::string& path, const std::string& token) {
    std::string text = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n";
    if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
    auto [answer, body] = exchange(text + "\r\n", "GET " + path);
    if (answer.status != 200)
        throw bench_error("GET " + path + " answered " + std::to_string(answer.status) + ": "
                          + body.substr(0, 500));
    return std::move(body);
}

int http_client::get_status(const std::string& path) {
    const std::string text =
        "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n\r\n";
    return exchange(text, "GET " + path).first.status;
}

}  // namespace kith::bench
