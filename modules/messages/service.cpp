// How the service is built.
#include "service.hpp"

#include "api.hpp"

namespace kith::messages {

std::unique_ptr<service> create(const deps& needs) {
    auto made = std::make_unique<messages_service>(needs);
    register_doors(needs.table, *made);
    return made;
}

}  // namespace kith::messages
