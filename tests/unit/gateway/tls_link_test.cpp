// TLS over a pair of sockets: records, what the kernel does not take, and the ways a connection ends.
#include "certificate.hpp"
#include "pem_pair.hpp"
#include "tls_link.hpp"

#include <catch2/catch.hpp>

#include <openssl/ssl.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

using namespace kith;
using namespace kith::gateway;

namespace {

constexpr std::size_t overhead_max = 64;  ///< of one record

/// A server and a client after their handshake.
struct ends {
    explicit ends(int kernel_bytes = 0) {
        std::array<int, 2> made{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, made.data()) == 0);
        if (kernel_bytes > 0) {
            ::setsockopt(made[0], SOL_SOCKET, SO_SNDBUF, &kernel_bytes, sizeof kernel_bytes);
        }
        descriptors = made;
        server.emplace(offered.context(), made[0], tls_link::role::server);
        client.emplace(asking.context(), made[1], tls_link::role::client);
        tls_link::step of_server = tls_link::step::wants_read;
        tls_link::step of_client = tls_link::step::wants_read;
        for (int round = 0;
             round < 10 && (of_server != tls_link::step::done || of_client != tls_link::step::done);
             ++round) {
            server->about_to_wait();
            client->about_to_wait();
            of_client = client->handshake();
            of_server = server->handshake();
        }
        REQUIRE(of_server == tls_link::step::done);
        REQUIRE(of_client == tls_link::step::done);
    }
    ~ends() {
        for (const int one : descriptors) {
            ::close(one);
        }
    }
    ends(const ends&) = delete;
    ends& operator=(const ends&) = delete;

    /// What waits in the kernel for the client, not yet deciphered.
    [[nodiscard]] std::size_t on_the_wire() const {
        std::vector<char> all(1U << 20U);
        const ssize_t got = ::recv(descriptors[1], all.data(), all.size(), MSG_PEEK | MSG_DONTWAIT);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    /// Everything the client can read now.
    std::string read_all() {
        std::string all;
        std::array<char, 4096> part{};
        client->about_to_wait();
        for (ssize_t got = 1; got > 0;) {
            got = client->receive(part);
            all.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        }
        return all;
    }

    pem_pair::texts texts = pem_pair::make();
    certificate offered{texts.certificate, texts.key, config::tls_section()};
    client_context asking;
    std::array<int, 2> descriptors{};
    std::optional<tls_link> server;
    std::optional<tls_link> client;
};

/// A server, and a client that can do what ours never does.
struct odd_client {
    odd_client() : ssl(SSL_new(asking.context()), &SSL_free) {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, descriptors.data()) == 0);
        server.emplace(offered.context(), descriptors[0], tls_link::role::server);
        SSL_set_fd(ssl.get(), descriptors[1]);
        SSL_set_connect_state(ssl.get());
        tls_link::step of_server = tls_link::step::wants_read;
        int of_client = 0;
        for (int round = 0; round < 10 && (of_server != tls_link::step::done || of_client != 1); ++round) {
            server->about_to_wait();
            of_client = SSL_do_handshake(ssl.get());
            of_server = server->handshake();
        }
        REQUIRE(of_server == tls_link::step::done);
        REQUIRE(of_client == 1);
    }
    ~odd_client() {
        ssl.reset();
        ::close(descriptors[0]);
        ::close(descriptors[1]);
    }
    odd_client(const odd_client&) = delete;
    odd_client& operator=(const odd_client&) = delete;

    void renew_keys(int times, int how = SSL_KEY_UPDATE_NOT_REQUESTED) {
        for (int i = 0; i < times; ++i) {
            REQUIRE(SSL_key_update(ssl.get(), how) == 1);
            REQUIRE(SSL_do_handshake(ssl.get()) == 1);
        }
    }
    void say(std::string_view words) {
        REQUIRE(SSL_write(ssl.get(), words.data(), static_cast<int>(words.size()))
                == static_cast<int>(words.size()));
    }
    /// What one receive() of the server gives; "-" with errno when it is nothing.
    std::string heard() {
        std::array<char, 100> some{};
        server->about_to_wait();
        const ssize_t got = server->receive(some);
        return got < 0 ? "-" : std::string(some.data(), static_cast<std::size_t>(got));
    }

    pem_pair::texts texts = pem_pair::make();
    certificate offered{texts.certificate, texts.key, config::tls_section()};
    client_context asking;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl;
    std::array<int, 2> descriptors{};
    std::optional<tls_link> server;
};

std::vector<iovec> parts_of(std::vector<std::string>& texts) {
    std::vector<iovec> parts;
    for (std::string& text : texts) {
        parts.push_back(iovec{text.data(), text.size()});
    }
    return parts;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
        all += text;
    }
    return all;
}

}  // namespace

TEST_CASE("small parts are joined into one record") {
    ends both;
    both.read_all();  // the tickets
    std::vector<std::string> frames(64, std::string(200, 'x'));
    frames[3] = "y";
    const std::vector<iovec> parts = parts_of(frames);
    const std::string all = joined(frames);
    CHECK(both.server->send(parts) == static_cast<ssize_t>(all.size()));
    CHECK(both.on_the_wire() < all.size() + overhead_max);
    CHECK(both.read_all() == all);
    CHECK_FALSE(both.server->has_unsent());
}

TEST_CASE("parts larger than a record come whole") {
    ends both;
    both.read_all();
    std::vector<std::string> frames{std::string(10, 'a'), std::string(40'000, 'b'), std::string(16'384, 'c'),
                                    std::string(1, 'd'), std::string(16'385, 'e')};
    const std::vector<iovec> parts = parts_of(frames);
    const std::string all = joined(frames);
    CHECK(both.server->send(parts) == static_cast<ssize_t>(all.size()));
    const std::size_t records = all.size() / tls_link::record_bytes + 1;
    CHECK(both.on_the_wire() < all.size() + records * overhead_max);
    CHECK(both.read_all() == all);
}

TEST_CASE("what the kernel does not take is kept, a record at most, and goes first") {
    ends both(4096);
    both.read_all();
    std::vector<std::string> frames(200, std::string(1000, 'x'));
    for (std::size_t i = 0; i < frames.size(); ++i) {
        frames[i].replace(0, 6, std::to_string(100'000 + i));
    }
    std::string left = joined(frames);
    const std::string all = left;
    std::string got;
    bool kept = false;
    while (!left.empty() || both.server->has_unsent()) {
        iovec part{left.data(), left.size()};
        const ssize_t taken = both.server->send(std::span(&part, left.empty() ? 0U : 1U));
        if (taken < 0) {
            REQUIRE(errno == EAGAIN);
        } else {
            left.erase(0, static_cast<std::size_t>(taken));
        }
        if (both.server->has_unsent()) {
            kept = true;
            got += both.read_all();
        }
    }
    got += both.read_all();
    CHECK(kept);
    CHECK(got == all);
}

TEST_CASE("a link that can't send tells so without taking more") {
    ends both(4096);
    both.read_all();
    std::string much(64 * tls_link::record_bytes, 'x');
    iovec part{much.data(), much.size()};
    const ssize_t taken = both.server->send(std::span(&part, 1));
    REQUIRE(taken > 0);
    REQUIRE(static_cast<std::size_t>(taken) < much.size());
    REQUIRE(both.server->has_unsent());
    CHECK(both.server->send(std::span(&part, 1)) == -1);
    CHECK(errno == EAGAIN);
    CHECK_FALSE(both.server->flush());
}

TEST_CASE("one may wait for the socket only when nothing is read ahead") {
    ends both;
    std::string words(3000, 'x');
    iovec part{words.data(), words.size()};
    CHECK(both.client->send(std::span(&part, 1)) == 3000);
    std::array<char, 1000> some{};
    both.server->about_to_wait();
    CHECK(both.server->receive(some) == 1000);
    CHECK_FALSE(both.server->drained());
    CHECK(both.server->receive(some) == 1000);
    CHECK(both.server->receive(some) == 1000);
    CHECK(both.server->receive(some) == -1);
    CHECK(errno == EAGAIN);
    CHECK(both.server->drained());
}

TEST_CASE("an end that is told is an end, one that is not is a reset") {
    std::array<char, 100> some{};
    SECTION("close_notify") {
        ends both;
        both.client->close_notify();
        both.client->close_notify();  // said once
        both.server->about_to_wait();
        CHECK(both.server->receive(some) == 0);
    }
    SECTION("cut off") {
        ends both;
        ::shutdown(both.descriptors[1], SHUT_WR);
        both.server->about_to_wait();
        CHECK(both.server->receive(some) == -1);
        CHECK(errno == ECONNRESET);
        CHECK(both.server->receive(some) == -1);
    }
    SECTION("nonsense") {
        ends both;
        CHECK(::send(both.descriptors[1], "plain text", 10, MSG_NOSIGNAL) == 10);
        both.server->about_to_wait();
        CHECK(both.server->receive(some) == -1);
        CHECK(errno == ECONNRESET);
        iovec part{some.data(), some.size()};
        CHECK(both.server->send(std::span(&part, 1)) == -1);
    }
}

TEST_CASE("keys are renewed now and then, and what is said flows") {
    odd_client odd;
    for (int times = 0; times < 3 * tls_link::demands_max; ++times) {
        odd.renew_keys(1, SSL_KEY_UPDATE_REQUESTED);
        odd.say("ping");
        REQUIRE(odd.heard() == "ping");
        std::string words = "pong";
        iovec part{words.data(), words.size()};
        REQUIRE(odd.server->send(std::span(&part, 1)) == 4);
        std::array<char, 100> some{};
        REQUIRE(SSL_read(odd.ssl.get(), some.data(), some.size()) == 4);
    }
    odd.renew_keys(tls_link::demands_max);
    CHECK(odd.heard() == "-");
    CHECK(errno == EAGAIN);
    CHECK(odd.server->drained());
    odd.say("still here");
    CHECK(odd.heard() == "still here");
}

TEST_CASE("who renews keys without pause is cut off within one call") {
    odd_client odd;
    SECTION("at once") {
        odd.renew_keys(tls_link::demands_max + 1);
        odd.say("not heard");
    }
    SECTION("in small pieces") {
        for (int times = 0; times < tls_link::demands_max; ++times) {
            odd.renew_keys(1);
            REQUIRE(odd.heard() == "-");
            REQUIRE(errno == EAGAIN);
        }
        odd.renew_keys(1);
    }
    SECTION("though a byte comes in between: it pays for one") {
        odd.renew_keys(tls_link::demands_max);
        odd.say("x");
        REQUIRE(odd.heard() == "x");
        odd.renew_keys(1);
        odd.say("y");
        REQUIRE(odd.heard() == "y");
        odd.renew_keys(2);
    }
    CHECK(odd.heard() == "-");
    CHECK(errno == ECONNRESET);
    CHECK(odd.heard() == "-");
    CHECK(errno == ECONNRESET);
    std::string words = "words";
    iovec part{words.data(), words.size()};
    CHECK(odd.server->send(std::span(&part, 1)) == -1);
    CHECK(errno == ECONNRESET);
}
