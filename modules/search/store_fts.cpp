// The full-text index on SQLite: FTS5 without content of its own, rows named by the position of the message.
//
// Beside the words of a message its row has a term for its conversation and one for its sender. They begin with code
// points for private use, which no prepared text holds, so that they never meet a word.
#include "store_fts.hpp"

#include <kith/core/error.hpp>

#include <algorithm>

namespace kith::search::store::fts {

namespace {

constexpr std::string_view conversation_mark = "\xEE\x80\x80";  // U+E000
constexpr std::string_view sender_mark = "\xEE\x80\x81";  // U+E001

std::string conversation_term(messages::conversation_id conversation) {
    return std::string(conversation_mark) + to_string(conversation);
}

std::string sender_term(user_id sender) {
    return std::string(sender_mark) + to_string(sender);
}

/// What the index holds of the entry: to be told again, the same, when it is taken out.
std::string row_text(const entry& of) {
    return of.words + " " + conversation_term(of.conversation) + " " + sender_term(of.sender);
}

/// As a string of the query language: between quotes nothing but a quote has a meaning, and no token has one.
std::string in_quotes(std::string_view token) {
    KITH_ASSERT(!token.empty() && token.find_first_of(std::string_view("\"\0", 2)) == std::string_view::npos);
    return "\"" + std::string(token) + "\"";
}

std::string expression(const question& asked) {
    KITH_ASSERT(!asked.all.empty());
    std::string text;
    const auto also = [&text](const std::string& part) {
        text.append(text.empty() ? "" : " AND ").append(part);
    };
    for (const wanted_term& one : asked.all) {
        also(in_quotes(one.token) + (one.prefix ? "*" : ""));
    }
    if (asked.sender) {
        also(in_quotes(sender_term(*asked.sender)));
    }
    std::string places;
    for (const messages::conversation_id one : asked.within) {
        places.append(places.empty() ? "" : " OR ").append(in_quotes(conversation_term(one)));
    }
    if (!places.empty()) {
        also("(" + places + ")");
    }
    return text;
}

}  // namespace

void insert(transaction& t, const entry& made) {
    t.execute("INSERT INTO search_index (rowid, words) VALUES (?, ?)", made.pos, row_text(made));
}

void remove(transaction& t, const entry& gone) {
    t.execute("INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', ?, ?)", gone.pos,
              row_text(gone));
}

void clear(transaction& t) {
    t.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')");
}

bool merge(transaction& t, bool begin, std::int64_t pages) {
    const std::int64_t before = t.integer("SELECT total_changes()").value_or(0);
    t.execute("INSERT INTO search_index (search_index, rank) VALUES ('merge', ?)", begin ? -pages : pages);
    // The command itself counts as one change (SQLite's manual, "The 'merge' command").
    return t.integer("SELECT total_changes()").value_or(0) - before > 1;
}

void visit(snapshot& s, const question& asked, const std::function<bool(std::int64_t)>& visit) {
    db::cursor row =
        s.query("SELECT rowid FROM search_index WHERE search_index MATCH ? AND rowid > ? AND rowid < ? "
                "ORDER BY rowid DESC",
                expression(asked), asked.above, asked.below);
    while (row.next() && visit(row.integer(0))) {
    }
}

}  // namespace kith::search::store::fts
