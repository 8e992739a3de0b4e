-- The journal: where it stands, what changed, who follows it durably, and the answers given to repeated requests.

CREATE TABLE journal_head (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    pos     INTEGER NOT NULL CHECK (pos >= 0 AND pos <= 9007199254740991),
    horizon INTEGER NOT NULL CHECK (horizon >= 0 AND horizon <= pos),
    epoch   TEXT NOT NULL
) STRICT;

INSERT INTO journal_head (id, pos, horizon, epoch) VALUES (1, 0, 0, '');

-- One row for each topic of a change. `topic` is an id and a kind in one integer; `seq` is 0 where there is no message number.
CREATE TABLE journal_notes (
    pos         INTEGER NOT NULL,
    topic       INTEGER NOT NULL,
    change_name TEXT NOT NULL,
    thing       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (pos, topic)
) STRICT, WITHOUT ROWID;

CREATE INDEX journal_notes_topic ON journal_notes (topic, pos);

-- When the head stood where, so that notes can be pruned by age without carrying a time each.
CREATE TABLE journal_times (
    at  INTEGER PRIMARY KEY,
    pos INTEGER NOT NULL
) STRICT;

CREATE TABLE journal_readers (
    name        TEXT PRIMARY KEY,
    pos         INTEGER NOT NULL,
    holder      TEXT NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The key comes first: those of messages are ordered by time (UUID version 7), so new rows of all users stand side by side.
-- There is no index by time: old rows are found by a walk.
CREATE TABLE journal_answers (
    answer_key TEXT NOT NULL,
    user_id    INTEGER NOT NULL,
    input_hash TEXT NOT NULL,
    answer     TEXT NOT NULL,
    made_at    INTEGER NOT NULL,
    PRIMARY KEY (answer_key, user_id)
) STRICT, WITHOUT ROWID;
