// Groups are made, shown and renamed; how the service is built.
#include "service.hpp"

#include "api.hpp"
#include "store.hpp"
#include "wire.hpp"

#include <kith/core/config.hpp>
#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>
#include <kith/core/id_source.hpp>
#include <kith/core/text.hpp>
#include <kith/journal_tx.hpp>
#include <kith/users_tx.hpp>

#include <set>
#include <utility>

namespace kith::groups {

namespace {

/// About what one member takes in the database: the row, and two notes.
constexpr std::size_t member_bytes = 700;

/// What a creation hands to its job.
struct plan {
    plan() = default;
    gateway::principal who;
    new_group input;
    group_id fresh;
    std::string fingerprint;  ///< of everything that makes it the same request
    messages::past before = messages::past::hidden;
};

std::string fingerprint_of(const new_group& input) {
    std::string all = "group.create\n" + input.name;
    for (const user_id one : input.members) {
        all += "\n" + to_string(one);
    }
    return hex(blake2b(all));
}

group view_of(snapshot& s, group_id id, const messages::membership& seen) {
    const std::optional<store::group_row> row = store::find(s, id);
    KITH_ASSERT(row.has_value());
    group shown;
    shown.id = id;
    shown.conversation = id;
    shown.name = seen.title;
    shown.role = seen.role;
    shown.member_count = row->member_count;
    shown.created_at = row->created_at;
    return shown;
}

group create_job(transaction& t, journal::writer& notes, const plan& from) {
    const bool once = !from.input.key.empty();
    if (once) {
        const std::optional<std::string> before =
            journal::remembered_answer(t, from.who.user, from.input.key, from.fingerprint);
        if (before) {
            return wire::read_answer(*before);
        }
    }
    users::check_session(t, from.who);
    std::vector<messages::newcomer> all = find_people(t, {from.who.user}, {}, "/members");
    all.front().role = messages::member_role::owner;
    for (messages::newcomer& one : find_people(t, from.input.members, from.who.user, "/members")) {
        all.push_back(std::move(one));
    }
    check_room(t, all, "/members");
    messages::add_group(t, from.fresh, from.input.name);
    store::insert(t, from.fresh, static_cast<std::int64_t>(all.size()), t.now());
    messages::add_members(notes, t, from.fresh, all, from.before);
    group made = view_of(t, from.fresh, check_member(t, from.who, from.fresh));
    if (once) {
        journal::remember_answer(t, from.who.user, from.input.key, from.fingerprint, wire::answer_text(made));
    }
    return made;
}

task<group> store_new(database& store, journal::writer& notes, plan from) {
    const std::size_t bytes = members_bytes(from.input.members.size() + 1);
    return store.write(
        [&notes, from = std::move(from)](transaction& t) { return create_job(t, notes, from); }, bytes);
}

group rename_job(transaction& t, journal::writer& notes, const gateway::principal& who, group_id id,
                 const std::string& name) {
    messages::membership seen = check_member(t, who, id);
    if (seen.role != messages::member_role::owner) {
        throw error(error_code::forbidden, "Only the owner may rename a group.");
    }
    if (seen.title != name) {
        messages::rename_group(notes, t, id, name);
        seen.title = name;
    }
    return view_of(t, id, seen);
}

task<group> store_name(database& store, journal::writer& notes, gateway::principal who, group_id id,
                       std::string name) {
    return store.write([&notes, who, id, name = std::move(name)](transaction& t) {
        return rename_job(t, notes, who, id, name);
    });
}

task<group> read_one(database& store, gateway::principal who, group_id id) {
    return store.read([who, id](snapshot& s) { return view_of(s, id, check_member(s, who, id)); });
}

task<member_page> read_members(database& store, gateway::principal who, group_id id,
                               messages::member_cursor after, std::int64_t limit) {
    return store.read([who, id, after, limit](snapshot& s) {
        (void)check_member(s, who, id);
        member_page page;
        page.items = messages::list_members(s, id, after, limit + 1);
        if (page.items.size() > static_cast<std::size_t>(limit)) {
            page.items.pop_back();
            page.next.emplace(page.items.back().role, page.items.back().joined_pos);
        }
        return page;
    });
}

}  // namespace

error no_such_group() {
    return error(error_code::not_found, "There is no such group.");
}

messages::membership check_member(snapshot& s, const gateway::principal& who, group_id id) {
    users::check_session(s, who);
    std::optional<messages::membership> seen = messages::find_membership(s, id, who.user);
    if (!seen) {
        throw no_such_group();
    }
    return std::move(*seen);
}

std::vector<messages::newcomer> find_people(snapshot& s, const std::vector<user_id>& people, user_id but,
                                            std::string_view pointer) {
    std::vector<messages::newcomer> found;
    std::set<user_id> known{but};
    field_errors wrong;
    for (std::size_t i = 0; i < people.size(); ++i) {
        if (!known.insert(people[i]).second) {
            continue;
        }
        std::optional<users::user> card = users::find_user(s, people[i]);
        wrong.require(card.has_value(), std::string(pointer) + "/" + std::to_string(i),
                      "a person who is here");
        if (card) {
            found.emplace_back(std::move(*card), messages::member_role::member);
        }
    }
    wrong.raise();
    return found;
}

void check_room(snapshot& s, const std::vector<messages::newcomer>& coming, std::string_view pointer) {
    for (const messages::newcomer& one : coming) {
        if (messages::count_conversations(s, one.card.id) >= conversations_max) {
            throw error(error_code::conflict, one.card.nickname + " is in too many conversations.",
                        {error_detail(std::string(pointer), "people in fewer than 5,000 conversations")});
        }
    }
}

std::size_t members_bytes(std::size_t count) noexcept {
    return member_bytes * count;
}

std::unique_ptr<service> create(const deps& needs) {
    auto made = std::make_unique<groups_service>(needs);
    register_doors(needs.table, *made);
    return made;
}

task<group> groups_service::create(gateway::principal who, new_group input) {
    input.name = trim(input.name);
    field_errors wrong;
    check_name(wrong, input.name);
    check_people(wrong, "/members", input.members.size(), 0);
    wrong.raise();
    plan from;
    from.who = who;
    from.fresh = needs_.ids.next<group_id>();
    from.fingerprint = fingerprint_of(input);
    from.input = std::move(input);
    from.before = shown_past();
    group made = co_await store_new(needs_.store, needs_.journal, std::move(from));
    co_return made;
}

task<group> groups_service::get(gateway::principal who, group_id id) {
    return read_one(needs_.store, who, id);
}

task<group> groups_service::rename(gateway::principal who, group_id id, std::string name) {
    name = trim(name);
    field_errors wrong;
    check_name(wrong, name);
    wrong.raise();
    group renamed = co_await store_name(needs_.store, needs_.journal, who, id, std::move(name));
    co_return renamed;
}

task<member_page> groups_service::members(gateway::principal who, group_id id, messages::member_cursor after,
                                          std::int64_t limit) {
    field_errors wrong;
    check_limit(wrong, limit);
    wrong.raise();
    member_page page = co_await read_members(needs_.store, who, id, after, limit);
    co_return page;
}

messages::past groups_service::shown_past() const {
    return needs_.settings.test.mutation == "show_the_past" ? messages::past::shown : messages::past::hidden;
}

}  // namespace kith::groups
