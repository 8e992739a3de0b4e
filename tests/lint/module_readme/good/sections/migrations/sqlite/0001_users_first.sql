-- People and their sessions
CREATE TABLE users (id INTEGER);
CREATE TABLE IF NOT EXISTS users_sessions (id INTEGER);
