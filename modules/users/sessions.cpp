// Sessions: how they begin, rotate, are listed and end.
#include "rules.hpp"
#include "service.hpp"

#include <kith/core/id_source.hpp>
#include <kith/core/log.hpp>
#include <kith/journal_tx.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>
#include <utility>

namespace kith::users {

namespace {

enum class rotation : std::uint8_t {
    refused,  ///< no such session, it has ended, or the account is disabled
    rotated,
    repeated,  ///< the token was spent a moment ago: its successor again
    reused,  ///< an old token: the session has been ended
};

struct rotation_result {
    rotation_result() = default;
    rotation what = rotation::refused;
    session_result made;
};

/// What a refresh brings with it.
struct rotation_plan {
    rotation_plan() = default;
    refresh_parts presented;
    std::string presented_hash;
    std::string successor_hash;
    origin from;
    std::chrono::seconds lifetime{0};
};

rotation judge(const store::session_row& row, const rotation_plan& plan, timestamp now) {
    const std::int64_t generation = plan.presented.generation;
    if (generation == row.generation && plan.presented_hash == row.refresh_hash) {
        return rotation::rotated;
    }
    const bool fresh = now - row.refreshed_at <= refresh_tokens::grace;
    if (generation + 1 == row.generation && plan.successor_hash == row.refresh_hash && fresh) {
        return rotation::repeated;
    }
    // A token from the future is one from before the data was restored: of no use, and no theft.
    return generation < row.generation ? rotation::reused : rotation::refused;
}

/// Ending a session by reuse is a change, so it is a result and no exception: that would undo it.
rotation_result rotate(transaction& t, journal::writer& notes, const rotation_plan& plan) {
    rotation_result result;
    std::optional<store::session_row> row = store::find_session(t, plan.presented.session);
    if (!row || row->ended_at || row->info.last_seen + plan.lifetime <= t.now()) {
        return result;
    }
    const std::optional<store::account_row> account = store::find_account(t, row->user);
    if (!account || account->state != account_state::active) {
        return result;
    }
    result.what = judge(*row, plan, t.now());
    if (result.what == rotation::reused) {
        result.made.ended = end_sessions(t, notes, row->user, std::vector<session_id>(1, row->info.id));
    } else if (result.what == rotation::rotated) {
        row->refresh_hash = plan.successor_hash;
        row->generation = plan.presented.generation + 1;
        row->refreshed_at = t.now();
        row->info.last_seen = t.now();
        row->info.address = plan.from.address;
        row->info.user_agent = plan.from.user_agent;
        store::update_refresh(t, *row);
    }
    result.made.who = account->who;
    result.made.session = row->info;
    return result;
}

task<rotation_result> store_rotation(database& in, journal::writer& notes, rotation_plan plan) {
    return in.write_essential(
        [&notes, plan = std::move(plan)](transaction& t) { return rotate(t, notes, plan); });
}

task<std::vector<session_info>> read_sessions(database& from, gateway::principal who, timestamp since,
                                              session_id before, std::size_t limit) {
    return from.read([who, since, before, limit](snapshot& s) {
        check_session(s, who);
        return store::live_sessions(s, who.user, since, before, limit);
    });
}

task<std::vector<session_id>> store_end(database& in, journal::writer& notes, gateway::principal who,
                                        session_id session) {
    return in.write_essential([&notes, who, session](transaction& t) {
        check_session(t, who);
        const std::optional<store::session_row> row = store::find_session(t, session);
        if (!row || row->user != who.user || row->ended_at) {
            throw error(error_code::not_found, "You have no such session.");
        }
        return end_sessions(t, notes, who.user, std::vector<session_id>(1, session));
    });
}

task<std::vector<session_id>> store_end_others(database& in, journal::writer& notes, gateway::principal who) {
    return in.write_essential([&notes, who](transaction& t) {
        check_session(t, who);
        std::vector<session_id> others = store::live_session_ids(t, who.user);
        std::erase(others, who.session);
        return end_sessions(t, notes, who.user, others);
    });
}

error refusal() {
    return error(error_code::unauthenticated, "The refresh token is not valid.");
}

}  // namespace

std::vector<session_id> end_sessions(transaction& t, journal::writer& notes, user_id user,
                                     const std::vector<session_id>& sessions) {
    std::vector<session_id> ended;
    for (const session_id session : sessions) {
        if (store::end_session(t, session, t.now())) {
            journal::note(notes, t, "session.revoked", session.value(), 0, {journal::topic::of_user(user)},
                          session_revoked(session));
            ended.push_back(session);
        }
    }
    return ended;
}

session_result open_session(transaction& t, journal::writer& notes, const user& who, store::session_row row,
                            std::size_t sessions_max) {
    session_result result;
    std::vector<session_id> live = store::live_session_ids(t, who.id);
    const std::size_t most = std::max<std::size_t>(sessions_max, 1) - 1;
    if (live.size() > most) {
        live.resize(live.size() - most);
        result.ended = end_sessions(t, notes, who.id, live);
    }
    row.user = who.id;
    row.refreshed_at = t.now();
    row.info.created_at = t.now();
    row.info.last_seen = t.now();
    store::insert_session(t, row);
    result.who = who;
    result.session = row.info;
    return result;
}

session_plan users_service::plan_session(const users::device& on, const origin& from) {
    session_plan plan;
    plan.row.info.id = needs_.ids.next<session_id>();
    plan.row.info.device = on;
    plan.row.info.address = from.address;
    plan.row.info.user_agent = from.user_agent;
    plan.refresh_token = refresh_.first(plan.row.info.id, needs_.random);
    plan.row.refresh_hash = refresh_tokens::stored(plan.refresh_token);
    return plan;
}

signed_in users_service::admit(session_result made, std::string refresh_token) {
    forget_sessions(made.ended);
    access_claims claims(made.who.id, made.session.id, made.who.role);
    signed_in result;
    result.access_token = access_.sign(claims, needs_.clock.now());
    result.expires_in = access_.lifetime();
    result.refresh_token = std::move(refresh_token);
    result.who = std::move(made.who);
    presence_.fill(result.who);
    result.session = std::move(made.session);
    return result;
}

task<signed_in> users_service::refresh(std::string token, origin from) {
    const std::optional<refresh_parts> parts = refresh_.read(token);
    if (!parts) {
        throw refusal();
    }
    rotation_plan plan;
    plan.presented = *parts;
    plan.presented_hash = refresh_tokens::stored(token);
    std::string successor = refresh_.successor(*parts);
    plan.successor_hash = refresh_tokens::stored(successor);
    plan.from = std::move(from);
    plan.lifetime = needs_.settings.users.refresh_seconds;
    rotation_result result = co_await store_rotation(needs_.store, needs_.journal, std::move(plan));
    if (result.what == rotation::reused) {
        forget_sessions(result.made.ended);
        reused_.add();
        needs_.log.warn("an old refresh token was used: its session has been ended",
                        {{"session", to_string(parts->session)}, {"user", to_string(result.made.who.id)}});
    }
    if (result.what == rotation::reused || result.what == rotation::refused) {
        throw refusal();
    }
    co_return admit(std::move(result.made), std::move(successor));
}

task<std::vector<session_info>> users_service::sessions_of(gateway::principal who, session_id before,
                                                           std::size_t limit) {
    return read_sessions(needs_.store, who, live_since(), before, limit);
}

task<void> users_service::revoke(gateway::principal who, session_id session) {
    const std::vector<session_id> ended = co_await store_end(needs_.store, needs_.journal, who, session);
    forget_sessions(ended);
}

task<void> users_service::revoke_others(gateway::principal who) {
    const std::vector<session_id> ended = co_await store_end_others(needs_.store, needs_.journal, who);
    forget_sessions(ended);
}

}  // namespace kith::users
