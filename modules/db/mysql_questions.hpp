// Look-ups on MariaDB that were said ahead: asked for many keys in one statement, their rows known until something changes them.
#pragma once

#include "mysql_held_rows.hpp"
#include "mysql_held_updates.hpp"
#include "mysql_value.hpp"
#include "sql_forms.hpp"

#include <kith/db.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kith::db {

/// The rows of one answer.
struct known_rows {
    explicit known_rows(std::size_t column_count) : columns(column_count) {}
    [[nodiscard]] std::size_t rows() const noexcept { return values.size() / columns; }

    std::size_t columns;
    std::vector<bound_value> values;
};

/// The questions of one text, which must be a look-up. A question becomes known when its answer is read, and is forgotten by
/// whatever may change that.
class question_group {
public:
    using arguments = std::vector<bound_value>;

    question_group(std::string_view sql, lookup_form form);

    [[nodiscard]] const std::string& sql() const noexcept { return sql_; }

    /// Takes a question to ask with the others; one that has to be asked alone is left out.
    void add(const arguments& question);
    [[nodiscard]] bool has_unsent() const noexcept { return !unsent_.empty(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    /// Whether it was taken, and not forgotten since.
    [[nodiscard]] bool holds(const arguments& question) const {
        return entries_.contains(key_text(question));
    }
    /// Its rows; null when they are not known.
    [[nodiscard]] std::shared_ptr<const known_rows> find(const arguments& question) const;
    void clear() noexcept;

    /// How many the next statement should ask for: few texts, whatever the number.
    [[nodiscard]] std::size_t next_size() const noexcept;
    [[nodiscard]] std::vector<arguments> take_unsent(std::size_t count);
    /// The statement of two questions or more; the text lives as long as this. Each question has a number before its keys, and the
    /// rows bear it before their columns.
    [[nodiscard]] std::string_view text_of(std::size_t questions);
    /// Not heeded when the question was forgotten meanwhile.
    void answer(const arguments& question, std::shared_ptr<const known_rows> rows);

    /// Forgets what a statement that is no look-up may change.
    void heed_change(const std::string& sql);
    /// Forgets what a new row would be part of.
    void heed_row(const insert_form& form, const arguments& row);
    /// A row gets new values by its key: what is known of it is set right, or forgotten.
    void heed_update(const update_form& form, const arguments& values);

private:
    using rows_or_none = std::shared_ptr<const known_rows>;
    /// Where each column that matters stands in the row of another text; nothing when that cannot concern this one.
    struct relation {
        bool concerns = false;
        std::vector<std::size_t> columns;
    };

    [[nodiscard]] bool reads(const std::string& table) const;
    [[nodiscard]] const relation& related(const insert_form& form);
    [[nodiscard]] const relation& related(const update_form& form);

    const std::string sql_;
    const lookup_form form_;
    std::vector<bound_value::kind> kinds_;  ///< of the arguments
    std::unordered_map<std::string, rows_or_none> entries_;  ///< none: not known yet
    std::vector<arguments> unsent_;
    std::map<std::size_t, std::string> texts_;
    std::unordered_map<std::string, bool> changes_;  ///< by text: whether such a change concerns this
    std::unordered_map<const void*, relation>
        relations_;  ///< by the form, which lives as long as the connection
};

}  // namespace kith::db
