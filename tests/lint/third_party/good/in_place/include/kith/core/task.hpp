// What every asynchronous function returns
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
