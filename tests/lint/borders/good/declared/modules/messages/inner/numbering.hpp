// How messages are numbered
#pragma once
#include "../store.hpp"
