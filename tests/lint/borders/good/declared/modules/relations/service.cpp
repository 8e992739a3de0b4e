// The rules of friends
#include <kith/users.hpp>
