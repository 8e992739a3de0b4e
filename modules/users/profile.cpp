// Profiles: one's own, those of others, and finding people.
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/text.hpp>
#include <kith/journal_tx.hpp>
#include <kith/users_tx.hpp>

#include <utility>

namespace kith::users {

namespace {

error nobody() {
    return error(error_code::not_found, "There is no such person.");
}

task<user> read_person(database& from, gateway::principal who, user_id id) {
    return from.read([who, id](snapshot& s) {
        check_session(s, who);
        std::optional<user> found = find_user(s, id);
        if (!found) {
            throw nobody();
        }
        return *std::move(found);
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

task<std::vector<store::found_user>> read_matches(database& from, gateway::principal who, std::string folded,
                                                  search_place after, std::size_t limit) {
    return from.read([who, folded = std::move(folded), after = std::move(after), limit](snapshot& s) {
        check_session(s, who);
        return store::search(s, folded, after.place, after.username_key, limit);
    });
}

}  // namespace

task<user> users_service::get(gateway::principal who, user_id id) {
    user found = co_await read_person(needs_.store, who, id);
    presence_.fill(found, who.user);
    co_return found;
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
    presence_.fill(me, who.user);
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
        co_await read_matches(needs_.store, who, std::move(folded), std::move(after), limit);
    for (store::found_user& one : found) {
        presence_.fill(one.who, who.user);
    }
    co_return found;
}

}  // namespace kith::users
