// The operation table: registration and look-up.
#include <kith/gateway/registry.hpp>

namespace kith::gateway {

void registry::add_operation(operation made) {
    KITH_ASSERT(!made.spec.name.empty());
    KITH_ASSERT(find(made.spec.name) == nullptr);
    KITH_ASSERT((made.spec.method == http_method::none) == made.spec.path.empty());
    KITH_ASSERT(made.spec.path.empty() || made.spec.path.starts_with('/'));
    KITH_ASSERT(made.spec.method != http_method::none || made.spec.doors == doors::socket);
    for (const operation& other : operations_) {
        const bool same_place = other.spec.path == made.spec.path && other.spec.method == made.spec.method;
        KITH_ASSERT(made.spec.path.empty() || !same_place);
    }
    operations_.push_back(std::move(made));
}

void registry::add_event_type(event made) {
    KITH_ASSERT(!made.type.empty());
    KITH_ASSERT(find_event(made.type) == nullptr);
    events_.push_back(std::move(made));
}

const operation* registry::find(std::string_view name) const {
    const auto found = std::find_if(operations_.begin(), operations_.end(),
                                    [&](const operation& one) { return one.spec.name == name; });
    return found == operations_.end() ? nullptr : &*found;
}

const event* registry::find_event(std::string_view type) const {
    const auto found =
        std::find_if(events_.begin(), events_.end(), [&](const event& one) { return one.type == type; });
    return found == events_.end() ? nullptr : &*found;
}

std::vector<journal::subscription> registry::followed(snapshot& s, user_id user) const {
    std::vector<journal::subscription> all;
    for (const follow_source& source : follows_) {
        source(s, user, all);
    }
    return all;
}

void registry::check_session(snapshot& s, const principal& who) const {
    KITH_ASSERT(session_check_ != nullptr);
    session_check_(s, who);
}

std::vector<journal::subscription> followed(const registry& table, snapshot& s, user_id user) {
    return table.followed(s, user);
}

}  // namespace kith::gateway
