// The face of `groups`: conversations of many, which have a name, an owner and members who come and go.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>
#include <kith/messages.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace kith {

class database;
class id_source;
struct config;
namespace gateway {
class registry;
}
namespace journal {
class writer;
}

namespace groups {

/// A group and its conversation have one id.
using group_id = messages::conversation_id;

/// A group as one of its members sees it.
struct group {
    group() = default;
    group_id id;
    messages::conversation_id conversation;
    std::string name;
    std::optional<std::string> avatar;
    messages::member_role role = messages::member_role::member;  ///< the viewer's
    std::int64_t member_count = 0;
    timestamp created_at;
};

/// Everything of `groups` comes through its operations.
class service {
public:
    virtual ~service() = default;
};

/// What `groups` needs. All must outlive the service.
struct deps {
    database& store;
    journal::writer& journal;
    gateway::registry& table;  ///< create() registers operations
    id_source& ids;
    const config& settings;
};

/// The service must live as long as the table.
[[nodiscard]] std::unique_ptr<service> create(const deps& needs);

}  // namespace groups
}  // namespace kith
