// Profiles: one's own, those of others, and finding people.
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/text.hpp>
#include <kith/journal_tx.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace kith::users {

namespace {

error nobody() {
    return error(error_code::not_found, "There is no such person.");
}

/// The people whose presence `who` may see: themselves and those whose card they follow.
class circle {
public:
    circle(const gateway::registry& table, snapshot& s, user_id who)
        : who_(who), followed_(gateway::followed(table, s, who)) {}
    [[nodiscard]] bool holds(user_id other) const {
        const journal::topic card = journal::topic::of_card(other);
        return other == who_
               || std::ranges::find(followed_, card, &journal::subscription::where) != followed_.end();
    }

private:
    user_id who_;
    std::vector<journal::subscription> followed_;
};

task<store::found_user> read_person(database& from, const gateway::registry& table, gateway::principal who,
                                    user_id id) {
    return from.read([&table, who, id](snapshot& s) {
        check_session(s, who);
        std::optional<user> person = find_user(s, id);
        if (!person) {
            throw nobody();
        }
        store::found_user found;
        found.who = *std::move(person);
        found.followed = circle(table, s, who.user).holds(id);
        return found;
    });
}

task<user> store_profile(database& in, journal::writer& notes, gateway::principal who,
                         profile_change change) {
    return in.write([&notes, who, change = std::move(change)](transaction& t) {
        check_session(t, who);
        std::optional<user> me = find_user(t, who.user);
        if (!me) {
            throw nobody();
        }
        const user before = *me;
        me->nickname = change.nickname.value_or(before.nickname);
        me->bio = change.bio.value_or(before.bio);
        if (me->nickname != before.nickname || me->bio != before.bio) {
            store::update_profile(t, *me);
            journal::note(notes, t, "user.updated", me->id.value(), 0, {journal::topic::of_user(me->id)},
                          *me);
            journal::note(notes, t, "card.updated", me->id.value(), 0, {journal::topic::of_card(me->id)},
                          *me);
        }
        return *std::move(me);
    });
}

task<std::vector<store::found_user>> read_matches(database& from, const gateway::registry& table,
                                                  gateway::principal who, std::string folded,
                                                  search_place after, std::size_t limit) {
    return from.read([&table, who, folded = std::move(folded), after = std::move(after), limit](snapshot& s) {
        check_session(s, who);
        const circle known(table, s, who.user);
        std::vector<store::found_user> found =
            store::search(s, folded, after.place, after.username_key, limit);
        for (store::found_user& one : found) {
            one.followed = known.holds(one.who.id);
        }
        return found;
    });
}

}  // namespace

task<user> users_service::get(gateway::principal who, user_id id) {
    store::found_user found = co_await read_person(needs_.store, needs_.table, who, id);
    if (found.followed) {
        presence_.fill(found.who);
    }
    co_return std::move(found.who);
}

task<user> users_service::update_me(gateway::principal who, profile_change change) {
    field_errors wrong;
    if (change.nickname) {
        change.nickname = trim(*change.nickname);
        check_nickname(wrong, *change.nickname);
    }
    if (change.bio) {
        change.bio = trim(*change.bio);
        check_bio(wrong, *change.bio);
    }
    wrong.raise();
    user me = co_await store_profile(needs_.store, needs_.journal, who, std::move(change));
    presence_.fill(me);
    co_return me;
}

task<std::vector<store::found_user>> users_service::search(gateway::principal who, std::string text,
                                                           search_place after, std::size_t limit) {
    std::string folded = fold(trim(text));
    field_errors wrong;
    const bool good = !folded.empty() && text.size() <= 4 * query_code_points_max
                      && code_points(text) <= query_code_points_max;
    wrong.require(good, "/q", "1 to 64 characters");
    wrong.raise();
    std::vector<store::found_user> found =
        co_await read_matches(needs_.store, needs_.table, who, std::move(folded), std::move(after), limit);
    for (store::found_user& one : found) {
        if (one.followed) {
            presence_.fill(one.who);
        }
    }
    co_return found;
}

}  // namespace kith::users
