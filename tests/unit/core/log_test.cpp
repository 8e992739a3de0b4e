// What is told of a state that lasts.
#include <kith/core/log.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using namespace kith;

class kept_lines final : public logger {
public:
    void write(log_level level, std::string_view message, std::initializer_list<log_field> fields) override {
        std::string line(level == log_level::warn ? "warn " : "info ");
        line += message;
        for (const log_field& field : fields) {
            line += " " + std::string(field.name()) + "=" + field.value();
        }
        lines.push_back(line);
    }
    void flush() override {}

    std::vector<std::string> lines;
};

TEST_CASE("a state that lasts is told when it begins, changes and ends") {
    kept_lines log;
    lasting_warning state(log, "no disk", "disk again");
    state.clear();
    CHECK(log.lines.empty());
    state.set("full");
    state.set("full");
    state.set("broken");
    state.set("broken");
    state.clear();
    state.clear();
    state.set("broken");
    CHECK(log.lines
          == std::vector<std::string>{"warn no disk why=full", "warn no disk why=broken", "info disk again",
                                      "warn no disk why=broken"});
}

}  // namespace
