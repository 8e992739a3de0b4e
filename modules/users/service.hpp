// The rules of `users` behind its doors: one class, its parts split by purpose over several files.
#pragma once

#include "gate.hpp"
#include "password.hpp"
#include "presence.hpp"
#include "refresh_token.hpp"
#include "store.hpp"
#include "token.hpp"

#include <kith/core/config.hpp>
#include <kith/core/metrics.hpp>
#include <kith/users.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::users {

/// Where a request came from.
struct origin {
    origin() = default;
    origin(std::string from, std::string by) : address(std::move(from)), user_agent(std::move(by)) {}
    std::string address;
    std::string user_agent;
};

/// What makes an account.
struct registration {
    registration() = default;
    std::string username;
    std::string password;
    std::string nickname;  ///< empty: the username
    std::string invite;  ///< the code; looked at in the mode `invite` only
    users::device device;
    origin from;
};

struct credentials {
    credentials() = default;
    std::string username;
    std::string password;
    users::device device;
    origin from;
};

/// What a sign-in or a refresh gives.
struct signed_in {
    signed_in() = default;
    user who;
    session_info session;
    std::string access_token;
    std::chrono::seconds expires_in{0};
    std::string refresh_token;
};

/// Fields to change; what has no value stays.
struct profile_change {
    profile_change() = default;
    std::optional<std::string> nickname;
    std::optional<std::string> bio;
};

struct password_change {
    password_change() = default;
    std::string old;
    std::string fresh;
    origin from;
};

/// A place in the order of search results.
struct search_place {
    search_place() = default;
    search_place(std::int64_t at, std::string key) : place(at), username_key(std::move(key)) {}
    std::int64_t place = -1;
    std::string username_key;
};

/// What an ended session says in the journal.
struct session_revoked {
    session_revoked() = default;
    explicit session_revoked(session_id ended) : session(ended) {}
    session_id session;
};

/// A new session on its way into the database, and what came of it.
struct session_plan {
    session_plan() = default;
    store::session_row row;
    std::string refresh_token;
};
struct session_result {
    session_result() = default;
    user who;
    session_info session;
    std::vector<session_id> ended;  ///< made room
};

// Of a job, on the writer thread.

/// Ends those of `sessions` that live and notes it in the journal; returns them.
std::vector<session_id> end_sessions(transaction& t, journal::writer& notes, user_id user,
                                     const std::vector<session_id>& sessions);
/// Stores the session and ends the longest unused ones beyond `sessions_max`.
session_result open_session(transaction& t, journal::writer& notes, const user& who, store::session_row row,
                            std::size_t sessions_max);
/// Throws `conflict` with a pointer to the username.
void add_account_row(transaction& t, const store::account_row& row);

class users_service final : public service {
public:
    users_service(deps needs, const std::string& key);

    // service.cpp
    task<void> start() override;
    void set_hub(gateway::hub& people) override { presence_.set_hub(people); }
    void tick() override;
    void stop() override { presence_.flush(); }
    [[nodiscard]] gateway::authenticator& authenticator() override { return gate_; }
    [[nodiscard]] const presence& people() const override { return presence_; }
    [[nodiscard]] const deps& needs() const noexcept { return needs_; }
    [[nodiscard]] bool setup_required() const noexcept { return !has_owner_; }

    // accounts.cpp: the command line
    task<user> add_account(std::string username, std::string password, gateway::role role) override;
    task<std::vector<account>> list_accounts(user_id after) override;
    task<void> set_password(std::string username, std::string password) override;
    task<void> set_state(std::string username, account_state state) override;
    task<std::vector<session_info>> list_sessions(std::string username) override;
    task<std::size_t> end_sessions(std::string username) override;

    // registration.cpp
    [[nodiscard]] std::optional<std::string> make_setup_link() override;
    /// Throws `gone` when there is an owner, `forbidden` for a token that is wrong or over.
    task<signed_in> set_up(std::string token, registration input);
    /// Throws `forbidden` when registration is closed, `invalid` for an invite that does not work, `conflict` for a name
    /// that is taken.
    task<signed_in> register_account(registration input);

    // sign_in.cpp
    /// Throws `unauthenticated` alike for an unknown name and a wrong password, `too_many_requests` after too many tries,
    /// `forbidden` for a disabled account with the right password.
    task<signed_in> sign_in(credentials input);
    /// Throws `forbidden` with a pointer to /old.
    task<void> change_password(gateway::principal who, password_change input);

    // sessions.cpp
    /// Throws `unauthenticated`. An old token ends its session.
    task<signed_in> refresh(std::string token, origin from);
    task<std::vector<session_info>> sessions_of(gateway::principal who, session_id before, std::size_t limit);
    task<void> revoke(gateway::principal who, session_id session);
    task<void> revoke_others(gateway::principal who);

    // profile.cpp
    task<user> get(gateway::principal who, user_id id);
    task<user> update_me(gateway::principal who, profile_change change);
    task<std::vector<store::found_user>> search(gateway::principal who, std::string text, search_place after,
                                                std::size_t limit);

    // invites.cpp
    task<invite> issue_invite(std::int64_t uses, std::optional<timestamp> expires_at) override;
    task<std::vector<invite>> list_invites(invite_id after) override;
    task<void> revoke_invite(invite_id which) override;
    task<invite> create_invite(gateway::principal who, std::int64_t uses,
                               std::optional<timestamp> expires_at);
    task<std::vector<invite>> invites(gateway::principal who, invite_id before, std::size_t limit);
    task<void> revoke_invite(gateway::principal who, invite_id id);

private:
    /// One write a minute at most, and what the tables may forget.
    task<void> prune();
    task<void> write_last_seen(presence_board::last_seen_list seen);
    [[nodiscard]] session_plan plan_session(const users::device& on, const origin& from);
    [[nodiscard]] store::account_row plan_account(const registration& input, gateway::role role,
                                                  std::string hash);
    [[nodiscard]] signed_in admit(session_result made, std::string refresh_token);
    void forget_sessions(const std::vector<session_id>& ended);
    [[nodiscard]] timestamp live_since() const;
    [[nodiscard]] invite plan_invite(std::int64_t uses, std::optional<timestamp> expires_at);
    [[nodiscard]] std::string invite_url(std::string_view code) const;
    /// Compares with counted tries; see sign_in.cpp.
    task<store::account_row> prove(std::string username_key, std::string password, origin from);
    /// Hashes a proved password with the parameters of today, unless another was quicker.
    task<void> rehash(store::account_row proved, std::string password);

    deps needs_;
    access_tokens access_;
    refresh_tokens refresh_;
    passwords passwords_;
    gate gate_;
    presence_board presence_;

    bool has_owner_ = false;
    std::string setup_hash_;  ///< BLAKE2b of the set-up token; empty: none
    steady_time setup_until_;
    steady_time next_minute_;
    steady_time next_hour_;

    counter& signed_in_;
    counter& refused_;
    counter& slowed_;
    counter& reused_;
    gauge& online_;
};

}  // namespace kith::users
