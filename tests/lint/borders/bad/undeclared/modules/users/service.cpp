// The rules of people
#include "service.hpp"
#include <kith/core/id.hpp>
#include <kith/messages.hpp>
#include <kith/db.hpp>
