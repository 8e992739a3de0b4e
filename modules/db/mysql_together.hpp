// What waits on a connection to MariaDB to go out together: rows, changes by key, questions; and the answers that are known.
#pragma once

#include "mysql_held_rows.hpp"
#include "mysql_held_updates.hpp"
#include "mysql_questions.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kith::db {

class mysql_connection;
class mysql_statement;

/// A part of its connection, by whose statements it sends.
class mysql_together {
public:
    /// Without `holds` rows and changes go out at once.
    mysql_together(mysql_connection& on, bool holds) : connection_(on), holds_(holds) {}

    /// Keeps the row of an INSERT until something may see it: a statement that names its table, the end of the batch, 64 of
    /// them.
    void hold(mysql_statement& insert);
    /// As hold(), the change of a row by its key.
    void hold_update(mysql_statement& update);
    /// Sends what is held.
    void send_held();
    /// Sends of it what the statement may see.
    void send_held_for(mysql_statement& next);
    /// It is undone before it was sent.
    void forget_held() noexcept;

    /// Keeps the question that is bound until it is asked with others.
    void ask_later(mysql_statement& prepared);
    /// Asks the questions that wait.
    void ask();
    /// Takes the answers to those that were asked.
    void read_asked();
    /// The rows of what is bound, if that was asked before and nothing has changed it.
    [[nodiscard]] std::shared_ptr<const known_rows> find_known(mysql_statement& query);
    /// Forgets what the statement, which is no query, may change.
    void heed_change(const std::string& sql);
    /// No answer counts any more: another state of the database is read from now on.
    void forget_known() noexcept;

private:
    /// The place of the rows of this INSERT, or of the changes of this UPDATE; null when there are too many others.
    [[nodiscard]] held_rows* find_rows(const std::string& sql);
    [[nodiscard]] held_updates* find_updates(const std::string& sql);
    void send_held(held_rows& those);
    void send_held(held_updates& those);
    /// Sends what `send_some` sends; a failure is not that of the job that happens to run when another one held it.
    template <class Held, class Send>
    void send_all_of(Held& those, Send send_some);

    mysql_connection& connection_;
    const bool holds_;
    std::vector<std::unique_ptr<held_rows>> rows_;
    std::vector<std::unique_ptr<held_updates>> updates_;
    std::size_t groups_held_ = 0;  ///< those of both that hold something
    std::size_t table_numbers_ = 0;  ///< given so far
    std::map<std::string, question_group> questions_;
    struct asked {
        asked(mysql_statement& by, question_group& whose, std::vector<question_group::arguments> which)
            : statement(&by), group(&whose), questions(std::move(which)) {}
        mysql_statement* statement;
        question_group* group;
        std::vector<question_group::arguments> questions;
    };
    std::vector<asked> asked_;  ///< those that were sent and not read
};

}  // namespace kith::db
