// The face of people
#pragma once
#include <kith/core/task.hpp>
#include <string_view>
