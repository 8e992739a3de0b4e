// The composition root knows every face
#include <kith/groups.hpp>
#include <kith/messages.hpp>
