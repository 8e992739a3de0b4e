// Idempotency: the answers given to repeatable requests, kept for 30 days.
#include <kith/core/error.hpp>
#include <kith/journal_tx.hpp>

namespace kith::journal {

namespace {

constexpr std::string_view remembered_sql =
    "SELECT input_hash, answer FROM journal_answers WHERE answer_key = ? AND user_id = ?";

}  // namespace

void ask_remembered_answer(db::questions& q, user_id user, std::string_view key) {
    q.ask_ahead(remembered_sql, key, user);
}

std::optional<std::string> remembered_answer(transaction& t, user_id user, std::string_view key,
                                             std::string_view input) {
    db::cursor rows = t.query(remembered_sql, key, user);
    if (!rows.next()) {
        return std::nullopt;
    }
    if (rows.view(0) != input) {
        throw error(error_code::conflict, "this key was used before with another content");
    }
    return rows.text(1);
}

void remember_answer(transaction& t, user_id user, std::string_view key, std::string_view input,
                     std::string_view answer) {
    KITH_ASSERT(key.size() <= idempotency_key_max);
    t.insert_together(
        "INSERT INTO journal_answers (answer_key, user_id, input_hash, answer, made_at) VALUES (?, ?, ?, ?, ?)",
        key, user, input, answer, t.now());
}

answers_pruned prune_answers(transaction& t, const answers_walk& from, std::size_t rows_max) {
    std::vector<answers_walk> old;
    answers_walk last;
    std::size_t looked_at = 0;
    {
        db::cursor rows = t.query(
            "SELECT answer_key, user_id, made_at FROM journal_answers "
            "WHERE answer_key >= ? AND (answer_key > ? OR user_id > ?) ORDER BY answer_key, user_id LIMIT ?",
            from.key, from.key, from.user.value(), static_cast<std::int64_t>(rows_max));
        const timestamp oldest = t.now() - idempotency_kept;
        for (; rows.next(); ++looked_at) {
            last.key = rows.text(0);
            last.user = rows.as_id<user_id>(1);
            if (rows.time(2) < oldest) {
                old.push_back(last);
            }
        }
    }
    for (const answers_walk& one : old) {
        t.execute("DELETE FROM journal_answers WHERE answer_key = ? AND user_id = ?", one.key, one.user);
    }
    answers_pruned done;
    done.next = looked_at < rows_max ? answers_walk() : last;
    done.deleted = old.size();
    return done;
}

}  // namespace kith::journal
