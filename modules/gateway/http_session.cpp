// The connection's coroutine. A deadline cancels what the socket waits for.
#include "http_session.hpp"

#include "certificate.hpp"
#include "http_handler.hpp"
#include "problem.hpp"
#include "sockets.hpp"
#include "websocket_upgrade.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>

#include <ctime>

namespace kith::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using socket_error = boost::system::error_code;

constexpr std::size_t read_bytes = 4096;
/// What the buffer may hold beyond a head: pipelined requests and pieces of a body.
constexpr std::size_t buffer_slack_bytes = 64U << 10U;
constexpr std::size_t linger_bytes_max = 1U << 20U;
constexpr std::size_t user_agent_bytes_max = 200;

std::string_view view(const boost::beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

std::string text(boost::beast::string_view from) {
    return {from.data(), from.size()};
}

std::chrono::milliseconds at_rate(std::size_t bytes, std::size_t bytes_per_second) {
    return std::chrono::milliseconds(bytes * 1000 / bytes_per_second);
}

/// IMF-fixdate of RFC 9110, made once a second.
const std::string& http_date() {
    static std::time_t made_at = 0;
    static std::string made;
    const std::time_t now = std::time(nullptr);
    if (now != made_at) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        char out[40] = {};
        const std::size_t size = std::strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        made.assign(out, size);
        made_at = now;
    }
    return made;
}

/// Whether the bytes were wrong, other than that they ended.
bool is_wrong_framing(const socket_error& failed) {
    const socket_error one_of_them = http::error::bad_chunk;
    return failed.category() == one_of_them.category() && failed != http::error::end_of_stream
           && failed != http::error::partial_message;
}

using answer_type = http::response<http::span_body<const char>>;

answer_type to_beast(const http_answer& from, unsigned version, bool keep) {
    answer_type made;
    made.version(version);
    made.result(static_cast<unsigned>(from.status));
    made.reason({status_title(from.status).data(), status_title(from.status).size()});
    if (from.status < 400) {
        made.reason(http::obsolete_reason(made.result()));
    }
    made.set(http::field::date, http_date());
    for (const http_field& field : from.fields) {
        made.insert(field.name, field.value);
    }
    const std::string_view body = from.body();
    made.body() = {body.data(), body.size()};
    if (from.status != 204 && from.status != 304) {
        made.content_length(body.size());
    }
    if (!keep) {
        made.set(http::field::connection, "close");
    }
    return made;
}

/// Counts a request as under way for as long as it lives.
class under_way {
public:
    explicit under_way(session_host& host) : host_(host) { host_.request_began(); }
    ~under_way() { host_.request_ended(); }
    under_way(const under_way&) = delete;
    under_way& operator=(const under_way&) = delete;

private:
    session_host& host_;
};

/// Counts a handshake of TLS as under way for as long as it lives; then tells what came of it.
class shaking_hands {
public:
    shaking_hands(session_host& host, http_session& session, const std::string& address)
        : host_(host), number_(host.handshake_began(session, address)) {}
    ~shaking_hands() { host_.handshake_ended(number_, how, timed_out); }
    shaking_hands(const shaking_hands&) = delete;
    shaking_hands& operator=(const shaking_hands&) = delete;
    tls_opening how = tls_opening::failed;
    bool timed_out = false;

private:
    session_host& host_;
    std::uint64_t number_;
};

}  // namespace

http_session::http_session(accepted connection, std::shared_ptr<session_host> host)
    : host_(std::move(host)),
      connection_(std::move(connection)),
      deadline_(connection_.stream.get_executor(), [this] { connection_.stream.cancel(); }),
      buffer_(host_->header_bytes() + buffer_slack_bytes) {
    host_->opened(*this);
}

http_session::~http_session() {
    host_->closed(*this);
}

void http_session::close_if_idle() {
    if (idle_) {
        cut();
    }
}

void http_session::cut() {
    closing_ = true;
    connection_.stream.close();
}

task<void> http_session::run(std::shared_ptr<http_session> self) {
    after next = co_await self->open();
    while (next == after::go_on && !self->closing_) {
        next = co_await self->serve_one();
    }
    self->deadline_.disarm();
    if (next != after::handed_over) {
        self->connection_.stream.close();
    }
}

task<tls_opening> http_session::open_tls(const certificate& offered) {
    shaking_hands counted(*host_, *this, limit_key(connection_.peer));
    deadline_.arm(host_->times().handshake);
    counted.how = co_await connection_.stream.open_tls(offered.context());
    deadline_.disarm();
    counted.timed_out = deadline_.passed();
    co_return counted.how;
}

task<http_session::after> http_session::open() {
    const std::shared_ptr<const certificate> offered = host_->offered();
    if (!offered) {
        co_return after::go_on;
    }
    const tls_opening how = co_await open_tls(*offered);
    if (how == tls_opening::plain_http) {
        http_request request;
        request.id = host_->handler().new_request_id();
        request.peer = connection_.peer;
        request.in_clear = true;
        began_ = std::chrono::steady_clock::now();
        const refusal why(400, "this port speaks HTTPS: the URL begins with https://");
        co_await refuse(request, why);
    }
    co_return how == tls_opening::done && !closing_ ? after::go_on : after::finish;
}

task<http_session::after> http_session::serve_one() {
    http_request request;
    refusal why;
    idle_ = buffer_.size() == 0;
    const bool came = co_await read_head(why);
    idle_ = false;
    first_ = false;
    request.peer = connection_.peer;
    request.id = host_->handler().new_request_id();
    began_ = std::chrono::steady_clock::now();
    if (!came) {
        if (!why.detail.empty()) {
            co_await refuse(request, why);
        }
        co_return after::finish;
    }
    const under_way counted(*host_);
    bool good = parse_head(head_size_, request, why);
    if (good) {
        const std::optional<refusal> wrong = check_head(request.head, host_->rules());
        good = !wrong;
        why = wrong.value_or(refusal());
    }
    if (good && request.head.path() == socket_path && request.head.method == "GET") {
        const after next = co_await upgrade(request);
        co_return next;
    }
    if (good && !parser_->is_done()) {
        good = co_await read_body(request, why);
    }
    if (!good) {
        if (!why.detail.empty()) {
            co_await refuse(request, why);
        }
        co_return after::finish;
    }
    const after next = co_await answer(request);
    co_return next;
}

std::size_t http_session::whole_head(refusal& why, head_scanner& scanner) {
    const head_scanner::state found = scanner.scan(view(buffer_));
    if (found == head_scanner::state::refused) {
        why = scanner.why();
    }
    return found == head_scanner::state::complete ? scanner.size() : 0;
}

task<bool> http_session::read_head(refusal& why) {
    head_scanner scanner(host_->header_bytes());
    // One empty line before a request is overlooked (RFC 9112, 2.2): old clients send it after a body.
    bool may_skip = !first_;
    deadline_.arm(first_ || buffer_.size() > 0 ? host_->times().head : host_->times().idle);
    bool begun = first_ || buffer_.size() > 0;
    for (;;) {
        if (may_skip && view(buffer_).starts_with("\r\n")) {
            buffer_.consume(2);
            may_skip = false;
        }
        if (!(may_skip && view(buffer_) == "\r")) {
            head_size_ = whole_head(why, scanner);
        }
        if (head_size_ > 0 || !why.detail.empty()) {
            deadline_.disarm();
            co_return head_size_ > 0;
        }
        socket_error failed;
        const auto space = buffer_.prepare(read_bytes);
        const std::size_t got = co_await connection_.stream.async_read_some(
            space, asio::redirect_error(asio::use_awaitable, failed));
        if (failed || deadline_.passed() || closing_) {
            if (deadline_.passed() && buffer_.size() > 0) {
                why = refusal(408, "the request head did not come in time");
            }
            co_return false;
        }
        buffer_.commit(got);
        idle_ = false;
        if (!begun) {
            begun = true;
            deadline_.arm(host_->times().head);
        }
    }
}

bool http_session::parse_head(std::size_t bytes, http_request& request, refusal& why) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(host_->header_bytes() + read_bytes));
    parser_->body_limit(host_->rules().body_bytes);
    socket_error failed;
    const std::size_t used = parser_->put(asio::const_buffer(buffer_.data().data(), bytes), failed);
    head_size_ = 0;
    if (failed == http::error::body_limit) {
        why = refusal(413, "the body is too large");
        return false;
    }
    if (failed || used != bytes || !parser_->is_header_done()) {
        why = refusal(400, "this is not a valid HTTP request");
        return false;
    }
    buffer_.consume(bytes);
    const auto& parsed = parser_->get();
    request.head.method = text(parsed.method_string());
    request.head.target = text(parsed.target());
    request.head.version = parsed.version();
    for (const auto& field : parsed) {
        request.head.fields.emplace_back(lower_text(text(field.name_string())), text(field.value()));
    }
    return true;
}

task<bool> http_session::send_continue() {
    constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
    socket_error failed;
    const asio::const_buffer bytes(line.data(), line.size());
    co_await asio::async_write(connection_.stream, bytes, asio::redirect_error(asio::use_awaitable, failed));
    co_return !failed;
}

task<bool> http_session::read_body(http_request& request, refusal& why) {
    const http_times& times = host_->times();
    if (request.head.version == 11 && request.head.count("expect") > 0 && buffer_.size() == 0) {
        deadline_.arm(times.answer);
        const bool sent = co_await send_continue();
        if (!sent) {
            co_return false;
        }
    }
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    std::size_t received = 0;
    parser_->eager(true);
    while (!parser_->is_done()) {
        const auto spent =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
        deadline_.arm(std::max(times.body + at_rate(received, times.body_bytes_per_second) - spent,
                               std::chrono::milliseconds(0)));
        socket_error failed;
        received += co_await http::async_read_some(connection_.stream, buffer_, *parser_,
                                                   asio::redirect_error(asio::use_awaitable, failed));
        if (!failed && !deadline_.passed()) {
            continue;
        }
        if (deadline_.passed()) {
            why = refusal(408, "the body came too slowly");
        } else if (failed == http::error::body_limit) {
            why = refusal(413, "the body may have at most " + std::to_string(host_->rules().body_bytes)
                                   + " bytes");
        } else if (is_wrong_framing(failed)) {
            why = refusal(400, "the body is not framed as HTTP wants it");
        }
        co_return false;
    }
    deadline_.disarm();
    request.body = std::move(parser_->get().body());
    co_return true;
}

task<http_session::after> http_session::answer(http_request& request) {
    const http_answer made = co_await host_->handler().answer(request);
    const bool keep =
        request.head.version == 11 && !request.head.lists("connection", "close") && !host_->stopping();
    const bool sent = co_await send(request, made, keep);
    if (sent && keep) {
        if (buffer_.size() == 0) {
            // An idle connection holds no buffer.
            buffer_.shrink_to_fit();
        }
        parser_.reset();
        co_return after::go_on;
    }
    if (sent) {
        co_await linger();
    }
    co_return after::finish;
}

task<http_session::after> http_session::upgrade(http_request& request) {
    const std::optional<http_answer> refused = host_->handler().check_socket(request);
    if (refused) {
        const bool keep =
            request.head.version == 11 && !request.head.lists("connection", "close") && !host_->stopping();
        const bool sent = co_await send(request, *refused, keep);
        co_return sent&& keep ? after::go_on : after::finish;
    }
    deadline_.arm(host_->times().handshake);
    const bool done = co_await accept_websocket(connection_.stream, parser_->get(), request.id);
    deadline_.disarm();
    http_answer switched;
    switched.status = 101;
    switched.operation = "socket";
    host_->handler().note(request, switched, std::chrono::steady_clock::now() - began_);
    if (!done || deadline_.passed() || closing_) {
        co_return after::finish;
    }
    const std::string agent(request.head.value("user-agent").substr(0, user_agent_bytes_max));
    const std::string address = host_->handler().client_of(request).to_string();
    upgraded connection{std::move(connection_.stream), address, agent, std::string(view(buffer_)),
                        std::move(connection_.slot)};
    host_->sockets().adopt(std::move(connection));
    co_return after::handed_over;
}

task<void> http_session::refuse(const http_request& request, const refusal& why) {
    const http_answer made = host_->handler().refuse(request, why);
    const bool sent = co_await send(request, made, false);
    if (sent) {
        co_await linger();
    }
}

task<bool> http_session::send(const http_request& request, const http_answer& answer, bool keep) {
    const answer_type made = to_beast(answer, request.head.version == 10 ? 10 : 11, keep);
    http::response_serializer<http::span_body<const char>> serializer(made);
    deadline_.arm(host_->times().answer
                  + at_rate(answer.body().size(), host_->times().body_bytes_per_second));
    socket_error failed;
    if (answer.without_body || answer.status == 204) {
        serializer.split(true);
        co_await http::async_write_header(connection_.stream, serializer,
                                          asio::redirect_error(asio::use_awaitable, failed));
    } else {
        co_await http::async_write(connection_.stream, serializer,
                                   asio::redirect_error(asio::use_awaitable, failed));
    }
    deadline_.disarm();
    host_->handler().note(request, answer, std::chrono::steady_clock::now() - began_);
    co_return !failed && !deadline_.passed() && !closing_;
}

task<void> http_session::linger() {
    // Closing while the client still sends would reset the connection, and the answer could be lost with it.
    socket_error failed;
    connection_.stream.shutdown_send();
    deadline_.arm(host_->times().linger);
    std::size_t thrown_away = 0;
    while (!failed && !deadline_.passed() && thrown_away < linger_bytes_max) {
        buffer_.clear();
        const auto space = buffer_.prepare(read_bytes);
        thrown_away += co_await connection_.stream.async_read_some(
            space, asio::redirect_error(asio::use_awaitable, failed));
    }
}

}  // namespace kith::gateway
