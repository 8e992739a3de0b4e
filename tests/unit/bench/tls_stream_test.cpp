// The load's TLS against a server that the test plays itself: what is sent arrives, whole and in one call.
#include "arena.hpp"
#include "clock.hpp"
#include "connection.hpp"
#include "error.hpp"
#include "wire.hpp"
#include "world.hpp"

#include <catch2/catch.hpp>

#include <openssl/ssl.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

using namespace kith::bench;

namespace {

using ssl_context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

// Two ends of a connection; the server's blocks, and shakes hands on a thread of its own.
class stage {
public:
    stage() : folder_(std::filesystem::temp_directory_path().string()) {
        std::signal(SIGPIPE, SIG_IGN);  // as the bench does: OpenSSL tells a broken connection so
        write_self_signed(certificate(), key());
        SSL_CTX_use_certificate_file(context_.get(), certificate().c_str(), SSL_FILETYPE_PEM);
        SSL_CTX_use_PrivateKey_file(context_.get(), key().c_str(), SSL_FILETYPE_PEM);
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) throw_errno("socketpair");
        far_ = unique_fd(ends[1]);
        server_.reset(SSL_new(context_.get()));
        SSL_set_fd(server_.get(), far_.get());
        std::thread shaking([this] { SSL_accept(server_.get()); });
        try {
            client = std::make_unique<connection>(unique_fd(ends[0]), clients_);
        } catch (...) {
            shutdown(far_.get(), SHUT_RDWR);
            shaking.join();
            throw;
        }
        shaking.join();
    }

    void say(std::string_view text) {
        if (SSL_write(server_.get(), text.data(), static_cast<int>(text.size())) <= 0)
            throw bench_error("the test's server cannot write");
    }
    std::string hear(std::size_t size) {
        std::string text(size, '\0');
        for (std::size_t at = 0; at < size;) {
            const int count = SSL_read(server_.get(), text.data() + at, static_cast<int>(size - at));
            if (count <= 0) throw bench_error("the test's server cannot read");
            at += static_cast<std::size_t>(count);
        }
        return text;
    }
    void close_well() { SSL_shutdown(server_.get()); }
    void break_off() { far_ = unique_fd(); }
    std::string certificate() const { return folder_.path() + "/cert.pem"; }
    std::string key() const { return folder_.path() + "/key.pem"; }

    std::unique_ptr<connection> client;

private:
    scratch_folder folder_;
    ssl_context context_{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
    tls_clients clients_;
    unique_fd far_;
    ssl server_{nullptr, SSL_free};
};

}  // namespace

TEST_CASE("what comes in several records is read with one call, and then nothing is there") {
    stage s;
    std::array<char, 64> buffer{};
    CHECK(s.client->receive(buffer.data(), buffer.size()) == -1);
    CHECK(errno == EAGAIN);
    s.say("one ");
    s.say("two ");
    s.say("three");
    CHECK(s.client->receive(buffer.data(), buffer.size()) == 13);
    CHECK(std::string(buffer.data(), 13) == "one two three");
    CHECK(s.client->receive(buffer.data(), buffer.size()) == -1);
    s.say("abcdef");
    CHECK(s.client->receive(buffer.data(), 4) == 4);
    CHECK(s.client->receive(buffer.data(), 4) == 2);
}

TEST_CASE("all that is sent arrives, though the other side reads late") {
    stage s;
    const std::string text(4 << 20, 'x');
    std::string heard;
    std::thread reading([&] { heard = s.hear(text.size()); });
    s.client->send(text);
    reading.join();
    CHECK(heard == text);
}

TEST_CASE("a good end is an end, a broken one an error") {
    stage s;
    std::array<char, 8> buffer{};
    SECTION("good") {
        s.close_well();
        CHECK(s.client->receive(buffer.data(), buffer.size()) == 0);
    }
    SECTION("broken off") {
        s.break_off();
        CHECK_THROWS_AS(s.client->receive(buffer.data(), buffer.size()), bench_error);
    }
}

TEST_CASE("the key is its owner's alone") {
    stage s;
    struct stat found {};
    REQUIRE(stat(s.key().c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0600U);
}

TEST_CASE("a load through TLS counts as any other") {
    stage s;
    arena load;
    load.add_group(std::make_unique<floor_events>(200));
    load.add_socket(0, std::move(*s.client));
    load.send(0, 0, 1, now_ns());
    floor_events event(200);
    std::string frame;
    append_server_frame(frame, opcode::text, event.event({0, 0}));
    append_server_frame(frame, opcode::text, R"({"id":2,"ok":true,"data":{}})");
    s.say(frame);
    load.drain();
    load.verify();
    CHECK(load.deliveries() == 1);
    CHECK(load.answers() == 1);
}
