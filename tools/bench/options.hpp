// The command line of the bench.
#pragma once

#include "floor_server.hpp"
#include "seed_plan.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kith::bench {

struct options {
    std::string command;  // measure, all, report, floor, seed, help
    std::vector<std::string> works;  // to measure, by name (works.hpp)
    std::string kith_path;
    bool floor_only = false;  // no Kith at all
    bool quick = false;  // a smoke test: every path, figures that mean nothing
    std::size_t rounds = 3;
    double seconds = 1.5;
    double answer_seconds = 3;  // of a round at an open-loop rate: p99.9 wants many samples
    double idle_seconds = 4;
    double settle_seconds = 2;  // after the last hello: presence is gathered for a second
    std::size_t fan_members = 1000;
    std::size_t idle_sockets = 10'000;
    std::size_t http_connections = 32;
    std::size_t text_bytes = 80;
    bool tls = false;  // fanout, idle: with TLS too
    std::vector<std::string> peers;  // fanout, send: beside these too
    std::string folder;  // parent of the temporary folder
    std::string json_path;
    std::vector<std::string> from_paths;  // report: saved runs
    std::string readme_path;  // report: written between the marks of this file
    bool report_anyway = false;  // report: also what does not belong together
    std::string data_path;  // a seeded folder: what `seed` fills and other works measure on
    seed_options seed;
    floor_options floor;
    std::string whole_command_line;
};

// Throws bench_error naming the argument.
options parse_options(int argc, char** argv);

std::string usage();

}  // namespace kith::bench
