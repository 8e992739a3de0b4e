// The rules of `groups` behind its doors.
#pragma once

#include "rules.hpp"

#include <kith/core/task.hpp>
#include <kith/gateway.hpp>
#include <kith/groups.hpp>
#include <kith/messages_tx.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kith::groups {

/// A group on its way in.
struct new_group {
    new_group() = default;
    std::string name;
    std::vector<user_id> members;
    std::string key;  ///< of the request, when it is to be answered once; empty: none
};

struct member_page {
    member_page() = default;
    std::vector<messages::member> items;
    std::optional<messages::member_cursor> next;
};

class groups_service final : public service {
public:
    explicit groups_service(const deps& needs) : needs_(needs) {}

    /// Who makes it owns it. Throws `invalid` for a person who is not there, `conflict` when the key was used with
    /// another input.
    task<group> create(gateway::principal who, new_group input);

    // All that follow throw `not_found` for who is no member, members.cpp has those that change who is.
    task<group> get(gateway::principal who, group_id id);
    /// The owner alone, else `forbidden`.
    task<group> rename(gateway::principal who, group_id id, std::string name);
    /// The owner first, then by joining.
    task<member_page> members(gateway::principal who, group_id id, messages::member_cursor after,
                              std::int64_t limit);
    /// Any member; those who are members already are passed over. Throws `conflict` when they would be too many.
    task<std::vector<messages::member>> invite(gateway::principal who, group_id id,
                                               std::vector<user_id> people);
    /// When the owner goes, who is there longest becomes it.
    task<void> leave(gateway::principal who, group_id id);
    /// The owner alone, and not oneself. Throws `not_found` for who is no member.
    task<void> remove_member(gateway::principal who, group_id id, user_id other);

private:
    [[nodiscard]] messages::past shown_past() const;

    deps needs_;
};

/// Alike for what is not there and for what is not the caller's to know.
[[nodiscard]] error no_such_group();
/// Where `who` stands in the group; throws `unauthenticated` or `not_found`. First in every job.
[[nodiscard]] messages::membership check_member(snapshot& s, const gateway::principal& who, group_id id);
/// The cards of `people` without `but` and repeats; throws `invalid` with the place of whom there is not.
[[nodiscard]] std::vector<messages::newcomer> find_people(snapshot& s, const std::vector<user_id>& people,
                                                          user_id but, std::string_view pointer);
/// Throws `conflict` at `pointer` when one of them is in too many conversations already.
void check_room(snapshot& s, const std::vector<messages::newcomer>& coming, std::string_view pointer);
/// About what so many members take in the database.
[[nodiscard]] std::size_t members_bytes(std::size_t count) noexcept;

}  // namespace kith::groups
