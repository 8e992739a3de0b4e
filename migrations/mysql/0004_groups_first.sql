-- Groups: what is theirs alone. Name, members and messages stand with the conversation of the same id.

CREATE TABLE groups_groups (
    id BIGINT NOT NULL PRIMARY KEY,
    member_count BIGINT NOT NULL CHECK (member_count >= 0),
    created_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
