-- Conversations, their members and the messages, which are clustered by (conversation, seq).
-- Times are microseconds since 1970 in UTC; kinds, roles and notify are numbers of the enums in kith/messages.hpp.

CREATE TABLE messages_conversations (
    id BIGINT NOT NULL PRIMARY KEY,
    kind INT NOT NULL CHECK (kind >= 0),
    direct_key VARCHAR(64),           -- of a direct conversation: the two user ids, the lower one first
    title TEXT,                       -- of a group: its name
    last_seq BIGINT NOT NULL CHECK (last_seq >= 0),
    last_pos BIGINT NOT NULL,         -- the position of the newest message, or of the making: the order of lists
    created_at BIGINT NOT NULL,
    UNIQUE INDEX messages_conversations_by_direct_key (direct_key)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE messages_members (
    conversation BIGINT NOT NULL,
    user BIGINT NOT NULL,
    peer BIGINT,                      -- of a direct conversation: the other member
    role INT NOT NULL CHECK (role >= 0),
    first_seq BIGINT NOT NULL CHECK (first_seq > 0),
    read_seq BIGINT NOT NULL CHECK (read_seq >= 0),
    delivered_seq BIGINT NOT NULL,
    muted_until BIGINT,
    pinned INT NOT NULL CHECK (pinned BETWEEN 0 AND 1),
    notify INT NOT NULL CHECK (notify BETWEEN 0 AND 2),
    hidden_at BIGINT,                 -- the last_seq when it was hidden: it is so until there is a higher one
    joined_at BIGINT NOT NULL,
    joined_pos BIGINT NOT NULL CHECK (joined_pos >= 0),  -- of its member.joined: earlier changes are not told; 0 in direct ones
    draft MEDIUMTEXT NOT NULL,
    PRIMARY KEY (conversation, user),
    INDEX messages_members_by_user (user),
    INDEX messages_members_by_role (conversation, role, joined_pos),
    FOREIGN KEY (conversation) REFERENCES messages_conversations (id),
    CHECK (delivered_seq >= read_seq)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE messages (
    conversation BIGINT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    pos BIGINT NOT NULL,              -- of its message.created in the journal
    sender BIGINT NOT NULL,
    client_id VARCHAR(64) NOT NULL,
    kind INT NOT NULL CHECK (kind >= 0),
    sent_at BIGINT NOT NULL,
    recalled_at BIGINT,
    recalled_by BIGINT,
    body MEDIUMTEXT,                  -- JSON of the kind's body; gone when recalled
    PRIMARY KEY (conversation, seq),
    CHECK ((body IS NULL) = (recalled_at IS NOT NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
