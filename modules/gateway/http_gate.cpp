// The strict gate: RFC 9112 without the leniency that request smuggling lives on.
#include "http_gate.hpp"

#include <algorithm>
#include <charconv>

namespace kith::gateway {
namespace {

constexpr int bad_request = 400;
constexpr int content_too_large = 413;
constexpr int unsupported_media_type = 415;
constexpr int expectation_failed = 417;
constexpr int misdirected_request = 421;
constexpr int header_too_large = 431;
constexpr int not_implemented = 501;

bool is_token_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Digits only; nullopt for anything else or what does not fit.
std::optional<std::uint64_t> parse_length(std::string_view text) {
    std::uint64_t length = 0;
    const char* const end = text.data() + text.size();
    const bool digits =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto read = std::from_chars(text.data(), end, length);
    return digits && read.ec == std::errc() ? std::optional(length) : std::nullopt;
}

std::optional<refusal> check_host(const http_head& head) {
    if (head.count("host") != 1) {
        return refusal(bad_request, "exactly one Host field is required");
    }
    if (!parse_authority(head.value("host"))) {
        return refusal(bad_request, "the Host field is not a host and port");
    }
    return std::nullopt;
}

std::optional<refusal> check_framing(const http_head& head, const gate_rules& rules) {
    const std::size_t lengths = head.count("content-length");
    const std::size_t codings = head.count("transfer-encoding");
    if (lengths > 1 || codings > 1 || (lengths == 1 && codings == 1)) {
        return refusal(bad_request, "the length of the body is told twice");
    }
    if (codings == 1 && head.version < 11) {
        return refusal(bad_request, "Transfer-Encoding needs HTTP/1.1");
    }
    if (codings == 1 && !same_text(head.value("transfer-encoding"), "chunked")) {
        return refusal(not_implemented, "no transfer coding but chunked is understood");
    }
    if (lengths == 1) {
        const std::optional<std::uint64_t> length = parse_length(head.value("content-length"));
        if (!length) {
            return refusal(bad_request, "Content-Length is not a number");
        }
        if (*length > rules.body_bytes) {
            return refusal(content_too_large,
                           "the body may have at most " + std::to_string(rules.body_bytes) + " bytes");
        }
    }
    if ((head.method == "GET" || head.method == "HEAD") && has_body(head)) {
        return refusal(bad_request, head.method + " takes no body");
    }
    for (const std::string_view line : head.all("content-encoding")) {
        if (!line.empty() && !same_text(line, "identity")) {
            return refusal(unsupported_media_type, "bodies are taken as they are, without a content coding");
        }
    }
    return std::nullopt;
}

std::optional<refusal> check_target(const http_head& head) {
    const bool plain = std::all_of(head.target.begin(), head.target.end(), [](char c) {
        return c > 0x20 && c < 0x7F && c != '#' && c != '"' && c != '<' && c != '>';
    });
    if (!plain) {
        return refusal(bad_request, "the request target holds characters that must be percent-encoded");
    }
    if (head.target.starts_with('/')) {
        return std::nullopt;
    }
    const std::size_t scheme = head.target.find("://");
    if (scheme == std::string::npos
        || !(same_text(head.target.substr(0, scheme), "http")
             || same_text(head.target.substr(0, scheme), "https"))) {
        return refusal(bad_request, "the request target is not a path");
    }
    const std::string_view rest = std::string_view(head.target).substr(scheme + 3);
    if (!same_text(rest.substr(0, rest.find_first_of("/?")), head.value("host"))) {
        return refusal(bad_request, "the request target names another host than the Host field");
    }
    return std::nullopt;
}

std::optional<refusal> check_expect(const http_head& head) {
    for (const std::string_view line : head.all("expect")) {
        if (!same_text(line, "100-continue")) {
            return refusal(expectation_failed, "no expectation but 100-continue is understood");
        }
    }
    return std::nullopt;
}

}  // namespace

head_scanner::state head_scanner::refuse(int status, std::string detail) {
    why_ = refusal(status, std::move(detail));
    return state::refused;
}

std::optional<head_scanner::state> head_scanner::step(std::string_view bytes) {
    const char c = bytes[at_];
    if (c == '\r') {
        if (at_ + 1 == bytes.size()) {
            return state::incomplete;
        }
        if (bytes[at_ + 1] != '\n') {
            return refuse(bad_request, "a carriage return without a line feed");
        }
        at_ += 2;
        if (line_is_empty_) {
            return first_line_ ? refuse(bad_request, "an empty line where a request should begin")
                               : state::complete;
        }
        line_is_empty_ = true;
        first_line_ = false;
        return std::nullopt;
    }
    if (c == '\n') {
        return refuse(bad_request, "a line feed without a carriage return");
    }
    if (line_is_empty_ && !is_token_char(c)) {
        return refuse(bad_request, first_line_ ? "this is not HTTP"
                                               : "a header line begins with a blank or a wrong character");
    }
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) {
        return refuse(bad_request, "a control character in the head");
    }
    line_is_empty_ = false;
    ++at_;
    return std::nullopt;
}

head_scanner::state head_scanner::scan(std::string_view bytes) {
    while (at_ < bytes.size()) {
        if (at_ >= bytes_max_) {
            return refuse(header_too_large,
                          "the head may have at most " + std::to_string(bytes_max_) + " bytes");
        }
        const std::optional<state> found = step(bytes);
        if (found) {
            return *found;
        }
    }
    return state::incomplete;
}

std::optional<refusal> check_head(const http_head& head, const gate_rules& rules) {
    if (head.version != 10 && head.version != 11) {
        return refusal(bad_request, "HTTP/1.1 is spoken here");
    }
    if (head.fields.size() > rules.header_fields) {
        return refusal(header_too_large,
                       "at most " + std::to_string(rules.header_fields) + " header fields are taken");
    }
    std::optional<refusal> wrong = check_host(head);
    if (!wrong) {
        wrong = check_target(head);
    }
    if (!wrong && !rules.names.host_allowed(head.value("host"))) {
        wrong = refusal(misdirected_request,
                        "this server is not known by the name in the Host field; its owner can add it "
                        "as server.public_url or to server.origins");
    }
    if (!wrong) {
        wrong = check_framing(head, rules);
    }
    return wrong ? wrong : check_expect(head);
}

bool has_body(const http_head& head) {
    const std::string_view length = head.value("content-length");
    return head.count("transfer-encoding") > 0 || (!length.empty() && length != "0");
}

}  // namespace kith::gateway
