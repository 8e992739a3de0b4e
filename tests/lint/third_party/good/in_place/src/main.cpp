// The program's beginning
#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>
