// Groups in the database
#include <kith/messages.hpp>
#include <kith/messages_tx.hpp>
