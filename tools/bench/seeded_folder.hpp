// A data folder full of messages: made by `bench seed`, and told by the note beside its database.
#pragma once

#include "seed_plan.hpp"

#include <string>

namespace kith::bench {

struct options;

// What a seeded folder holds.
struct seeded_folder {
    seed_options made_with;
    std::size_t people = 0;
    std::size_t conversations = 0;
};

// The password of every seeded person. Such a folder is for measuring only.
inline constexpr const char* seeded_password = "a password of seeded people";

// `bench seed`: fills the empty or new folder `o.data_path`, tells the rate, gives the exit code.
int make_seeded_folder(const options& o);

// Throws bench_error where the folder was not made by `bench seed`, or not to its end.
seeded_folder read_seeded_folder(const std::string& path);

}  // namespace kith::bench
