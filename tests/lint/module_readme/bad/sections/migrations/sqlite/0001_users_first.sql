-- People and their sessions
CREATE TABLE users (id INTEGER);
CREATE TABLE users_sessions (id INTEGER);
