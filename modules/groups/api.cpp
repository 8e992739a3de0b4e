// The doors of `groups`: operations.
#include "api.hpp"

#include "wire_types.hpp"

#include <kith/gateway/registry.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kith::groups {

namespace {

struct group_create_input {
    std::string name;
    std::vector<user_id> members;
};
BOOST_DESCRIBE_STRUCT(group_create_input, (), (name, members))

struct group_input {
    group_id group;
};
BOOST_DESCRIBE_STRUCT(group_input, (), (group))

struct group_update_input {
    group_id group;
    std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(group_update_input, (), (group, name))

struct group_members_input {
    group_id group;
    std::optional<std::int64_t> limit;
    std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(group_members_input, (), (group, limit, after))

struct group_invite_input {
    group_id group;
    std::vector<user_id> users;
};
BOOST_DESCRIBE_STRUCT(group_invite_input, (), (group, users))

struct group_member_input {
    group_id group;
    user_id user;
};
BOOST_DESCRIBE_STRUCT(group_member_input, (), (group, user))

struct member_list {
    std::vector<messages::member> items;
};
BOOST_DESCRIBE_STRUCT(member_list, (), (items))

struct group_member_page {
    std::vector<messages::member> items;
    std::optional<std::string> next;
};
BOOST_DESCRIBE_STRUCT(group_member_page, (), (items, next))

/// A place in the list of members as text: role and position, with a dot between.
std::string cursor_text(const messages::member_cursor& at) {
    return std::to_string(static_cast<int>(at.role)) + "." + std::to_string(at.joined_pos);
}

messages::member_cursor read_cursor(const std::string& text) {
    const messages::member_role owner = messages::member_role::owner;
    const messages::member_role member = messages::member_role::member;
    for (const messages::member_role role : {owner, member}) {
        const std::string start = std::to_string(static_cast<int>(role)) + ".";
        const std::int64_t pos = text.starts_with(start) ? parse_id(text.substr(start.size())) : 0;
        if (pos > 0) {
            return messages::member_cursor(role, pos);
        }
    }
    throw invalid_field("/after", "the `next` of the page before");
}

task<group> create_group(groups_service& service, gateway::call& c, group_create_input in) {
    new_group input;
    input.name = std::move(in.name);
    input.members = std::move(in.members);
    input.key = c.idempotency_key;
    return service.create(c.who, std::move(input));
}

task<group> update_group(groups_service& service, gateway::call& c, group_update_input in) {
    return in.name ? service.rename(c.who, in.group, std::move(*in.name)) : service.get(c.who, in.group);
}

task<group_member_page> list_members(groups_service& service, gateway::call& c, group_members_input in) {
    messages::member_cursor after;
    if (in.after) {
        after = read_cursor(*in.after);
    }
    member_page found = co_await service.members(c.who, in.group, after, in.limit.value_or(page_default));
    group_member_page page;
    page.items = std::move(found.items);
    if (found.next) {
        page.next = cursor_text(*found.next);
    }
    co_return page;
}

task<member_list> invite(groups_service& service, gateway::call& c, group_invite_input in) {
    member_list added;
    added.items = co_await service.invite(c.who, in.group, std::move(in.users));
    co_return added;
}

task<json::nothing> leave(groups_service& service, gateway::call& c, group_input in) {
    co_await service.leave(c.who, in.group);
    co_return json::nothing();
}

task<json::nothing> remove_member(groups_service& service, gateway::call& c, group_member_input in) {
    co_await service.remove_member(c.who, in.group, in.user);
    co_return json::nothing();
}

gateway::operation_spec spec_of(std::string_view name, gateway::http_method method, std::string_view path,
                                gateway::limit_class limit, std::string_view summary) {
    gateway::operation_spec spec;
    spec.name = name;
    spec.method = method;
    spec.path = path;
    spec.limit = limit;
    spec.summary = summary;
    return spec;
}

void add_group_operations(gateway::registry& table, groups_service& service) {
    using gateway::http_method;
    gateway::operation_spec creating =
        spec_of("group.create", http_method::post, "/groups", gateway::limit::write,
                "Makes a group of oneself and others; who makes it owns it");
    creating.status = 201;
    creating.takes_key = true;
    table.add<group_create_input, group>(creating, [&service](gateway::call& c, group_create_input in) {
        return create_group(service, c, std::move(in));
    });
    table.add<group_input, group>(
        spec_of("group.get", http_method::get, "/groups/{group}", gateway::limit::read, "A group one is in"),
        [&service](gateway::call& c, group_input in) { return service.get(c.who, in.group); });
    table.add<group_update_input, group>(spec_of("group.update", http_method::patch, "/groups/{group}",
                                                 gateway::limit::write, "Renames a group; for its owner"),
                                         [&service](gateway::call& c, group_update_input in) {
                                             return update_group(service, c, std::move(in));
                                         });
}

void add_member_operations(gateway::registry& table, groups_service& service) {
    using gateway::http_method;
    table.add<group_members_input, group_member_page>(
        spec_of("group.members", http_method::get, "/groups/{group}/members", gateway::limit::read,
                "The members of a group one is in: the owner first, then by joining"),
        [&service](gateway::call& c, group_members_input in) {
            return list_members(service, c, std::move(in));
        });
    table.add<group_invite_input, member_list>(
        spec_of("group.invite", http_method::post, "/groups/{group}/invitations", gateway::limit::write,
                "Adds people to a group one is in; gives those who were not members before"),
        [&service](gateway::call& c, group_invite_input in) { return invite(service, c, std::move(in)); });
    table.add<group_input, json::nothing>(
        spec_of("group.leave", http_method::post, "/groups/{group}/leave", gateway::limit::write,
                "Leaves a group; when the owner does, the longest-standing member becomes owner"),
        [&service](gateway::call& c, group_input in) { return leave(service, c, in); });
    table.add<group_member_input, json::nothing>(
        spec_of("group.remove_member", http_method::del, "/groups/{group}/members/{user}",
                gateway::limit::write, "Removes a member; for the owner"),
        [&service](gateway::call& c, group_member_input in) { return remove_member(service, c, in); });
}

}  // namespace

void register_doors(gateway::registry& table, groups_service& service) {
    add_group_operations(table, service);
    add_member_operations(table, service);
    table.add_limit("group_members", members_max);
}

}  // namespace kith::groups
