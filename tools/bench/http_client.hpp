// A blocking HTTP/1.1 client for set-up traffic and for the answers of /healthz.
#pragma once

#include "net.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::bench {

struct http_answer {
    int status = 0;
    std::size_t head_bytes = 0;
    std::size_t body_bytes = 0;
    std::int64_t retry_after_s = 0;  // 0: not said

    std::size_t size() const { return head_bytes + body_bytes; }
};

// Reads status and length of the answer that `bytes` begins with; nothing while the head or body is not whole.
// Answers without Content-Length are bodyless (204) or an error: no server here sends chunks.
std::optional<http_answer> parse_http_answer(std::string_view bytes);

// A whole request; with a body it is JSON.
std::string make_http_request(std::uint16_t port, const std::string& method, const std::string& path,
                              const std::string& body, const std::string& token);

class http_client {
public:
    explicit http_client(std::uint16_t port) : port_(port), socket_(dial(port)) {}

    // Sends and waits for the answer; gives its JSON (null for none). Throws unless the status is 2xx.
    nlohmann::json request(const std::string& method, const std::string& path, const nlohmann::json& body,
                           const std::string& token);
    // The body of a GET. Throws unless the status is 200.
    std::string get_body(const std::string& path, const std::string& token);
    // The status of a GET.
    int get_status(const std::string& path);

private:
    // Head and body of the next answer.
    std::pair<http_answer, std::string> exchange(const std::string& request, const std::string& what);

    std::uint16_t port_;
    unique_fd socket_;
    std::string in_;
};

}  // namespace kith::bench
