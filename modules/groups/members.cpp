// Members come and go: invited by any member, leaving by themselves, removed by the owner.
#include "service.hpp"
#include "store.hpp"

#include <kith/core/error.hpp>

#include <utility>

namespace kith::groups {

namespace {

/// Counts members in or out of the group's own row; returns how many there are now.
std::int64_t count_members(transaction& t, group_id id, std::int64_t more) {
    const std::optional<store::group_row> row = store::find(t, id);
    KITH_ASSERT(row.has_value());
    const std::int64_t now = row->member_count + more;
    if (now > members_max) {
        throw error(error_code::conflict, "A group has at most 10,000 members.");
    }
    store::update_count(t, id, now);
    return now;
}

std::vector<messages::member> invite_job(transaction& t, journal::writer& notes,
                                         const gateway::principal& who, group_id id,
                                         const std::vector<user_id>& people, messages::past before) {
    (void)check_member(t, who, id);
    std::vector<messages::newcomer> coming = find_people(t, people, who.user, "/users");
    std::erase_if(coming, [&](const messages::newcomer& one) {
        return messages::find_membership(t, id, one.card.id).has_value();
    });
    if (coming.empty()) {
        return {};
    }
    check_room(t, coming, "/users");
    count_members(t, id, static_cast<std::int64_t>(coming.size()));
    return messages::add_members(notes, t, id, coming, before);
}

task<std::vector<messages::member>> store_invited(database& store, journal::writer& notes,
                                                  gateway::principal who, group_id id,
                                                  std::vector<user_id> people, messages::past before) {
    const std::size_t bytes = members_bytes(people.size());
    return store.write([&notes, who, id, people = std::move(people),
                        before](transaction& t) { return invite_job(t, notes, who, id, people, before); },
                       bytes);
}

void leave_job(transaction& t, journal::writer& notes, const gateway::principal& who, group_id id) {
    const messages::membership seen = check_member(t, who, id);
    const std::optional<messages::member> gone = messages::find_member(t, id, who.user);
    KITH_ASSERT(gone.has_value());
    messages::remove_member(notes, t, id, *gone);
    const std::int64_t left = count_members(t, id, -1);
    if (seen.role == messages::member_role::owner && left > 0) {
        const std::optional<user_id> heir = messages::find_first_member(t, id);
        KITH_ASSERT(heir.has_value());
        messages::set_role(notes, t, id, messages::find_member(t, id, *heir).value(),
                           messages::member_role::owner);
    }
}

task<void> store_leaving(database& store, journal::writer& notes, gateway::principal who, group_id id) {
    return store.write([&notes, who, id](transaction& t) { leave_job(t, notes, who, id); });
}

void remove_job(transaction& t, journal::writer& notes, const gateway::principal& who, group_id id,
                user_id other) {
    if (check_member(t, who, id).role != messages::member_role::owner) {
        throw error(error_code::forbidden, "Only the owner may remove a member.");
    }
    const std::optional<messages::member> gone = messages::find_member(t, id, other);
    if (!gone) {
        throw error(error_code::not_found, "There is no such member.");
    }
    messages::remove_member(notes, t, id, *gone);
    count_members(t, id, -1);
}

task<void> store_removal(database& store, journal::writer& notes, gateway::principal who, group_id id,
                         user_id other) {
    return store.write([&notes, who, id, other](transaction& t) { remove_job(t, notes, who, id, other); });
}

}  // namespace

task<std::vector<messages::member>> groups_service::invite(gateway::principal who, group_id id,
                                                           std::vector<user_id> people) {
    field_errors wrong;
    check_people(wrong, "/users", people.size(), 1);
    wrong.raise();
    const messages::past before = shown_past();
    std::vector<messages::member> added =
        co_await store_invited(needs_.store, needs_.journal, who, id, std::move(people), before);
    co_return added;
}

task<void> groups_service::leave(gateway::principal who, group_id id) {
    return store_leaving(needs_.store, needs_.journal, who, id);
}

task<void> groups_service::remove_member(gateway::principal who, group_id id, user_id other) {
    if (other == who.user) {
        throw error(error_code::invalid, "To go oneself, leave the group.",
                    {error_detail("/user", "someone other than yourself")});
    }
    co_await store_removal(needs_.store, needs_.journal, who, id, other);
}

}  // namespace kith::groups
