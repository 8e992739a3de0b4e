-- Accounts, their sessions, invites, and the counters that slow down guessing.
-- Times are microseconds since 1970 in UTC; roles, states and device kinds are numbers of the enums in kith/users.hpp.
-- A folded name may be many times as long as the name: 700 characters are what an index holds.

CREATE TABLE users (
    id BIGINT NOT NULL PRIMARY KEY,
    username VARCHAR(255) NOT NULL,
    username_key VARCHAR(700) NOT NULL,       -- folded (NFKC, case): by which one signs in
    username_look VARCHAR(700) NOT NULL,      -- of the name as written: look-alikes are the same
    folded_look VARCHAR(700) NOT NULL,        -- of the folded name: so are those that look alike in small letters
    nickname TEXT NOT NULL,
    nickname_key TEXT NOT NULL,               -- folded, for the search
    bio TEXT NOT NULL,
    role INT NOT NULL CHECK (role BETWEEN 0 AND 3),
    state INT NOT NULL CHECK (state BETWEEN 0 AND 1),
    password VARCHAR(255) NOT NULL,           -- Argon2id with its parameters and salt
    password_changes BIGINT NOT NULL DEFAULT 0,  -- how often it became another one; a new hash of the same is none
    created_at BIGINT NOT NULL,
    last_seen BIGINT,
    UNIQUE INDEX users_by_username (username_key),
    UNIQUE INDEX users_by_look (username_look),
    UNIQUE INDEX users_by_folded_look (folded_look)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE users_sessions (
    id BIGINT NOT NULL PRIMARY KEY,
    user BIGINT NOT NULL,
    device_kind INT NOT NULL CHECK (device_kind BETWEEN 0 AND 4),
    device_name TEXT NOT NULL,
    address VARCHAR(128) NOT NULL,
    user_agent TEXT NOT NULL,
    refresh_hash VARCHAR(128) NOT NULL,       -- BLAKE2b of the refresh token that is good now
    generation BIGINT NOT NULL,               -- how often it was rotated
    refreshed_at BIGINT NOT NULL,             -- when it was rotated last
    created_at BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    ended_at BIGINT,                          -- signed out, revoked or overtaken
    INDEX users_sessions_by_user (user, ended_at),
    INDEX users_sessions_by_end (ended_at),
    INDEX users_sessions_by_use (last_seen),
    FOREIGN KEY (user) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE users_invites (
    id BIGINT NOT NULL PRIMARY KEY,
    code VARCHAR(128) NOT NULL,
    creator BIGINT,                           -- none: made on the command line
    uses BIGINT NOT NULL CHECK (uses > 0),
    used BIGINT NOT NULL CHECK (used >= 0),
    expires_at BIGINT,
    over_at BIGINT,                           -- when it ended or will: its last use, or expires_at
    created_at BIGINT NOT NULL,
    UNIQUE INDEX users_invites_by_code (code),
    INDEX users_invites_by_creator (creator, id),
    INDEX users_invites_by_end (over_at),
    FOREIGN KEY (creator) REFERENCES users (id),
    CHECK (used <= uses)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE users_attempts (
    subject VARCHAR(128) NOT NULL PRIMARY KEY,  -- a hash of an account's name and an address, or of an address
    window_start BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    strikes BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    forget_at BIGINT NOT NULL,
    INDEX users_attempts_by_end (forget_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
