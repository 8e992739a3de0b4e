// Which runs the bench shows as its figures, and where it writes them.
#include "error.hpp"
#include "report.hpp"
#include "world.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace kith::bench;
using Catch::Matchers::Contains;

namespace {

results sample_run(const std::string& title) {
    row r;
    r.work = "send";
    r.title = title;
    r.unit = "messages/CPU-s";
    r.kith = summarize({46'000});
    r.floor = summarize({92'000});
    r.peers.push_back({"redis", summarize({23'000}), r.kith});
    results run;
    run.command = "bench " + title;
    run.machine = "a machine";
    run.version = "1.2.3";
    run.commit = "0123456789abcdef";
    run.binary = "b1";
    run.measured_at = "2030-01-02T03:04:05Z";
    run.rows = {r};
    return run;
}

std::string all_objections(const std::vector<results>& runs, const standing& here) {
    std::string text;
    for (const std::string& one : objections(runs, here)) text += one + "\n";
    return text;
}

const standing as_measured{"b1", true};

}  // namespace

TEST_CASE("a run of what stands here is shown") {
    CHECK(all_objections({sample_run("pairs")}, as_measured).empty());
    CHECK(all_objections({sample_run("pairs"), sample_run("groups")}, as_measured).empty());
}

TEST_CASE("a run of anything else is not shown unasked") {
    results run = sample_run("pairs");
    SECTION("another binary here") {
        CHECK_THAT(all_objections({run}, {"b2", true}), Contains("another binary"));
        CHECK_THAT(all_objections({run}, {"", true}), Contains("another binary"));
    }
    SECTION("other code here") {
        CHECK_THAT(all_objections({run}, {"b1", false}), Contains("code has changed"));
    }
    SECTION("quick") {
        run.quick = true;
        CHECK_THAT(all_objections({run}, as_measured), Contains("mean nothing"));
    }
    SECTION("no server") {
        run.binary.clear();
        CHECK_THAT(all_objections({run}, {"", true}), Contains("measured no Kith"));
    }
    SECTION("uncommitted code") {
        run.commit += "+";
        CHECK_THAT(all_objections({run}, as_measured), Contains("no commit holds"));
        run.commit.clear();
        CHECK_THAT(all_objections({run}, as_measured), Contains("no commit holds"));
    }
    SECTION("mixed runs") {
        results other = sample_run("groups");
        other.binary = "b2";
        CHECK_THAT(all_objections({run, other}, as_measured), Contains("different binaries"));
        other = sample_run("groups");
        other.commit = "fedcba9876543210";
        CHECK_THAT(all_objections({run, other}, as_measured), Contains("different commits"));
        other = sample_run("groups");
        other.machine = "another machine";
        CHECK_THAT(all_objections({run, other}, as_measured), Contains("different machines"));
    }
}

TEST_CASE("runs of different things are joined in order") {
    const results joined = join_runs({sample_run("pairs"), sample_run("groups")});
    REQUIRE(joined.rows.size() == 2);
    CHECK(joined.rows[0].title == "pairs");
    CHECK(joined.command == "bench pairs` and `bench groups");
}

TEST_CASE("a later run replaces the rows that it has too, in their place") {
    results first = sample_run("pairs");
    first.rows.push_back(sample_run("groups").rows.front());
    results later = sample_run("pairs");
    later.command = "bench again";
    later.measured_at = "2030-01-03T03:04:05Z";
    later.rows[0].kith = summarize({50'000});
    later.rows[0].floor.reset();
    SECTION("the same unit") {
        const results joined = join_runs({first, later});
        REQUIRE(joined.rows.size() == 2);
        CHECK(joined.rows[0].title == "pairs");
        CHECK(joined.rows[0].kith->median == 50'000);
        CHECK_FALSE(joined.rows[0].floor);  // a floor of another run is none
        CHECK(joined.rows[1].title == "groups");
        CHECK(joined.command == "bench pairs` and `bench again");
        CHECK(joined.measured_at == later.measured_at);
    }
    SECTION("another unit is another thing") {
        later.rows[0].unit = "messages/s";
        CHECK(join_runs({first, later}).rows.size() == 3);
    }
}

TEST_CASE("a run of which nothing is shown is not named and does not warn") {
    results first = sample_run("pairs");
    first.quick = true;
    first.other_load_max = 0.5;
    results later = sample_run("pairs");
    later.command = "bench again";
    const results joined = join_runs({first, later});
    CHECK(joined.command == "bench again");
    CHECK_FALSE(joined.quick);
    CHECK(joined.other_load_max == 0);
    later.rows[0].peers.clear();  // now the first one's peer is still there
    CHECK(join_runs({first, later}).command == "bench pairs` and `bench again");
    CHECK(join_runs({first, later}).quick);
}

TEST_CASE("a peer keeps Kith's figure of its own run") {
    results peers = sample_run("pairs");
    results later = sample_run("pairs");
    later.rows[0].kith = summarize({92'000});
    later.rows[0].peers = {{"nats", summarize({46'000}), later.rows[0].kith}};
    const results joined = join_runs({peers, later});
    REQUIRE(joined.rows.size() == 1);
    CHECK(joined.rows[0].kith->median == 92'000);
    REQUIRE(joined.rows[0].peers.size() == 2);
    CHECK(*joined.rows[0].peers[1].ratio() == Approx(2));  // redis
    const std::string table = readme_table(joined);
    CHECK_THAT(table, Contains("| work | Kith | nats | redis |"));
    CHECK_THAT(table, Contains("| send: pairs, messages/CPU-s | 92,000 | 46,000 | – |"));
    CHECK_THAT(table, Contains("| send: pairs, messages/CPU-s | 46,000 | – | 23,000 |"));

    later.rows[0].peers = {{"redis", summarize({46'000}), later.rows[0].kith}};
    const results replaced = join_runs({peers, later});
    REQUIRE(replaced.rows[0].peers.size() == 1);
    CHECK(replaced.rows[0].peers[0].figure.median == 46'000);
}

TEST_CASE("the folders of the machine are not printed") {
    results run = sample_run("pairs");
    run.command = "bench all --json /var/someone/runs/all.json --dir /mnt/disk/ --kith build/kith";
    for (const std::string& text : {readme_table(run), markdown_report(run)}) {
        CHECK_THAT(text, Contains("`bench all --json all.json --dir disk --kith build/kith`"));
        CHECK_THAT(text, !Contains("someone"));
    }
}

TEST_CASE("the table goes between the marks and nowhere else") {
    const std::string begin = table_begin;
    const std::string end = table_end;
    const std::string text = "before\n" + begin + "\nold\n" + end + "\nbehind\n";
    const std::string made = put_between_marks(text, "new\n");
    CHECK(made == "before\n" + begin + "\nnew\n" + end + "\nbehind\n");
    CHECK(put_between_marks(made, "new\n") == made);
    CHECK_THROWS_AS(put_between_marks("no marks", "new\n"), bench_error);
    CHECK_THROWS_AS(put_between_marks(end + begin, "new\n"), bench_error);
    CHECK_THROWS_AS(put_between_marks(begin + begin + end, "new\n"), bench_error);
}

TEST_CASE("the short table has the headlines, their goals and the peers") {
    results run = sample_run("pairs");
    run.rows[0].target = goal{true, 45'000};
    run.rows.push_back(run.rows[0]);
    run.rows[1].title = "a detail";
    run.rows[1].headline = false;
    run.rows[1].peers.clear();
    const std::string table = readme_table(run);
    CHECK_THAT(table, Contains("| send: pairs, messages/CPU-s | 46,000 | 92,000 | 0.50 | ≥ 45,000: met |"));
    CHECK_THAT(table, Contains("| work | Kith | redis |"));
    CHECK_THAT(table, Contains("the peers keep nothing."));
    CHECK_THAT(table, Contains("| send: pairs, messages/CPU-s | 46,000 | 23,000 |"));
    CHECK_THAT(table, Contains("commit 0123456789ab)"));
    CHECK_THAT(table, !Contains("a detail"));
}

TEST_CASE("which peers keep messages is said above their table") {
    results run = sample_run("pairs");
    std::vector<peer_figure>& peers = run.rows[0].peers;
    peers.push_back({"prosody", summarize({1000}), run.rows[0].kith});
    CHECK_THAT(readme_table(run), Contains("; prosody keeps it in an archive, the others keep nothing."));
    peers.erase(peers.begin());
    peers.push_back({"ejabberd", summarize({2000}), run.rows[0].kith});
    CHECK_THAT(readme_table(run), Contains("; prosody and ejabberd keep it in an archive."));
}

TEST_CASE("what only the floor did is in the short table too") {
    results run = sample_run("rows without Kith");
    run.rows[0].kith.reset();
    run.rows[0].peers.clear();
    CHECK_THAT(readme_table(run),
               Contains("| send: rows without Kith, messages/CPU-s | – | 92,000 | – |  |"));
}

TEST_CASE("a digest tells files apart") {
    const scratch_folder folder(std::filesystem::temp_directory_path().string());
    const std::string path = folder.path() + "/file";
    const auto digest_of = [&path](const std::string& content) {
        std::ofstream(path, std::ios::trunc) << content;
        return digest_file(path);
    };
    const std::string first = digest_of("one");
    CHECK(first.size() == 32);
    CHECK(digest_of("one") == first);
    CHECK(digest_of("two") != first);
    CHECK_THROWS_AS(digest_file(folder.path() + "/none"), bench_error);
}
