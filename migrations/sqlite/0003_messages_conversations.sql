-- Conversations, their members and the messages, which are clustered by (conversation, seq).
-- Times are microseconds since 1970 in UTC; kinds, roles and notify are numbers of the enums in kith/messages.hpp.

CREATE TABLE messages_conversations (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL CHECK (kind >= 0),
    direct_key TEXT,                  -- of a direct conversation: the two user ids, the lower one first
    title TEXT,                       -- of a group: its name
    last_seq INTEGER NOT NULL CHECK (last_seq >= 0),
    last_pos INTEGER NOT NULL,        -- the position of the newest message, or of the making: the order of lists
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_conversations_by_direct_key ON messages_conversations (direct_key);

-- The draft stands last: it may be long, and columns behind a long one are slow to reach.
CREATE TABLE messages_members (
    conversation INTEGER NOT NULL REFERENCES messages_conversations (id),
    user INTEGER NOT NULL,
    peer INTEGER,                     -- of a direct conversation: the other member
    role INTEGER NOT NULL CHECK (role >= 0),
    first_seq INTEGER NOT NULL CHECK (first_seq > 0),
    read_seq INTEGER NOT NULL CHECK (read_seq >= 0),
    delivered_seq INTEGER NOT NULL CHECK (delivered_seq >= read_seq),
    muted_until INTEGER,
    pinned INTEGER NOT NULL CHECK (pinned BETWEEN 0 AND 1),
    notify INTEGER NOT NULL CHECK (notify BETWEEN 0 AND 2),
    hidden_at INTEGER,                -- the last_seq when it was hidden: it is so until there is a higher one
    joined_at INTEGER NOT NULL,
    joined_pos INTEGER NOT NULL CHECK (joined_pos >= 0),  -- of its member.joined: earlier changes are not told; 0 in direct ones
    draft TEXT NOT NULL,
    PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_members_by_user ON messages_members (user);
CREATE INDEX messages_members_by_role ON messages_members (conversation, role, joined_pos);

CREATE TABLE messages (
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    pos INTEGER NOT NULL,             -- of its message.created in the journal
    sender INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    kind INTEGER NOT NULL CHECK (kind >= 0),
    sent_at INTEGER NOT NULL,
    recalled_at INTEGER,
    recalled_by INTEGER,
    body TEXT CHECK ((body IS NULL) = (recalled_at IS NOT NULL)),  -- JSON of the kind's body; gone when recalled
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
