-- The index has a file of its own now (search.db), where it is made anew from the messages.

DROP TABLE search_index;
DROP TABLE search_messages;
DROP TABLE search_state;
