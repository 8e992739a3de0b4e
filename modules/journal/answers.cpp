// Idempotency: the answers given to repeatable requests, kept for 30 days.
#include <kith/core/error.hpp>
#include <kith/journal_tx.hpp>

namespace kith::journal {

std::optional<std::string> remembered_answer(transaction& t, user_id user, std::string_view key,
                                             std::string_view input) {
    db::cursor rows = t.query(
        "SELECT input_hash, answer FROM journal_answers WHERE user_id = ? AND answer_key = ?", user, key);
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
    t.execute(
        "INSERT INTO journal_answers (user_id, answer_key, input_hash, answer, made_at) VALUES (?, ?, ?, ?, ?)",
        user, key, input, answer, t.now());
}

std::size_t prune_answers(transaction& t, std::size_t rows_max) {
    std::vector<std::pair<std::int64_t, std::string>> old;
    {
        db::cursor rows = t.query(
            "SELECT user_id, answer_key FROM journal_answers WHERE made_at < ? ORDER BY made_at LIMIT ?",
            t.now() - idempotency_kept, static_cast<std::int64_t>(rows_max));
        while (rows.next()) {
            old.emplace_back(rows.integer(0), rows.text(1));
        }
    }
    for (const auto& [user, key] : old) {
        t.execute("DELETE FROM journal_answers WHERE user_id = ? AND answer_key = ?", user, key);
    }
    return old.size();
}

}  // namespace kith::journal
