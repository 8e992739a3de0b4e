// The face of people
#pragma once
#include <kith/journal.hpp>
