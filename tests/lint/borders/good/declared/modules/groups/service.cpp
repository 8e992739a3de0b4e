// The rules of groups
#include "store.hpp"
#include <kith/core/id.hpp>
#include <kith/groups.hpp>
#include <kith/messages_tx.hpp>
// #include <kith/users.hpp> in a comment is no include
