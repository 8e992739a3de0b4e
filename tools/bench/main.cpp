// bench: where Kith stands, beside a raw floor of the same run.
#include "benches.hpp"
#include "error.hpp"
#include "process.hpp"
#include "report.hpp"
#include "seeded_folder.hpp"
#include "works.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>

namespace kith::bench {

namespace {

constexpr std::uint64_t descriptors_wanted = 20'000;

results measure(const options& o) {
    pin_self(load_core);
    raise_descriptor_limit(descriptors_wanted);
    context c(o);
    std::vector<work> works;
    for (const work& w : all_works()) {
        const bool named = std::find(o.works.begin(), o.works.end(), w.name) != o.works.end();
        if (named || (o.command == "all" && w.in_all)) works.push_back(w);
    }
    for (const work& w : works) {
        if (w.check != nullptr) w.check(c);
    }
    for (const work& w : works) w.measure(c);
    c.finish();
    return c.run;
}

void save_results(const std::string& path, const results& run) {
    std::ofstream out(path);
    out << to_json(run).dump(2) << '\n';
    if (!out.flush()) throw bench_error("cannot write " + path);
}

int run(const options& o) {
    if (o.command == "help") {
        std::fputs(usage().c_str(), stdout);
        return 0;
    }
    if (o.command == "floor") return serve_floor(o.floor);
    if (o.command == "seed") return make_seeded_folder(o);
    if (o.command == "report") return make_report(o);
    const results figures = measure(o);
    if (!o.json_path.empty()) save_results(o.json_path, figures);
    std::fputs(text_table(figures).c_str(), stdout);
    return 0;
}

}  // namespace

}  // namespace kith::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return kith::bench::run(kith::bench::parse_options(argc, argv));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench: %s\n", failure.what());
        return 1;
    }
}
