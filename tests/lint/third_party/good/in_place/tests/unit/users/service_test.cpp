// A test may include what it needs
#include <sqlite3.h>
#include <catch2/catch.hpp>
