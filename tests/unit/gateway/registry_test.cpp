// The operation table: what is registered is found, and decoding names every wrong field.
#include <kith/core/error.hpp>
#include <kith/gateway/registry.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

using namespace kith;
using namespace kith::gateway;

namespace registering {

struct add_input {
    std::int64_t left = 0;
    std::int64_t right = 0;
    std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(add_input, (), (left, right, note))
struct sum {
    std::int64_t total = 0;
};
BOOST_DESCRIBE_STRUCT(sum, (), (total))

task<sum> add(call& c, add_input input) {
    c.status = 201;
    sum made;
    made.total = input.left + input.right;
    co_return made;
}

operation_spec spec() {
    operation_spec made;
    made.name = "math.add";
    made.method = http_method::post;
    made.path = "/sums";
    return made;
}

std::string run(const operation& op, call& c, const char* input) {
    boost::asio::io_context reactor;
    std::string answer;
    const json::value parsed = json::parse(input);
    boost::asio::co_spawn(reactor, op.run(c, parsed), [&](std::exception_ptr failed, std::string text) {
        REQUIRE_FALSE(failed);
        answer = std::move(text);
    });
    reactor.run();
    return answer;
}

}  // namespace registering

TEST_CASE("an operation decodes its input, runs and encodes its output") {
    registry table;
    table.add<registering::add_input, registering::sum>(registering::spec(), registering::add);
    const operation* const op = table.find("math.add");
    REQUIRE(op != nullptr);
    CHECK(op->has_output);
    CHECK(table.find("math") == nullptr);
    CHECK(table.operations().size() == 1);
    call c;
    CHECK(registering::run(*op, c, R"({"left":2,"right":40})") == R"({"total":42})");
    CHECK(c.status == 201);
}

TEST_CASE("decoding happens before the work starts, and names every field") {
    registry table;
    table.add<registering::add_input, registering::sum>(registering::spec(), registering::add);
    call c;
    const json::value wrong = json::parse(R"({"left":"2","more":1})");
    std::vector<std::string> pointers;
    try {
        static_cast<void>(table.find("math.add")->run(c, wrong));
    } catch (const error& refused) {
        CHECK(refused.code() == error_code::invalid);
        for (const error_detail& one : refused.pointers()) {
            pointers.push_back(one.pointer);
        }
    }
    CHECK(pointers == std::vector<std::string>{"/left", "/right", "/more"});
}

TEST_CASE("events are found by type") {
    registry table;
    table.add_event<registering::sum>("sum.made", "sum", [](snapshot&, user_id, const journal::note_row&) {
        return std::optional<registering::sum>();
    });
    REQUIRE(table.find_event("sum.made") != nullptr);
    CHECK(table.find_event("sum") == nullptr);
    registering::sum noted;
    noted.total = 3;
    CHECK(table.find_event("sum.made")->encode(&noted) == R"({"total":3})");
}
