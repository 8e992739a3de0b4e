// The tables of `search`, in the file of its own. Not a migration: a file with another text is made anew.
#include "store.hpp"

namespace kith::search::store {

std::string_view schema() noexcept {
    return R"sql(
-- `search_messages` holds what was indexed, because taking something out of the index needs the same text again; its
-- rows and those of the index are written together. Positions are those of message.created.
CREATE TABLE search_messages (
    pos INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq > 0),
    sender INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    words TEXT NOT NULL               -- prepared, with a blank between
) STRICT;

-- Tokens are made before: nothing is split but at blanks. No positions and no lengths: what is found is read again.
CREATE VIRTUAL TABLE search_index USING fts5 (
    words, content = '', tokenize = 'ascii', detail = none, columnsize = 0
);

CREATE TABLE search_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version TEXT NOT NULL,            -- how the words of the index were made
    epoch TEXT NOT NULL,              -- of the journal that it follows
    reached INTEGER NOT NULL,         -- the newest position that it has seen
    phase INTEGER NOT NULL CHECK (phase BETWEEN 0 AND 2),
    conversation INTEGER NOT NULL,    -- while the index is filled: the last message that went in
    seq INTEGER NOT NULL,
    removed INTEGER NOT NULL,         -- entries taken out since the index was last merged into one
    purged_at INTEGER NOT NULL,
    purging INTEGER NOT NULL CHECK (purging BETWEEN 0 AND 1)
) STRICT;
)sql";
}

}  // namespace kith::search::store
