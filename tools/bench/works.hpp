// The works that the bench knows: one row each, in the order in which `bench all` does them.
#pragma once

#include <string>
#include <vector>

namespace kith::bench {

struct context;

struct work {
    std::string name;  // the word on the command line
    bool in_all = true;  // whether `bench all` does it
    void (*measure)(context&) = nullptr;
    std::string summary;  // a line of the usage
    void (*check)(context&) = nullptr;  // throws before anything is measured where it cannot be done here
};

const std::vector<work>& all_works();

}  // namespace kith::bench
