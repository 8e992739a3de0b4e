-- Groups: what is theirs alone. Name, members and messages stand with the conversation of the same id.

CREATE TABLE groups_groups (
    id INTEGER PRIMARY KEY,
    member_count INTEGER NOT NULL CHECK (member_count >= 0),
    created_at INTEGER NOT NULL
) STRICT;
