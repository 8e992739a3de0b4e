// How messages look on the wire
#pragma once
#include <nlohmann/json_fwd.hpp>
