// The service as a whole: how it is built, started and kept tidy, and the check that every job begins with.
#include "service.hpp"

#include "api.hpp"
#include "secrets.hpp"

#include <kith/core/log.hpp>
#include <kith/core/task.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>
#include <utility>

namespace kith::users {

namespace {

/// Rows deleted in one job, and jobs of one tidying.
constexpr std::size_t prune_rows = 500;
constexpr int prune_rounds = 20;
/// Ended sessions are kept for the curious, unused ones a while beyond their end.
constexpr std::chrono::hours ended_kept{30 * 24};
constexpr std::chrono::hours unused_kept{7 * 24};
/// Invites are kept so long after their end or their last use, for who asks whom they brought.
constexpr std::chrono::hours invites_kept{30 * 24};

/// What the start reads in one snapshot.
struct memory {
    memory() = default;
    bool has_owner = false;
    std::vector<session_id> ended;
    std::vector<user_id> disabled;
    presence_board::last_seen_list seen;
};

task<memory> read_memory(database& from, timestamp since) {
    return from.read([since](snapshot& s) {
        memory known;
        known.has_owner = store::count_active_owners(s) > 0;
        known.ended = store::ended_since(s, since);
        known.disabled = store::disabled_accounts(s);
        known.seen = store::all_last_seen(s);
        return known;
    });
}

task<std::int64_t> prune_once(database& in, std::chrono::seconds unused_after) {
    return in.write([unused_after](transaction& t) {
        const std::int64_t sessions =
            store::prune_sessions(t, t.now() - ended_kept, t.now() - unused_after - unused_kept, prune_rows);
        const std::int64_t invites = store::prune_invites(t, t.now() - invites_kept, prune_rows);
        return std::max({sessions, invites, store::prune_attempts(t, t.now(), prune_rows)});
    });
}

task<void> store_last_seen(database& in, presence_board::last_seen_list seen) {
    return in.write([seen = std::move(seen)](transaction& t) {
        for (const auto& [user, when] : seen) {
            store::update_last_seen(t, user, when);
        }
    });
}

}  // namespace

void check_session(snapshot& s, const gateway::principal& who) {
    const std::optional<store::standing> found = store::find_standing(s, who.session);
    if (!found || found->ended || found->user != who.user) {
        throw error(error_code::unauthenticated, "The session has ended.");
    }
    if (found->state != account_state::active) {
        throw error(error_code::unauthenticated, "The account is disabled.");
    }
    if (found->role != who.role) {
        throw error(error_code::unauthenticated, "The role has changed since the token was made.");
    }
}

void ask_session(db::questions& q, const gateway::principal& who) {
    store::ask_standing(q, who.session);
}

users_service::users_service(deps needs, const std::string& key)
    : needs_(std::move(needs)),
      access_(key, needs_.settings.users.access_seconds),
      refresh_(key),
      passwords_(needs_.hashing,
                 password_cost(needs_.settings.users.argon2_mib, needs_.settings.users.argon2_passes)),
      gate_(access_, needs_.clock),
      presence_(needs_.clock, presence_text,
                [this](presence_board::last_seen_list seen) {
                    needs_.tasks.spawn("users: write last_seen", write_last_seen(std::move(seen)));
                }),
      next_minute_(needs_.clock.steady_now()),
      next_hour_(needs_.clock.steady_now()),
      signed_in_(needs_.metric.make_counter("kith_users_sign_ins_total", "Sign-ins by password",
                                            {{"result", "ok"}})),
      refused_(needs_.metric.make_counter("kith_users_sign_ins_total", "Sign-ins by password",
                                          {{"result", "refused"}})),
      slowed_(needs_.metric.make_counter("kith_users_sign_ins_total", "Sign-ins by password",
                                         {{"result", "slowed"}})),
      reused_(needs_.metric.make_counter("kith_users_refresh_reuse_total",
                                         "Sessions ended by an old refresh token")),
      online_(needs_.metric.make_gauge("kith_users_online", "People who are online")) {}

task<void> users_service::start() {
    const timestamp since = needs_.clock.now() - gate_.memory();
    const memory known = co_await read_memory(needs_.store, since);
    has_owner_ = known.has_owner;
    forget_sessions(known.ended);
    for (const user_id user : known.disabled) {
        gate_.user_disabled(user);
    }
    presence_.load(known.seen);
    co_await passwords_.prepare();
}

void users_service::tick() {
    presence_.tick();
    online_.set(static_cast<double>(presence_.online_count()));
    const steady_time now = needs_.clock.steady_now();
    if (now >= next_minute_) {
        next_minute_ = now + std::chrono::minutes(1);
        gate_.prune();
    }
    if (now >= next_hour_) {
        next_hour_ = now + std::chrono::hours(1);
        needs_.tasks.spawn("users: prune", prune());
    }
}

task<void> users_service::prune() {
    for (int round = 0; round < prune_rounds; ++round) {
        const std::int64_t gone = co_await prune_once(needs_.store, needs_.settings.users.refresh_seconds);
        if (gone < static_cast<std::int64_t>(prune_rows)) {
            co_return;
        }
    }
}

task<void> users_service::write_last_seen(presence_board::last_seen_list seen) {
    try {
        co_await store_last_seen(needs_.store, seen);
    } catch (const error&) {  // the store has said why; nobody waits for this
        presence_.write_again(seen);
    }
}

void users_service::forget_sessions(const std::vector<session_id>& ended) {
    for (const session_id session : ended) {
        gate_.session_ended(session);
    }
}

timestamp users_service::live_since() const {
    return needs_.clock.now() - needs_.settings.users.refresh_seconds;
}

std::unique_ptr<service> create(deps needs) {
    const std::string key = token_key_blocking(needs.data_folder, needs.random);
    auto made = std::make_unique<users_service>(std::move(needs), key);
    register_doors(made->needs().table, *made);
    return made;
}

}  // namespace kith::users
