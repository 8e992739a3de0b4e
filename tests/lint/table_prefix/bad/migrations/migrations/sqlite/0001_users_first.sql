-- People and their sessions; FROM nowhere in a comment is no table
CREATE TABLE users (id INTEGER PRIMARY KEY, note TEXT DEFAULT 'FROM elsewhere') STRICT;
CREATE TABLE IF NOT EXISTS sessions (id INTEGER PRIMARY KEY) STRICT;
CREATE UNIQUE INDEX users_by_name ON people (name);
