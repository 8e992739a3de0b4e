// One question to a server, within a time: GET /healthz.
#include "certificate.hpp"
#include "transport.hpp"

#include <kith/core/net_address.hpp>
#include <kith/gateway/tls.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <optional>

namespace kith::gateway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t answer_bytes_max = 4096;

/// What a probe holds; outlives its coroutine, which the end of the time leaves behind.
struct probe {
    explicit probe(const probe_place& asked)
        : where(asked),
          request("GET /healthz HTTP/1.1\r\nHost: " + host_and_port(asked.host, asked.port)
                  + "\r\nConnection: close\r\n\r\n"),
          resolver(reactor),
          stream(tcp::socket(reactor)) {}

    probe_place where;
    std::string request;
    asio::io_context reactor{1};
    tcp::resolver resolver;
    client_context tls;
    transport stream;
    std::string text;
    boost::system::error_code failed;
    std::string why;
    bool done = false;
};

task<void> ask(probe& p) {
    const auto found = co_await p.resolver.async_resolve(p.where.host, std::to_string(p.where.port),
                                                         asio::redirect_error(asio::use_awaitable, p.failed));
    if (!p.failed) {
        co_await asio::async_connect(p.stream.next_layer(), found,
                                     asio::redirect_error(asio::use_awaitable, p.failed));
    }
    if (!p.failed && p.where.tls) {
        const bool shook = co_await p.stream.connect_tls(p.tls.context());
        if (!shook) {
            p.why = "it does not speak TLS as we do";
            co_return;
        }
    }
    if (!p.failed) {
        co_await asio::async_write(p.stream, asio::buffer(p.request),
                                   asio::redirect_error(asio::use_awaitable, p.failed));
    }
    if (!p.failed) {
        co_await asio::async_read(p.stream, asio::dynamic_buffer(p.text, answer_bytes_max),
                                  asio::redirect_error(asio::use_awaitable, p.failed));
    }
    p.done = !p.failed || p.failed == asio::error::eof;
    p.why = p.done ? std::string() : p.failed.message();
}

}  // namespace

probe_answer ask_health_blocking(const probe_place& where, std::chrono::milliseconds timeout) {
    probe asked(where);
    std::exception_ptr escaped;
    asio::co_spawn(asked.reactor, ask(asked), [&escaped](const std::exception_ptr& what) { escaped = what; });
    asked.reactor.run_for(timeout);
    if (escaped) {
        std::rethrow_exception(escaped);
    }
    if (!asked.done && asked.why.empty()) {
        asked.why = "no answer within "
                    + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(timeout).count())
                    + " seconds";
    }
    return probe_answer{asked.done ? asked.text : std::string(), asked.why};
}

}  // namespace kith::gateway
