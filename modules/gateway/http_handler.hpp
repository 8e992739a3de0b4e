// What each request is answered: operations of the table, the web client's files, health, metrics and the
// documents.
#pragma once

#include "dispatch.hpp"
#include "http_gate.hpp"
#include "http_message.hpp"
#include "router.hpp"
#include "static_site.hpp"

#include <kith/gateway/server.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith {
class counter;
class histogram;
}  // namespace kith

namespace kith::gateway {

class socket_side;

/// Where the WebSocket is opened.
inline constexpr std::string_view socket_path = "/api/v1/socket";
inline constexpr std::string_view socket_subprotocol = "kith.v1";

class http_handler {
public:
    /// `names` and the other references must outlive it.
    http_handler(const server_deps& needs, dispatcher& calls, socket_side& sockets, const site_names& names,
                 std::string public_url);

    /// The answer to a request that passed the gate, complete with its headers. Never throws for what a
    /// client does. `request` must outlive the task.
    [[nodiscard]] task<http_answer> answer(const http_request& request);
    /// The answer to what did not pass the gate, or did not come in time.
    [[nodiscard]] http_answer refuse(const http_request& request, const refusal& why);
    /// Why a request for the socket is refused; nullopt: the handshake may go on.
    [[nodiscard]] std::optional<http_answer> check_socket(const http_request& request);

    [[nodiscard]] ip_address client_of(const http_request& request) const;
    [[nodiscard]] std::string new_request_id();
    /// Counts and logs an answer that was sent.
    void note(const http_request& request, const http_answer& answer, std::chrono::duration<double> took);

    void set_not_ready(const std::string& reason);
    void clear_not_ready(const std::string& reason);
    /// From now on only health and metrics are answered.
    void set_draining() noexcept { draining_ = true; }

private:
    struct meters;

    [[nodiscard]] task<http_answer> operate(const http_request& request);
    [[nodiscard]] call make_call(const http_request& request, const operation& op) const;
    [[nodiscard]] std::optional<http_answer> outside_api(const http_request& request);
    [[nodiscard]] http_answer static_or_missing(const http_request& request);
    [[nodiscard]] http_answer ready() const;
    [[nodiscard]] http_answer metrics_text(const http_request& request);
    /// For callers on this machine and those who are signed in: a stranger is not handed the map.
    [[nodiscard]] http_answer document(const http_request& request, std::string& cached, bool async);
    [[nodiscard]] bool is_from_here(const http_request& request) const;
    [[nodiscard]] bool is_signed_in(const http_request& request) const;
    [[nodiscard]] http_answer problem(const http_request& request, int status, const failure& what) const;
    [[nodiscard]] http_answer problem(const http_request& request, int status,
                                      const std::string& detail) const;
    void add_common(const http_request& request, http_answer& answer);
    void warn_of_origin(std::string_view origin);

    server_deps needs_;
    dispatcher& calls_;
    socket_side& sockets_;
    const site_names& names_;
    std::string public_url_;
    router routes_;
    static_site site_;
    trusted_proxies proxies_;
    std::vector<std::string> not_ready_;
    bool draining_ = false;
    bool warned_of_origin_ = false;
    std::string openapi_;
    std::string asyncapi_;
    std::shared_ptr<meters> meters_;
};

/// Whether the page that sent this request belongs to another site. Requests that no browser page sent are
/// none.
[[nodiscard]] bool is_cross_site(const http_head& head, const site_names& names);
/// Whether a browser says that a page of ours sent it: what a cookie needs.
[[nodiscard]] bool is_same_origin(const http_head& head, const site_names& names);
/// `application/json`, with charset=utf-8 at most.
[[nodiscard]] bool is_json_type(std::string_view content_type);
/// The token of `Authorization: Bearer …`; empty when there is none.
[[nodiscard]] std::string bearer_token(const http_head& head);
/// The answer to a valid W3C traceparent: the same trace, a span of our own. Empty for an invalid one.
[[nodiscard]] std::string answer_traceparent(std::string_view given, random_source& random);

}  // namespace kith::gateway
