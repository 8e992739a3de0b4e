// The face of people
#pragma once
#include <boost/asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>
#include <sodium.h>
