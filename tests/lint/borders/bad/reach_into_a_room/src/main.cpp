// The program's beginning
#include "store.hpp"
