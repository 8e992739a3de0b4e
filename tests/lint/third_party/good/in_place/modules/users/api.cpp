// The doors of people
#include <nlohmann/json.hpp>
