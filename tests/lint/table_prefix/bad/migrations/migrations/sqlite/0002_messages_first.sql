-- Conversations and messages in them
CREATE TABLE messages_members (user INTEGER REFERENCES users (id)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(text);
CREATE TRIGGER messages_gone AFTER DELETE ON conversations BEGIN SELECT 1; END;
