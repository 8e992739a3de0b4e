// The table of configuration keys: how each is read from text, shown, and what it means.
#pragma once

#include <kith/core/config.hpp>

#include <functional>
#include <string>
#include <vector>

namespace kith {

struct config_key {
    std::string name;  ///< section.key
    std::string meaning;  ///< one line for the example file
    /// Reads text into the struct; returns what was expected, or nothing when it was right.
    std::function<std::string(config&, const std::string&)> parse;
    /// The value as TOML.
    std::function<std::string(const config&)> show;
    bool hides_text = false;  ///< in a complaint about it there may be a secret
    bool is_secret = false;  ///< it is one: from the environment only, and not in the example
};

[[nodiscard]] const std::vector<config_key>& config_keys();

}  // namespace kith
