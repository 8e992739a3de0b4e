// The rules of messages
#include <kith/core/id.hpp>
