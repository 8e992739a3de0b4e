// The rules of messages
#include "inner/numbering.hpp"
#include <kith/users.hpp>
#include <kith/core/id.hpp>
