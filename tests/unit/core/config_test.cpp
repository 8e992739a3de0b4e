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
    explicit temporary_file(const std::string& text)
        : path_(std::filesystem::temp_directory_path()
                / ("kith-config-" + std::to_string(::getpid()) + ".toml")) {
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
        file.path(), {{"KITH_SERVER__NAME", "environment"}, {"KITH_LOG__LEVEL", "warn"}, {"PATH", "x"}},
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
    CHECK(
        load_config(std::nullopt, {}, {"server.trusted_proxies=10.0.0.0/8,::1"}).values.server.trusted_proxies
        == both);
    CHECK(load_config(std::nullopt, {}, {R"(server.trusted_proxies=["10.0.0.0/8", "::1"])"})
              .values.server.trusted_proxies
          == both);
    CHECK(load_config(std::nullopt, {}, {"server.trusted_proxies="}).values.server.trusted_proxies.empty());
}

TEST_CASE("wrong values name key, place and what was expected") {
    const config_result result =
        load_config(std::nullopt, {{"KITH_LOG__LEVEL", "loud"}},
                    {"users.registration=anyone", "limits.scale=0", "server.nothing=1", "novalue"});
    REQUIRE(result.errors.size() == 5);
    CHECK(result.errors[0].find("log.level") != std::string::npos);
    CHECK(result.errors[0].find("debug info warn error") != std::string::npos);
    CHECK(result.errors[1].find("invite open closed") != std::string::npos);
}

TEST_CASE("unknown keys of a file are warnings, a broken file is an error with its line") {
    const temporary_file unknown("[server]\nnam = \"x\"\n");
    CHECK(load_config(unknown.path(), {}, {}).warnings.size() == 1);
    const temporary_file broken("[server]\nname = \n");
    const config_result result = load_config(broken.path(), {}, {});
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0].find(":2:") != std::string::npos);
}

TEST_CASE("what would lose answered messages is refused outside of tests") {
    ::unsetenv("KITH_TEST_UNSAFE");
    CHECK(load_config(std::nullopt, {}, {"database.synchronous=NORMAL"}).errors.size() == 1);
    CHECK(load_config(std::nullopt, {}, {"test.mutation=skip_fan_out"}).errors.size() == 1);
    ::setenv("KITH_TEST_UNSAFE", "1", 1);
    CHECK(load_config(std::nullopt, {}, {"database.synchronous=NORMAL"}).errors.empty());
    ::unsetenv("KITH_TEST_UNSAFE");
}

TEST_CASE("the example file is valid and changes nothing") {
    const temporary_file example(example_config());
    const config_result result = load_config(example.path(), {}, {});
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    for (const config_entry& entry : result.entries) {
        CHECK(entry.origin == config_origin::default_value);
    }
}
