// The rules of groups
#include "../messages/store.hpp"
#include "modules/messages/store.hpp"
#include "inner/numbering.hpp"
#include <../modules/messages/store.hpp>
#include "kith/messages.hpp"
