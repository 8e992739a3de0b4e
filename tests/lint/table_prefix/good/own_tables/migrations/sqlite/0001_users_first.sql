-- People and their sessions
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT) STRICT;
CREATE TABLE users_sessions (id INTEGER, user INTEGER REFERENCES users (id) ON DELETE CASCADE) WITHOUT ROWID, STRICT;
CREATE INDEX users_sessions_by_user ON users_sessions (user);
INSERT INTO users (id, name) VALUES (1, 'from messages');
