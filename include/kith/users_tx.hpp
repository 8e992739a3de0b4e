// What other modules ask of `users` inside their own job.
#pragma once

#include <kith/db.hpp>
#include <kith/users.hpp>

namespace kith::users {

/// Session and account are still good. Throws `unauthenticated` when the session has ended or the account is disabled.
/// To be called first in every job that acts for someone. One read by primary key.
void check_session(snapshot& s, const gateway::principal& who);
/// Says that check_session() comes; see questions::ask_ahead().
void ask_session(db::questions& q, const gateway::principal& who);

/// The card of `id`, without presence; nullopt when there is no such account or it is closed.
[[nodiscard]] std::optional<user> find_user(snapshot& s, user_id id);

/// The highest id that `users` stored, 0 for none: new ids are made above it.
[[nodiscard]] std::int64_t highest_id(snapshot& s);

}  // namespace kith::users
