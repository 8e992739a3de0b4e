// Logging without its library
#pragma once
#include <spdlog/logger.h>
