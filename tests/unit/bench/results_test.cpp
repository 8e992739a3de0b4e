// How the bench prints its figures, and what it reads back.
#include "error.hpp"
#include "http_client.hpp"
#include "results.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace kith::bench;

namespace {

results sample_run() {
    row r;
    r.work = "send";
    r.title = "50 pairs";
    r.unit = "messages/CPU-s";
    r.kith = summarize({44'000, 46'000, 45'500});
    r.floor = summarize({91'000});
    r.target = goal{true, 45'000};
    r.note = "a note.";
    results run;
    run.command = "bench send";
    run.machine = "a machine";
    run.measured_at = "2030-01-02T03:04:05Z";
    run.rows = {r};
    return run;
}

}  // namespace

TEST_CASE("figures have three digits and separators") {
    CHECK(format_figure(0) == "0");
    CHECK(format_figure(0.27) == "0.270");
    CHECK(format_figure(0.01234) == "0.0123");
    CHECK(format_figure(3.14159) == "3.14");
    CHECK(format_figure(999.6) == "1,000");
    CHECK(format_figure(415'234) == "415,000");
    CHECK(format_figure(4'912'345) == "4,910,000");
    CHECK(format_figure(-1234) == "-1,230");
}

TEST_CASE("a ratio needs both sides") {
    row r = sample_run().rows.front();
    CHECK(*r.ratio() == Approx(0.5));
    r.floor = summarize({0});
    CHECK_FALSE(r.ratio());
    r.floor.reset();
    CHECK_FALSE(r.ratio());
}

TEST_CASE("a table tells whether a goal is met") {
    results run = sample_run();
    CHECK(text_table(run).find("≥ 45,000: met") != std::string::npos);
    run.rows[0].kith = summarize({44'999});
    CHECK(text_table(run).find("≥ 45,000: not met") != std::string::npos);
    run.rows[0].target = goal{false, 45'000};
    CHECK(text_table(run).find("≤ 45,000: met") != std::string::npos);
}

TEST_CASE("a goal may be a ratio to the floor") {
    results run = sample_run();
    run.rows[0].target = goal{true, 0.5, true};
    CHECK(text_table(run).find("≥ 0.50 of the floor: met") != std::string::npos);
    run.rows[0].target = goal{true, 0.51, true};
    CHECK(text_table(run).find("≥ 0.51 of the floor: not met") != std::string::npos);
    run.rows[0].floor.reset();
    CHECK_FALSE(run.rows[0].goal_is_met());
}

TEST_CASE("a peer stands beside Kith with the ratio of the two") {
    results run = sample_run();
    CHECK(text_table(run).find("redis") == std::string::npos);
    run.rows[0].peers.push_back({"redis", summarize({91'000}), run.rows[0].kith});
    const std::string text = text_table(run);
    CHECK(text.find("Kith : peer") != std::string::npos);
    CHECK(text.find("redis") < text.find("0.50", text.find("redis")));
}

TEST_CASE("a saved run gives the same report") {
    results run = sample_run();
    run.rows[0].peers.push_back({"redis", summarize({91'000, 92'000}), run.rows[0].kith});
    run.rows[0].target = goal{true, 0.4, true};
    run.rows[0].headline = false;
    run.commit = "abc";
    run.binary = "def";
    const results again = from_json(nlohmann::json::parse(to_json(run).dump()));
    CHECK(markdown_report(again) == markdown_report(run));
    CHECK(text_table(again) == text_table(run));
    CHECK_FALSE(again.rows[0].headline);
    CHECK(again.commit == "abc");
    CHECK(again.binary == "def");
    CHECK(markdown_report(run).find("`bench send`") != std::string::npos);
}

TEST_CASE("a quick run and a disturbed one say so") {
    results run = sample_run();
    CHECK(markdown_report(run).find("mean nothing") == std::string::npos);
    run.quick = true;
    run.other_load_max = 0.3;
    CHECK(markdown_report(run).find("mean nothing") != std::string::npos);
    CHECK(markdown_report(run).find("30.0 %") != std::string::npos);
}

TEST_CASE("HTTP answers are whole or awaited, cut at each byte") {
    const std::string answer = "HTTP/1.1 200 OK\r\ncontent-length:  5\r\nX: y\r\n\r\nhello";
    for (std::size_t cut = 0; cut < answer.size(); ++cut)
        REQUIRE_FALSE(parse_http_answer(answer.substr(0, cut)));
    const auto whole = parse_http_answer(answer + "HTTP/1.1");
    REQUIRE(whole);
    CHECK(whole->status == 200);
    CHECK(whole->body_bytes == 5);
    CHECK(whole->size() == answer.size());
    CHECK(parse_http_answer("HTTP/1.1 204 No Content\r\n\r\n")->size() == 27);
    CHECK_THROWS_AS(parse_http_answer("HTTP/1.1 200 OK\r\n\r\n"), bench_error);
    CHECK_THROWS_AS(parse_http_answer("SSH-2.0\r\n\r\n"), bench_error);
}
