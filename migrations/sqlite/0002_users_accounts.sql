-- Accounts, their sessions, invites, and the counters that slow down guessing.
-- Times are microseconds since 1970 in UTC; roles, states and device kinds are numbers of the enums in kith/users.hpp.

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL,       -- folded (NFKC, case): by which one signs in
    username_look TEXT NOT NULL,      -- of the name as written: look-alikes are the same
    folded_look TEXT NOT NULL,        -- of the folded name: so are those that look alike in small letters
    nickname TEXT NOT NULL,
    nickname_key TEXT NOT NULL,       -- folded, for the search
    bio TEXT NOT NULL,
    role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 3),
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 1),
    password TEXT NOT NULL,           -- Argon2id with its parameters and salt
    password_changes INTEGER NOT NULL DEFAULT 0,  -- how often it became another one; a new hash of the same is none
    created_at INTEGER NOT NULL,
    last_seen INTEGER
) STRICT;
CREATE UNIQUE INDEX users_by_username ON users (username_key);
CREATE UNIQUE INDEX users_by_look ON users (username_look);
CREATE UNIQUE INDEX users_by_folded_look ON users (folded_look);

CREATE TABLE users_sessions (
    id INTEGER PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users (id),
    device_kind INTEGER NOT NULL CHECK (device_kind BETWEEN 0 AND 4),
    device_name TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    refresh_hash TEXT NOT NULL,       -- BLAKE2b of the refresh token that is good now
    generation INTEGER NOT NULL,      -- how often it was rotated
    refreshed_at INTEGER NOT NULL,    -- when it was rotated last
    created_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    ended_at INTEGER                  -- signed out, revoked or overtaken
) STRICT;
CREATE INDEX users_sessions_by_user ON users_sessions (user, ended_at);
CREATE INDEX users_sessions_by_end ON users_sessions (ended_at);
CREATE INDEX users_sessions_by_use ON users_sessions (last_seen);

CREATE TABLE users_invites (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    creator INTEGER REFERENCES users (id),  -- none: made on the command line
    uses INTEGER NOT NULL CHECK (uses > 0),
    used INTEGER NOT NULL CHECK (used BETWEEN 0 AND uses),
    expires_at INTEGER,
    over_at INTEGER,                  -- when it ended or will: its last use, or expires_at
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_invites_by_code ON users_invites (code);
CREATE INDEX users_invites_by_creator ON users_invites (creator, id);
CREATE INDEX users_invites_by_end ON users_invites (over_at);

CREATE TABLE users_attempts (
    subject TEXT NOT NULL PRIMARY KEY,  -- a hash of an account's name and an address, or of an address
    window_start INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    strikes INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_attempts_by_end ON users_attempts (forget_at);
