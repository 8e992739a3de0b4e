-- The journal: where it stands, what changed, who follows it durably, and the answers given to repeated requests.

CREATE TABLE journal_head (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    pos     BIGINT NOT NULL CHECK (pos >= 0 AND pos <= 9007199254740991),
    horizon BIGINT NOT NULL CHECK (horizon >= 0),
    epoch   VARCHAR(64) NOT NULL,
    CHECK (horizon <= pos)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

INSERT INTO journal_head (id, pos, horizon, epoch) VALUES (1, 0, 0, '');

-- One row for each topic of a change. `topic` is an id and a kind in one integer; `seq` is 0 where there is no message number.
CREATE TABLE journal_notes (
    pos         BIGINT NOT NULL,
    topic       BIGINT NOT NULL,
    change_name VARCHAR(64) NOT NULL,
    thing       BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (pos, topic),
    INDEX journal_notes_topic (topic, pos)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- When the head stood where, so that notes can be pruned by age without carrying a time each.
CREATE TABLE journal_times (
    at  BIGINT NOT NULL PRIMARY KEY,
    pos BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE journal_readers (
    name        VARCHAR(128) NOT NULL PRIMARY KEY,
    pos         BIGINT NOT NULL,
    holder      VARCHAR(128) NOT NULL,
    lease_until BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The key comes first: those of messages are ordered by time (UUID version 7), so new rows of all users stand side by side.
-- There is no index by time: old rows are found by a walk.
CREATE TABLE journal_answers (
    answer_key VARCHAR(64) NOT NULL,
    user_id    BIGINT NOT NULL,
    input_hash VARCHAR(128) NOT NULL,
    answer     MEDIUMTEXT NOT NULL,
    made_at    BIGINT NOT NULL,
    PRIMARY KEY (answer_key, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
