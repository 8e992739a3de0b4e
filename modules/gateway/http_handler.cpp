// Answering requests: operations, files, health, metrics, documents; and the headers that every answer has.
#include "http_handler.hpp"

#include "problem.hpp"
#include "sockets.hpp"

#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/random.hpp>

#include <array>

namespace kith::gateway {
namespace {

constexpr std::size_t user_agent_bytes_max = 200;
constexpr std::size_t request_id_bytes = 12;
constexpr std::size_t span_id_bytes = 8;
constexpr std::size_t status_classes = 5;
constexpr const char* json_type = "application/json";
constexpr const char* api_policy = "default-src 'none'; frame-ancestors 'none'";

bool is_api(std::string_view path) {
    return path.starts_with("/api/") || path == "/api";
}

bool changes_things(std::string_view method) {
    return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

bool is_lower_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool only_zeros(std::string_view text) {
    return text.find_first_not_of('0') == std::string_view::npos;
}

/// At most `bytes_max` bytes that end at a whole character; what is no UTF-8 is left out altogether.
std::string bounded_text(std::string_view text, std::size_t bytes_max) {
    text = text.substr(0, bytes_max);
    const auto is_ascii = [](char c) { return c >= 0x20 && c < 0x7F; };
    return std::all_of(text.begin(), text.end(), is_ascii) ? std::string(text) : std::string();
}

/// The header Idempotency-Key: 1 to 64 visible ASCII characters, once; empty when there is none.
std::string key_of(const http_head& head) {
    if (head.count("idempotency-key") == 0) {
        return {};
    }
    const std::string_view key = head.value("idempotency-key");
    const bool good = head.count("idempotency-key") == 1 && !key.empty()
                      && key.size() <= journal::idempotency_key_max
                      && std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!good) {
        throw error(error_code::invalid,
                    "Idempotency-Key must be 1 to 64 visible ASCII characters, given once.");
    }
    return std::string(key);
}

error missing_token() {
    return error(error_code::unauthenticated, "an access token is required");
}

}  // namespace

/// Counters of each operation by class of status; handles are looked up once.
struct http_handler::meters {
    explicit meters(metrics& where)
        : all(where),
          seconds(
              where.make_histogram("kith_http_request_seconds", "Time from a whole head to the answer sent",
                                   {0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10})) {}

    counter& of(const std::string& operation, int status) {
        const auto index = static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1);
        counter*& made = requests[operation][index];
        if (made == nullptr) {
            const metric_labels labels{{"operation", operation},
                                       {"status", std::to_string(index + 1) + "xx"}};
            made = &all.make_counter("kith_http_requests_total", "HTTP requests answered", labels);
        }
        return *made;
    }

    metrics& all;
    histogram& seconds;
    std::map<std::string, std::array<counter*, status_classes>, std::less<>> requests;
};

bool is_cross_site(const http_head& head, const site_names& names) {
    for (const std::string_view origin : head.all("origin")) {
        if (!names.origin_allowed(origin)) {
            return true;
        }
    }
    const std::string_view site = head.value("sec-fetch-site");
    return head.count("origin") == 0 && (site == "cross-site" || site == "same-site");
}

bool is_same_origin(const http_head& head, const site_names& names) {
    if (head.count("origin") > 0) {
        return head.count("origin") == 1 && names.origin_allowed(head.value("origin"));
    }
    // Neither: no browser of today, for they all send Origin with a POST. A page of another site could not send JSON
    // without asking first, and is never allowed.
    return head.count("sec-fetch-site") == 0 || head.value("sec-fetch-site") == "same-origin";
}

/// 16 bytes in base64 (RFC 6455, 4.2.1).
bool is_socket_key(std::string_view key) {
    constexpr std::size_t length = 24;
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return key.size() == length && key.ends_with("==")
           && key.substr(0, length - 2).find_first_not_of(alphabet) == std::string_view::npos;
}

bool is_json_type(std::string_view content_type) {
    const std::size_t mark = content_type.find(';');
    std::string_view type = content_type.substr(0, mark);
    type = type.substr(0, type.find_last_not_of(" \t") + 1);
    if (!same_text(type, json_type)) {
        return false;
    }
    if (mark == std::string_view::npos) {
        return true;
    }
    std::string_view parameter = content_type.substr(mark + 1);
    parameter.remove_prefix(std::min(parameter.find_first_not_of(" \t"), parameter.size()));
    return same_text(parameter, "charset=utf-8") || same_text(parameter, "charset=\"utf-8\"");
}

std::string bearer_token(const http_head& head) {
    constexpr std::string_view scheme = "bearer ";
    const std::string_view value = head.value("authorization");
    const bool given = value.size() > scheme.size() && same_text(value.substr(0, scheme.size()), scheme);
    return given ? std::string(value.substr(scheme.size())) : std::string();
}

std::string answer_traceparent(std::string_view given, random_source& random) {
    // 00-<32 hex: trace>-<16 hex: parent>-<2 hex: flags>
    // A higher version may go on behind that, after a dash; what is known of it is read as version 00 (W3C, 3.2.4).
    constexpr std::size_t known = 55;
    const bool longer = given.size() > known && given[known] == '-' && !given.starts_with("00-");
    if ((given.size() != known && !longer) || given.starts_with("ff-") || !is_lower_hex(given.substr(0, 2))
        || given[2] != '-' || given[35] != '-' || given[52] != '-') {
        return {};
    }
    given = given.substr(0, known);
    const std::string_view trace = given.substr(3, 32);
    const std::string_view parent = given.substr(36, 16);
    if (!is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(given.substr(53)) || only_zeros(trace)
        || only_zeros(parent)) {
        return {};
    }
    std::array<std::byte, span_id_bytes> span{};
    random.fill(span);
    std::string made = "00" + std::string(given.substr(2, 34));
    for (const std::byte one : span) {
        constexpr std::string_view digits = "0123456789abcdef";
        made += digits[std::to_integer<std::size_t>(one >> 4)];
        made += digits[std::to_integer<std::size_t>(one & std::byte{15})];
    }
    return made + std::string(given.substr(52));
}

http_handler::http_handler(const server_deps& needs, dispatcher& calls, socket_side& sockets,
                           const site_names& names, std::string public_url)
    : needs_(needs),
      calls_(calls),
      sockets_(sockets),
      names_(names),
      public_url_(std::move(public_url)),
      routes_(needs.table),
      site_(needs.files),
      proxies_(needs.settings.server.trusted_proxies),
      meters_(std::make_shared<meters>(needs.metric)) {}

std::string http_handler::new_request_id() {
    return random_token(needs_.random, request_id_bytes);
}

ip_address http_handler::client_of(const http_request& request) const {
    return proxies_.client(request.peer, request.head.all("x-forwarded-for"));
}

void http_handler::set_not_ready(const std::string& reason) {
    clear_not_ready(reason);
    not_ready_.push_back(reason);
}

void http_handler::clear_not_ready(const std::string& reason) {
    std::erase(not_ready_, reason);
}

void http_handler::add_common(const http_request& request, http_answer& answer) {
    answer.set("X-Request-Id", request.id);
    answer.set("X-Content-Type-Options", "nosniff");
    answer.set("Referrer-Policy", "no-referrer");
    answer.set("Cross-Origin-Resource-Policy", "same-origin");
    const auto has = [&](std::string_view name) {
        return std::any_of(answer.fields.begin(), answer.fields.end(),
                           [&](const http_field& f) { return f.name == name; });
    };
    if (is_api(request.head.path())) {
        answer.set("Vary", "Authorization, Cookie");
    }
    if (!has("Cache-Control")) {
        answer.set("Cache-Control", is_api(request.head.path()) ? "private, no-store" : "no-store");
    }
    if (!has("Content-Security-Policy")) {
        answer.set("Content-Security-Policy", api_policy);
    }
    // A browser holds it for the host, whatever the port: on this machine's own names other servers would be lost for a year.
    const std::optional<authority> called = parse_authority(request.head.value("host"));
    if (names_.https() && !request.in_clear && called && !is_loopback_host(called->host)) {
        answer.set("Strict-Transport-Security", "max-age=31536000");
    }
    std::string trace = answer_traceparent(request.head.value("traceparent"), needs_.random);
    if (!trace.empty()) {
        answer.set("traceparent", std::move(trace));
    }
}

http_answer http_handler::problem(const http_request& request, int status, const failure& what) const {
    http_answer made;
    made.status = status;
    made.set("Content-Type", "application/problem+json");
    made.text = problem_text(status, what, request.id);
    made.without_body = request.head.method == "HEAD";
    std::string wait = retry_after_text(status, what.retry_after);
    if (!wait.empty()) {
        made.set("Retry-After", std::move(wait));
    }
    if (status == 401) {
        made.set("WWW-Authenticate", "Bearer");
    }
    return made;
}

http_answer http_handler::problem(const http_request& request, int status, const std::string& detail) const {
    failure what;
    what.code = code_of_status(status);
    what.detail = detail;
    return problem(request, status, what);
}

http_answer http_handler::refuse(const http_request& request, const refusal& why) {
    http_answer made = problem(request, why.status, why.detail);
    made.operation = "refused";
    add_common(request, made);
    return made;
}

task<http_answer> http_handler::answer(const http_request& request) {
    http_answer made;
    std::optional<http_answer> outside = outside_api(request);
    if (outside) {
        made = std::move(*outside);
    } else {
        made = co_await operate(request);
    }
    add_common(request, made);
    co_return made;
}

call http_handler::make_call(const http_request& request, const operation& op) const {
    call c;
    const http_head& head = request.head;
    c.request_id = request.id;
    c.address = client_of(request).to_string();
    c.user_agent = bounded_text(head.value("user-agent"), user_agent_bytes_max);
    const std::vector<std::string_view> schemes = head.all("x-forwarded-proto");
    const std::optional<authority> called = parse_authority(head.value("host"));
    if (proxies_.trusts(unmapped(request.peer)) && !schemes.empty()) {
        c.secure_cookies = head.lists("x-forwarded-proto", "https");
    } else {
        c.secure_cookies =
            needs_.settings.tls.on() || (names_.https() && called && called->host == names_.public_host());
    }
    c.secure_cookies = c.secure_cookies || (called && is_loopback_host(called->host));
    if (op.spec.cookie && is_same_origin(head, names_) && is_json_type(head.value("content-type"))) {
        c.cookies = std::string(head.value("cookie"));
    }
    const std::string token = bearer_token(head);
    if (token.empty()) {
        if (op.spec.access != access::everyone) {
            throw missing_token();
        }
        return c;
    }
    try {
        c.who = needs_.sessions.authenticate(token);
    } catch (const error&) {
        // A client that signs in again may still send the token that has run out.
        if (op.spec.access != access::everyone) {
            throw;
        }
    }
    return c;
}

task<http_answer> http_handler::operate(const http_request& request) {
    const http_head& head = request.head;
    const bool without_body = head.method == "HEAD";  // as GET, RFC 9110, 9.3.2
    const route_match match = routes_.match(without_body ? "GET" : head.method, head.path());
    http_answer made;
    if (match.malformed) {
        made = problem(request, 400, "the path is not percent-encoded UTF-8");
    } else if (match.found == nullptr && !match.allow.empty()) {
        made = problem(request, 405, "this path takes " + match.allow);
        made.set("Allow", match.allow);
    } else if (match.found == nullptr) {
        made = problem(request, 404, "there is nothing at this path");
    }
    if (match.found == nullptr) {
        made.operation = "unknown";
        co_return made;
    }
    const operation& op = *match.found->op;
    call c;
    std::exception_ptr failed;
    std::string text;
    try {
        if (changes_things(head.method) && is_cross_site(head, names_)) {
            warn_of_origin(head.value("origin"));
            throw error(error_code::forbidden, "pages of other sites may not do this");
        }
        c = make_call(request, op);
        if (op.spec.takes_key) {
            c.idempotency_key = key_of(head);
        }
        if (!request.body.empty() && !is_json_type(head.value("content-type"))) {
            throw error(error_code::invalid, "the body must be application/json");
        }
        const json::value input = gather_input(match, head.query(), request.body);
        text = co_await calls_.run(op, c, input);
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed) {
        const failure what = to_failure(failed, needs_.log, request.id, op.spec.name);
        made = problem(request, http_status(what.code), what);
    } else {
        made.status = c.status != 0 ? c.status : (op.has_output ? op.spec.status : 204);
        if (op.has_output) {
            made.set("Content-Type", json_type);
            made.text = std::move(text);
        }
    }
    for (const std::string& cookie : c.set_cookies) {
        made.set("Set-Cookie", cookie);
    }
    made.operation = std::string(op.spec.name);
    made.without_body = without_body;
    co_return made;
}

std::optional<http_answer> http_handler::outside_api(const http_request& request) {
    const std::string_view path = request.head.path();
    const bool reads = request.head.method == "GET" || request.head.method == "HEAD";
    if (path == socket_path) {
        http_answer made =
            problem(request, reads ? 426 : 405, "this is the WebSocket: GET with an upgrade to kith.v1");
        made.operation = "socket";
        made.set(reads ? "Upgrade" : "Allow", reads ? "websocket" : "GET");
        return made;
    }
    if (is_api(path)) {
        if (!draining_) {
            return std::nullopt;
        }
        http_answer made = problem(request, 503, "the server is stopping; try again shortly");
        made.operation = "draining";
        return made;
    }
    if (!reads) {
        http_answer made = problem(request, 405, "this path takes GET, HEAD");
        made.set("Allow", "GET, HEAD");
        made.operation = "static";
        return made;
    }
    http_answer made = static_or_missing(request);
    made.without_body = made.without_body || request.head.method == "HEAD";
    return made;
}

http_answer http_handler::static_or_missing(const http_request& request) {
    const std::string_view path = request.head.path();
    http_answer made;
    if (path == "/healthz") {
        made.set("Content-Type", "text/plain; charset=utf-8");
        made.text = "ok\n";
        made.operation = "healthz";
    } else if (path == "/readyz") {
        made = ready();
    } else if (path == "/metrics") {
        made = metrics_text(request);
    } else if (path == "/openapi.json") {
        made = document(request, openapi_, false);
    } else if (path == "/asyncapi.json") {
        made = document(request, asyncapi_, true);
    } else if (const static_file* const file = site_.find(path)) {
        made = static_site::answer(*file, request.head);
    } else {
        made = problem(request, 404, "there is nothing at this path");
        made.operation = "unknown";
    }
    return made;
}

http_answer http_handler::ready() const {
    std::vector<std::string> reasons = not_ready_;
    if (needs_.store.health() == db::health::full) {
        reasons.emplace_back("storage is full");
    } else if (needs_.store.health() == db::health::stopped) {
        reasons.emplace_back("writing has stopped after a storage fault");
    } else if (needs_.store.health() == db::health::stuck) {
        reasons.emplace_back("storage does not answer");
    } else if (needs_.store.health() == db::health::away) {
        reasons.emplace_back("the database server does not answer");
    }
    http_answer made;
    made.operation = "readyz";
    made.status = reasons.empty() ? 200 : 503;
    made.set("Content-Type", json_type);
    made.text = std::string("{\"ready\":") + (reasons.empty() ? "true" : "false") + ",\"reasons\":";
    json::write(made.text, reasons);
    made.text += "}\n";
    if (!reasons.empty()) {
        made.set("Retry-After", retry_after_text(made.status, std::chrono::milliseconds(0)));
    }
    return made;
}

bool http_handler::is_from_here(const http_request& request) const {
    // A request that a proxy passed on is not from here, even if the proxy runs here and is not named as
    // trusted.
    const bool passed_on =
        !proxies_.trusts(unmapped(request.peer))
        && (request.head.count("x-forwarded-for") > 0 || request.head.count("forwarded") > 0);
    return !passed_on && client_of(request).is_loopback();
}

bool http_handler::is_signed_in(const http_request& request) const {
    try {
        (void)needs_.sessions.authenticate(bearer_token(request.head));
        return true;
    } catch (const error&) {
        return false;
    }
}

http_answer http_handler::metrics_text(const http_request& request) {
    http_answer made;
    if (!needs_.settings.metrics.open && !is_from_here(request)) {
        made = problem(request, 404, "there is nothing at this path");
    } else {
        made.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        made.text = needs_.metric.text();
    }
    made.operation = "metrics";
    return made;
}

http_answer http_handler::document(const http_request& request, std::string& cached, bool async) {
    if (!is_from_here(request) && !is_signed_in(request)) {
        http_answer refused = problem(request, 404, "there is nothing at this path");
        refused.operation = "document";
        return refused;
    }
    if (cached.empty()) {
        cached = async ? asyncapi(needs_.table, needs_.version, public_url_)
                       : openapi(needs_.table, needs_.version, public_url_);
    }
    http_answer made;
    made.operation = "document";
    made.set("Content-Type", json_type);
    made.set("Cache-Control", "no-cache");
    made.text = cached;
    return made;
}

std::optional<http_answer> http_handler::check_socket(const http_request& request) {
    const http_head& head = request.head;
    std::optional<http_answer> refused;
    const auto refuse_with = [&](int status, const char* detail) {
        refused = problem(request, status, detail);
        refused->operation = "socket";
    };
    const std::vector<std::string_view> origins = head.all("origin");
    const bool foreign =
        origins.size() > 1 || (origins.size() == 1 && !names_.origin_allowed(origins.front()));
    if (draining_) {
        refuse_with(503, "the server is stopping; try again shortly");
    } else if (foreign) {
        warn_of_origin(origins.front());
        refuse_with(403, "pages of this origin may not open a socket");
    } else if (!head.lists("upgrade", "websocket") || !head.lists("connection", "upgrade")
               || head.value("sec-websocket-version") != "13") {
        refuse_with(426, "this is the WebSocket: GET with an upgrade of version 13");
        refused->set("Upgrade", "websocket");
        refused->set("Sec-WebSocket-Version", "13");
    } else if (head.version != 11 || head.count("sec-websocket-key") != 1
               || !is_socket_key(head.value("sec-websocket-key"))) {
        refuse_with(400, "the WebSocket handshake is not complete");
    } else if (!head.lists("sec-websocket-protocol", socket_subprotocol)) {
        refuse_with(400, "the subprotocol kith.v1 must be offered");
    } else {
        const ip_address client = client_of(request);
        try {
            calls_.take(limit::open, "open " + limit_key(client));
            if (!sockets_.may_open(client.to_string())) {
                refuse_with(429, "too many sockets from this address have not said hello");
            }
        } catch (const error&) {
            const failure what = to_failure(std::current_exception(), needs_.log, request.id, "socket");
            refused = problem(request, http_status(what.code), what);
            refused->operation = "socket";
        }
    }
    if (refused) {
        add_common(request, *refused);
    }
    return refused;
}

void http_handler::warn_of_origin(std::string_view origin) {
    if (warned_of_origin_ || origin.empty()) {
        return;
    }
    warned_of_origin_ = true;
    needs_.log.warn(
        "a page of an unknown origin was refused; if it is yours, set server.public_url or server.origins",
        {log_field("origin", bounded_text(origin, user_agent_bytes_max)), log_field("known", public_url_)});
}

void http_handler::note(const http_request& request, const http_answer& answer,
                        std::chrono::duration<double> took) {
    meters_->of(answer.operation, answer.status).add();
    meters_->seconds.observe(took.count());
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    needs_.log.debug("http request",
                     {log_field("request", request.id), log_field("operation", answer.operation),
                      log_field("status", answer.status), log_field("micros", micros)});
}

}  // namespace kith::gateway
