// What waits on a connection to MariaDB to go out together: rows, changes by key, questions.
#include "mysql_together.hpp"

#include "mysql_connection.hpp"

#include <kith/core/error.hpp>

#include <algorithm>
#include <utility>

namespace kith::db {
namespace {

/// Rows that go in one statement at most, and their bytes: far below the least `max_allowed_packet` that doctor accepts.
constexpr std::size_t held_rows_max = 64;
constexpr std::size_t held_bytes_max = 256U << 10U;
/// Texts whose rows are held, and texts whose changes are; those of others are sent at once.
constexpr std::size_t held_tables_max = 64;
/// Changes of one text that wait at most: the server looks for each row among all of them.
constexpr std::size_t held_updates_max = 64;
/// Texts whose questions are asked together; others are asked one by one.
constexpr std::size_t question_groups_max = 64;

}  // namespace

held_rows* mysql_together::find_rows(const std::string& sql) {
    for (const std::unique_ptr<held_rows>& known : rows_) {
        if (known->text_of(1) == sql) {
            return known.get();
        }
    }
    if (rows_.size() >= held_tables_max) {
        return nullptr;
    }
    std::optional<insert_form> form = read_insert(sql);
    KITH_ASSERT(form);  // another form than `INSERT INTO table (columns) VALUES (?, …)`
    rows_.push_back(std::make_unique<held_rows>(std::move(*form), table_numbers_++));
    return rows_.back().get();
}

void mysql_together::hold(mysql_statement& insert) {
    if (insert.joins == nullptr) {
        insert.joins = holds_ ? find_rows(insert.sql()) : nullptr;
    }
    if (insert.joins == nullptr) {
        connection_.send(insert);
        return;
    }
    held_rows& group = *insert.joins;
    groups_held_ += group.empty() ? 1U : 0U;
    std::vector<bound_value> row = insert.arguments();
    for (auto& [sql, questions] : questions_) {
        questions.heed_row(group.form(), row);
    }
    for (const std::unique_ptr<held_updates>& one : updates_) {
        if (!one->empty() && one->form().table == group.table()) {
            send_held(*one);  // in the order in which they came
        }
    }
    group.add(std::move(row), connection_.job_);
    ++connection_.changes_;
    if (group.rows() >= held_rows_max || group.bytes() >= held_bytes_max) {
        send_held(group);
    }
}

held_updates* mysql_together::find_updates(const std::string& sql) {
    for (const std::unique_ptr<held_updates>& known : updates_) {
        if (known->sql() == sql) {
            return known.get();
        }
    }
    if (updates_.size() >= held_tables_max) {
        return nullptr;
    }
    std::optional<update_form> form = read_update(sql);
    KITH_ASSERT(form);  // another form than `UPDATE table SET a = ?, … WHERE key = ?`
    updates_.push_back(std::make_unique<held_updates>(sql, std::move(*form), table_numbers_++));
    return updates_.back().get();
}

void mysql_together::hold_update(mysql_statement& update) {
    if (update.updates == nullptr) {
        update.updates = holds_ ? find_updates(update.sql()) : nullptr;
    }
    if (update.updates == nullptr) {
        connection_.send(update);
        return;
    }
    held_updates& group = *update.updates;
    std::vector<bound_value> values = update.arguments();
    if (!group.may_hold(values)) {
        connection_.send(update);
        return;
    }
    for (auto& [sql, questions] : questions_) {
        questions.heed_update(group.form(), values);
    }
    for (const std::unique_ptr<held_rows>& one : rows_) {
        if (!one->empty() && one->table() == group.form().table) {
            send_held(*one);
        }
    }
    for (const std::unique_ptr<held_updates>& one : updates_) {
        if (one.get() != &group && !one->empty() && one->form().table == group.form().table) {
            send_held(*one);
        }
    }
    groups_held_ += group.empty() ? 1U : 0U;
    group.add(std::move(values), connection_.job_);
    ++connection_.changes_;
    if (group.rows() >= held_updates_max) {
        send_held(group);
    }
}

void mysql_together::send_held_for(mysql_statement& next) {
    if (groups_held_ == 0) {
        return;
    }
    const lookup_form* const lookup = next.lookup();
    const lookup_form* const wanted = lookup != nullptr && lookup->is_of_one_table() ? lookup : nullptr;
    for (const std::unique_ptr<held_rows>& group : rows_) {
        if (!group->empty() && next.names(group->table(), group->number())
            && (wanted == nullptr || group->may_match(*wanted, next.arguments()))) {
            send_held(*group);
        }
    }
    for (const std::unique_ptr<held_updates>& group : updates_) {
        if (!group->empty() && next.names(group->form().table, group->number())) {
            send_held(*group);
        }
    }
}

template <class Held, class Send>
void mysql_together::send_all_of(Held& those, Send send_some) {
    try {
        for (std::size_t rows = held_rows_max; rows > 0; rows /= 2) {  // few texts, whatever the number
            while (those.rows() >= rows) {
                mysql_statement& many = connection_.find(those.text_of(rows));
                send_some(many, rows);
                many.forget_arguments();
            }
        }
    } catch (const mysql_error&) {
        // The job that happens to run is not to blame for what another one held.
        connection_.blame(those.job());
        throw;
    }
    --groups_held_;
}

void mysql_together::send_held(held_rows& those) {
    send_all_of(those, [&](mysql_statement& many, std::size_t rows) {
        int index = 0;
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t column = 0; column < those.columns(); ++column) {
                many.bind(++index, those.value(row, column));
            }
        }
        connection_.push(many, those.job());
        those.drop_first(rows);
    });
}

void mysql_together::send_held(held_updates& those) {
    send_all_of(those, [&](mysql_statement& many, std::size_t rows) {
        const std::vector<bound_value> values = those.take_last(rows);
        int index = 0;
        for (const bound_value& one : values) {
            many.bind(++index, one);
        }
        connection_.push(many, those.job());
    });
}

void mysql_together::send_held() {
    if (groups_held_ == 0) {
        return;
    }
    for (const std::unique_ptr<held_rows>& group : rows_) {
        if (!group->empty()) {
            send_held(*group);
        }
    }
    for (const std::unique_ptr<held_updates>& group : updates_) {
        if (!group->empty()) {
            send_held(*group);
        }
    }
}

void mysql_together::forget_held() noexcept {
    for (const std::unique_ptr<held_rows>& group : rows_) {
        group->clear();
    }
    for (const std::unique_ptr<held_updates>& group : updates_) {
        group->clear();
    }
    groups_held_ = 0;
}

void mysql_together::ask_later(mysql_statement& prepared) {
    if (prepared.questions == nullptr) {
        auto known = questions_.find(prepared.sql());
        if (known == questions_.end() && questions_.size() < question_groups_max) {
            known = questions_.try_emplace(prepared.sql(), prepared.sql(), *prepared.lookup()).first;
        }
        prepared.questions = known == questions_.end() ? nullptr : &known->second;
    }
    if (prepared.questions != nullptr) {
        prepared.questions->add(prepared.arguments());
    }
    prepared.forget_arguments();
}

void mysql_together::ask() {
    for (auto& [sql, group] : questions_) {
        while (group.has_unsent()) {
            const std::size_t count = group.next_size();
            std::vector<question_group::arguments> questions = group.take_unsent(count);
            if (count == 1) {
                break;  // the last of this text: its own cursor asks it
            }
            mysql_statement& many = connection_.find(group.text_of(count));
            const auto is_it = [&many](const asked& one) { return one.statement == &many; };
            if (std::any_of(asked_.begin(), asked_.end(), is_it)) {
                read_asked();  // it has room for the rows of one answer
            }
            int index = 0;
            for (std::size_t i = 0; i < count; ++i) {
                many.bind(++index, static_cast<std::int64_t>(i));
                for (const bound_value& one : questions[i]) {
                    many.bind(++index, one);
                }
            }
            connection_.push(many);
            many.forget_arguments();
            asked_.emplace_back(many, group, std::move(questions));
        }
    }
    // Before anything can be changed: an answer must not meet its question when that is asked again.
    read_asked();
}

void mysql_together::read_asked() {
    if (asked_.empty()) {
        return;
    }
    const std::vector<asked> sent = std::exchange(asked_, {});
    connection_.wait();
    for (const asked& one : sent) {
        std::vector<std::shared_ptr<known_rows>> rows(one.questions.size());
        for (auto& each : rows) {
            each = std::make_shared<known_rows>(one.statement->columns() - 1);
        }
        one.statement->take_received();
        const cursor guard(*one.statement);
        while (one.statement->step()) {
            known_rows& into = *rows.at(static_cast<std::size_t>(one.statement->integer(0)));
            for (std::size_t i = 1; i < one.statement->columns(); ++i) {
                into.values.push_back(one.statement->value(static_cast<int>(i)));
            }
        }
        for (std::size_t i = 0; i < rows.size(); ++i) {
            one.group->answer(one.questions[i], std::move(rows[i]));
        }
    }
}

std::shared_ptr<const known_rows> mysql_together::find_known(mysql_statement& query) {
    if (query.questions == nullptr || query.questions->empty()) {
        return nullptr;
    }
    const question_group::arguments question = query.arguments();
    if (!query.questions->holds(question)) {
        return nullptr;
    }
    ask();
    return query.questions->find(question);
}

void mysql_together::heed_change(const std::string& sql) {
    for (auto& [text, group] : questions_) {
        group.heed_change(sql);
    }
}

void mysql_together::forget_known() noexcept {
    asked_.clear();
    for (auto& [sql, group] : questions_) {
        group.clear();
    }
}

}  // namespace kith::db
