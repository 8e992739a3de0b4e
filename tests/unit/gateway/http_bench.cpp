// The made-up rest of a server around an HTTP door.
#include "http_bench.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <stdexcept>

namespace http_bench {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds patience{10};

struct echo_input {
    std::string thing;
    std::int64_t count = 0;
    std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(echo_input, (), (thing, count, note))
struct search_input {
    std::string q;
    std::optional<std::int64_t> limit;
};
BOOST_DESCRIBE_STRUCT(search_input, (), (q, limit))
struct thing_input {
    std::string thing;
};
BOOST_DESCRIBE_STRUCT(thing_input, (), (thing))

constexpr std::string_view page_text = "<!doctype html><title>Kith</title>";
constexpr std::string_view script_text = "console.log('a script that is long enough to be worth a coding');";
constexpr std::string_view script_brotli = "brotli bytes";
constexpr std::string_view script_gzip = "gzip bytes";

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

const std::vector<gateway::static_file>& files() {
    static const std::vector<gateway::static_file> all{
        {"/index.html", "text/html; charset=utf-8", "page1", false, bytes_of(page_text), {}, {}},
        {"/assets/app-1a2b.js", "text/javascript; charset=utf-8", "script1", true, bytes_of(script_text),
         bytes_of(script_brotli), bytes_of(script_gzip)},
    };
    return all;
}

gateway::operation_spec spec(std::string_view name, gateway::http_method method, std::string_view path,
                             gateway::access who = gateway::access::user) {
    gateway::operation_spec made;
    made.name = name;
    made.method = method;
    made.path = path;
    made.access = who;
    made.summary = "Made up";
    return made;
}

task<echo_input> echo(gateway::call&, echo_input input) {
    co_return input;
}
task<search_input> search(gateway::call&, search_input input) {
    co_return input;
}
task<json::nothing> remove(gateway::call& c, thing_input) {
    c.set_cookies.emplace_back("old=; Max-Age=0");
    co_return json::nothing();
}
task<json::nothing> fail(gateway::call&, json::nothing) {
    throw std::runtime_error("SELECT secret FROM /var/lib/kith");
    co_return json::nothing();
}

}  // namespace

gateway::principal token_list::authenticate(std::string_view access_token) {
    if (access_token != "user" && access_token != "admin") {
        throw error(error_code::unauthenticated, "this token has ended");
    }
    gateway::principal who;
    who.user = user_id(7);
    who.role = access_token == "admin" ? gateway::role::admin : gateway::role::user;
    return who;
}

void socket_list::adopt(gateway::upgraded connection) {
    taken.push_back(std::move(connection));
}

void counting_spawner::spawn(std::string_view, task<void> work) {
    ++running;
    asio::co_spawn(reactor_, std::move(work), [this](std::exception_ptr escaped) {
        failed += escaped ? 1 : 0;
        --running;
    });
}

std::string reply::field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
}

raw_client::raw_client(std::uint16_t port) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    timeval wait{};
    wait.tv_sec = patience.count();
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
}

void raw_client::send(std::string_view bytes) {
    boost::system::error_code gone;
    asio::write(socket_, asio::buffer(bytes), gone);
}

bool raw_client::fill() {
    char some[4096];
    // By recv itself: Asio's read would wait on after the receive timeout.
    const ssize_t got = recv(socket_.native_handle(), some, sizeof some, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        throw std::runtime_error("no bytes within the deadline");
    }
    buffer_.append(some, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return got > 0;
}

reply raw_client::receive(bool head) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) {
            return {};
        }
    }
    reply made;
    made.status = std::stoi(buffer_.substr(9, 3));
    std::size_t at = buffer_.find("\r\n") + 2;
    while (at < end + 2) {
        const std::size_t line_end = buffer_.find("\r\n", at);
        const std::size_t colon = buffer_.find(':', at);
        std::string name = buffer_.substr(at, colon - at);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        made.fields.emplace(name, buffer_.substr(colon + 2, line_end - colon - 2));
        at = line_end + 2;
    }
    buffer_.erase(0, end + 4);
    const std::string length = made.field("content-length");
    if (!head && !length.empty() && made.status != 304) {
        made.body = bytes(std::stoul(length));
    }
    return made;
}

std::string raw_client::bytes(std::size_t count) {
    while (buffer_.size() < count && fill()) {
    }
    std::string got = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return got;
}

reply raw_client::ask(std::string_view bytes) {
    send(bytes);
    return receive();
}

bool raw_client::ended() {
    while (fill()) {
    }
    return true;
}

bench::bench(config given, const gateway::http_times& times)
    : settings(std::move(given)), calls_(clock_, *log_, *metrics_, settings.limits.scale) {
    if (settings.server.listen == config().server.listen) {
        settings.server.listen = "127.0.0.1:0";
    }
    add_operations();
    const gateway::server_deps needs{reactor_, clock_,   random_,  *log_,   *metrics_, tasks, store,
                                     table,    sessions, settings, files(), "0.1.0",   *pool_};
    door.emplace(needs, calls_, sockets, times);
    port_ = door->listen();
    thread_ = std::thread([this] { reactor_.run(); });
}

bench::~bench() {
    on_reactor([this] {
        door->stop_accepting();
        door->cut_all();
        hold.cancel();
        sockets.taken.clear();
    });
    guard_.reset();
    thread_.join();
}

void bench::add_operations() {
    using gateway::access;
    using gateway::http_method;
    table.add<echo_input, echo_input>(spec("thing.echo", http_method::post, "/things/{thing}"), echo);
    table.add<search_input, search_input>(spec("thing.search", http_method::get, "/things", access::everyone),
                                          search);
    table.add<thing_input, json::nothing>(spec("thing.remove", http_method::del, "/things/{thing}"), remove);
    table.add<json::nothing, json::nothing>(spec("thing.fail", http_method::get, "/fail"), fail);
    table.add<thing_input, json::nothing>(
        spec("thing.admin", http_method::get, "/admin/{thing}", access::admin), remove);
    gateway::operation_spec cookie = spec("thing.cookie", http_method::post, "/cookie", access::everyone);
    cookie.cookie = true;
    cookie.takes_key = true;
    table.add<json::nothing, json::nothing>(cookie,
                                            [this](gateway::call& c, json::nothing) -> task<json::nothing> {
                                                seen_cookies = c.cookies;
                                                seen_key = c.idempotency_key;
                                                seen_address = c.address;
                                                seen_secure = c.secure_cookies;
                                                co_return json::nothing();
                                            });
    table.add<json::nothing, json::nothing>(spec("thing.slow", http_method::get, "/slow", access::everyone),
                                            [this](gateway::call&, json::nothing) -> task<json::nothing> {
                                                boost::system::error_code cancelled;
                                                hold.expires_after(patience);
                                                slow_began = true;
                                                co_await hold.async_wait(
                                                    asio::redirect_error(asio::use_awaitable, cancelled));
                                                co_return json::nothing();
                                            });
    gateway::operation_spec rare = spec("thing.rare", http_method::get, "/rare", access::everyone);
    rare.limit = gateway::limit_class{"rare", 0.001, 2};
    table.add<json::nothing, json::nothing>(rare, fail);
}

std::string bench::get(std::string_view path, std::string_view more) const {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + host() + "\r\n" + std::string(more) + "\r\n";
}

std::string bench::request(std::string_view method, std::string_view path, std::string_view body,
                           std::string_view more) const {
    std::string made = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: " + host() + "\r\n"
                       + std::string(more);
    made += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return made.append(body);
}

reply bench::ask(std::string_view bytes) const {
    raw_client client(port_);
    return client.ask(bytes);
}

bool bench::eventually(const std::function<bool()>& good) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!on_reactor([&] { return good(); })) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

}  // namespace http_bench
