// Configuration: where values come from, which one wins, and what is said of wrong ones.
#include <kith/core/config.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace kith;

namespace {

class temporary_file {
public:
    explicit temporary_file(const std::string& text, const std::string& name = "kith-config")
        : path_(std::filesystem::temp_directory_path()
                / (name + "-" + std::to_string(::getpid()) + ".toml")) {
        std::ofstream(path_) << text;
    }
    ~temporary_file() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("command line wins over environment, environment over file, file over defaults") {
    const temporary_file file(
        "[server]\nname = \"file\"\nlisten = \"1.2.3.4:1\"\norigins = [\"https://a\", \"https://b\"]\n"
        "[limits]\nscale = 2.5\n");
    const config_result result = load_config(
        {file.path()}, {{"KITH_SERVER__NAME", "environment"}, {"KITH_LOG__LEVEL", "warn"}, {"PATH", "x"}},
        {"log.level=debug"});
    REQUIRE(result.errors.empty());
    CHECK(result.warnings.empty());
    CHECK(result.values.server.name == "environment");
    CHECK(result.values.server.listen == "1.2.3.4:1");
    CHECK(result.values.server.origins == std::vector<std::string>{"https://a", "https://b"});
    CHECK(result.values.log.level == "debug");
    CHECK(result.values.limits.scale == 2.5);
    CHECK(result.values.users.access_seconds == std::chrono::minutes(15));
}

TEST_CASE("a list is read as in the environment and as in the file") {
    const std::vector<std::string> both{"10.0.0.0/8", "::1"};
    CHECK(load_config({}, {}, {"server.trusted_proxies=10.0.0.0/8,::1"}).values.server.trusted_proxies
          == both);
    CHECK(
        load_config({}, {}, {R"(server.trusted_proxies=["10.0.0.0/8", "::1"])"}).values.server.trusted_proxies
        == both);
    CHECK(load_config({}, {}, {"server.trusted_proxies="}).values.server.trusted_proxies.empty());
}

TEST_CASE("an IPv6 address keeps its brackets in a list") {
    const std::vector<std::string> one{"http://[::1]:8080"};
    CHECK(load_config({}, {}, {"server.origins=http://[::1]:8080"}).values.server.origins == one);
    CHECK(load_config({}, {}, {R"(server.origins=["http://[::1]:8080"])"}).values.server.origins == one);
    const temporary_file file("[server]\norigins = [\"http://[::1]:8080\"]\n");
    CHECK(load_config({file.path()}, {}, {}).values.server.origins == one);
}

TEST_CASE("of several files the later one wins") {
    const temporary_file first("[server]\nname = \"first\"\n[log]\nlevel = \"warn\"\n", "kith-config-first");
    const temporary_file second("[server]\nname = \"second\"\n", "kith-config-second");
    const config_result result = load_config({first.path(), second.path()}, {}, {});
    CHECK(result.errors.empty());
    CHECK(result.values.server.name == "second");
    CHECK(result.values.log.level == "warn");
    CHECK(load_config({second.path(), first.path()}, {}, {}).values.server.name == "first");
}

TEST_CASE("what is no readable file is an error without a line") {
    const std::filesystem::path folder = std::filesystem::temp_directory_path();
    for (const auto& [file, why] :
         std::map<std::filesystem::path, std::string>{{folder, "is a folder"},
                                                      {folder / "kith-is-not-here.toml", "No such file"},
                                                      {"/dev/null", "not a regular file"}}) {
        INFO(file);
        const config_result result = load_config({file}, {}, {});
        REQUIRE(result.errors.size() == 1);
        CHECK(result.errors[0].find(file.string() + ": ") == 0);
        CHECK(result.errors[0].find(why) != std::string::npos);
        CHECK(result.errors[0].find(":0:") == std::string::npos);
    }
}

TEST_CASE("addresses, networks, URLs and origins are looked at while loading") {
    for (const char* const good :
         {"server.listen=127.0.0.1:8080", "server.listen=[::1]:0", "server.listen=localhost:80",
          "server.public_url=", "server.public_url=https://chat.example.org/",
          "server.public_url=http://[::1]:1",
          "server.origins=", "server.origins=https://a.example,http://b.example:81",
          "server.trusted_proxies=", "server.trusted_proxies=10.0.0.0/8,::1,2001:db8::/32"}) {
        INFO(good);
        CHECK(load_config({}, {}, {good}).errors.empty());
    }
    for (const auto& [assignment, expected] : std::map<std::string, std::string>{
             {"server.listen=xx", "ADDRESS:PORT"},
             {"server.listen=", "ADDRESS:PORT"},
             {"server.listen=127.0.0.1:99999", "ADDRESS:PORT"},
             {"server.listen=chat.example.org:80", "ADDRESS:PORT"},
             {"server.public_url=ftp://x", "http or https URL"},
             {"server.public_url=https://x/path", "without a path"},
             {"server.origins=https://a.example,zz", "\"zz\" is not"},
             {"server.trusted_proxies=10.0.0.0/8,zz", "\"zz\" is not"},
             {"server.trusted_proxies=10.0.0.0/33", "\"10.0.0.0/33\" is not"}}) {
        INFO(assignment);
        const config_result result = load_config({}, {}, {assignment});
        REQUIRE(result.errors.size() == 1);
        CHECK(result.errors[0].find(assignment.substr(0, assignment.find('='))) != std::string::npos);
        CHECK(result.errors[0].find(expected) != std::string::npos);
    }
}

TEST_CASE("wrong values name key, place and what was expected") {
    const config_result result =
        load_config({}, {{"KITH_LOG__LEVEL", "loud"}},
                    {"users.registration=anyone", "limits.scale=0", "server.nothing=1", "novalue"});
    REQUIRE(result.errors.size() == 5);
    CHECK(result.errors[0].find("log.level") != std::string::npos);
    CHECK(result.errors[0].find("debug info warn error") != std::string::npos);
    CHECK(result.errors[1].find("invite open closed") != std::string::npos);
}

TEST_CASE("unknown keys of a file are warnings, a broken file is an error with its line") {
    const temporary_file unknown("[server]\nnam = \"x\"\n");
    CHECK(load_config({unknown.path()}, {}, {}).warnings.size() == 1);
    const temporary_file broken("[server]\nname = \n");
    const config_result result = load_config({broken.path()}, {}, {});
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0].find(":2:") != std::string::npos);
}

TEST_CASE("what would lose answered messages is refused outside of tests") {
    ::unsetenv("KITH_TEST_UNSAFE");
    CHECK(load_config({}, {}, {"database.synchronous=NORMAL"}).errors.size() == 1);
    CHECK(load_config({}, {}, {"test.mutation=skip_fan_out"}).errors.size() == 1);
    ::setenv("KITH_TEST_UNSAFE", "1", 1);
    CHECK(load_config({}, {}, {"database.synchronous=NORMAL"}).errors.empty());
    ::unsetenv("KITH_TEST_UNSAFE");
}

TEST_CASE("the example file is valid and changes nothing") {
    const temporary_file example(example_config());
    const config_result result = load_config({example.path()}, {}, {});
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    for (const config_entry& entry : result.entries) {
        CHECK(entry.origin == config_origin::default_value);
    }
}

TEST_CASE("a database server is named by a URL without a password") {
    const config tcp = load_config({}, {}, {"database.url=mysql://kith@db.example.org:3307/chat"}).values;
    REQUIRE(tcp.database.url);
    CHECK(tcp.database.url->user == "kith");
    CHECK(tcp.database.url->host == "db.example.org");
    CHECK(tcp.database.url->port == 3307);
    CHECK(tcp.database.url->name == "chat");
    CHECK_FALSE(tcp.database.url->is_local());
    const std::optional<database_url> socket =
        parse_database_url("mysql://kith@localhost/chat?socket=/run/m.sock");
    REQUIRE(socket);
    CHECK(socket->socket == "/run/m.sock");
    CHECK(socket->is_local());
    CHECK(socket->text() == "mysql://kith@localhost/chat?socket=/run/m.sock");
    CHECK(parse_database_url("mysql://a@[::1]:3306/b")->host == "::1");
    CHECK(parse_database_url("mysql://a@[::1]/b")->text() == "mysql://a@[::1]:3306/b");
    for (const char* wrong :
         {"mysql://kith@host", "mysql://host/name", "postgres://a@b/c", "mysql://a@b:0/c", "mysql://a@b/c/d",
          "mysql://a@b/c?socket=/x", "mysql://a@localhost/c?socket=x", "mysql://a@localhost/c?x=/y",
          "mysql://a b@c/d", "mysql://kith:secret@host/name"}) {
        CHECK_FALSE(parse_database_url(wrong));
    }
    // A password in it is refused, and not repeated.
    const config_result refused = load_config({}, {}, {"database.url=mysql://kith:secret@host/name"});
    REQUIRE(refused.errors.size() == 1);
    CHECK(refused.errors[0].find("secret") == std::string::npos);
}

TEST_CASE("the password of the database comes from the environment or a file, and is shown nowhere") {
    const std::string url = "database.url=mysql://kith@localhost/chat";
    const config_result given = load_config({}, {{"KITH_DATABASE__PASSWORD", "hunter2"}}, {url});
    CHECK(given.errors.empty());
    CHECK(given.values.database.password == "hunter2");
    for (const config_entry& entry : given.entries) {
        CHECK(entry.value.find("hunter2") == std::string::npos);
    }
    CHECK(example_config().find("# password =") == std::string::npos);
    const config_result open = load_config({}, {}, {url, "database.password=hunter2"});
    REQUIRE(open.errors.size() == 1);
    CHECK(open.errors[0].find("hunter2") == std::string::npos);
    CHECK(open.values.database.password.empty());
    CHECK(
        load_config({}, {{"KITH_DATABASE__PASSWORD", "x"}}, {url, "database.password_file=/y"}).errors.size()
        == 1);
}

TEST_CASE("a certificate and its key come together, and people by https") {
    const std::string certificate = "tls.certificate=cert.pem";
    const std::string key = "tls.key=key.pem";
    CHECK_FALSE(load_config({}, {}, {}).values.tls.on());
    const config_result both = load_config({}, {}, {certificate, key, "server.public_url=https://kith.test"});
    CHECK(both.errors.empty());
    CHECK(both.values.tls.on());
    CHECK(both.values.tls.key == "key.pem");
    CHECK(load_config({}, {}, {certificate}).errors
          == std::vector<std::string>{"tls.key: it is missing beside tls.certificate"});
    CHECK(load_config({}, {}, {key}).errors
          == std::vector<std::string>{"tls.certificate: it is missing beside tls.key"});
    const config_result plain = load_config({}, {}, {certificate, key, "server.public_url=HTTP://kith.test"});
    REQUIRE(plain.errors.size() == 1);
    CHECK(plain.errors.front().find("server.public_url") == 0);
}
