// Look-ups on MariaDB that were said ahead: asked for many keys in one statement, their rows known until something changes them.
#include "mysql_questions.hpp"

#include <kith/core/error.hpp>

#include <algorithm>
#include <utility>

namespace kith::db {
namespace {

/// Questions that go in one statement at most.
constexpr std::size_t together_max = 256;
/// Questions of one text that are kept; later ones are asked alone.
constexpr std::size_t known_max = 4096;
/// Texts of changes whose meaning for a group is remembered.
constexpr std::size_t changes_max = 512;

using kind = bound_value::kind;

bound_value without_blanks(const bound_value& one) {
    bound_value plain = one;
    while (plain.text.ends_with(' ')) {
        plain.text.pop_back();
    }
    return plain;
}

/// The place of each name among the columns; nothing when one is not there.
std::optional<std::vector<std::size_t>> places_of(const std::vector<std::string>& names,
                                                  const std::vector<std::string>& columns) {
    std::vector<std::size_t> places;
    for (const std::string& name : names) {
        const auto found = std::find(columns.begin(), columns.end(), name);
        if (found == columns.end()) {
            return std::nullopt;
        }
        places.push_back(static_cast<std::size_t>(found - columns.begin()));
    }
    return places;
}

}  // namespace

question_group::question_group(std::string_view sql, lookup_form form) : sql_(sql), form_(std::move(form)) {}

void question_group::add(const arguments& question) {
    KITH_ASSERT(question.size() == form_.keys.size());
    if (!std::all_of(question.begin(), question.end(), is_plain)) {
        return;
    }
    if (kinds_.empty()) {
        std::transform(question.begin(), question.end(), std::back_inserter(kinds_),
                       [](const bound_value& one) { return one.what; });
    }
    const bool same_kinds =
        std::equal(question.begin(), question.end(), kinds_.begin(),
                   [](const bound_value& one, kind wanted) { return one.what == wanted; });
    if (same_kinds && unsent_.size() < known_max && entries_.size() < known_max
        && entries_.try_emplace(key_text(question)).second) {
        unsent_.push_back(question);
    }
}

std::shared_ptr<const known_rows> question_group::find(const arguments& question) const {
    const auto found = entries_.find(key_text(question));
    return found == entries_.end() ? nullptr : found->second;
}

void question_group::clear() noexcept {
    entries_.clear();
    unsent_.clear();
}

std::size_t question_group::next_size() const noexcept {
    std::size_t size = together_max;
    while (size > unsent_.size()) {
        size /= 2;
    }
    return size;
}

std::vector<question_group::arguments> question_group::take_unsent(std::size_t count) {
    const auto end = unsent_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<arguments> taken(std::make_move_iterator(unsent_.begin()), std::make_move_iterator(end));
    unsent_.erase(unsent_.begin(), end);
    return taken;
}

std::string_view question_group::text_of(std::size_t questions) {
    std::string& text = texts_[questions];
    if (!text.empty()) {
        return text;
    }
    // A join with the keys: OR of ANDs costs the server seven times as much, and a list of pairs is not looked up by index.
    std::string first = "SELECT ? AS kith_number";
    std::string other = " UNION ALL SELECT ?";
    std::string condition;
    for (std::size_t i = 0; i < form_.keys.size(); ++i) {
        const std::string name = "kith_key" + std::to_string(i);
        first += ", ? AS " + name;
        other += ", ?";
        condition += (i == 0 ? " WHERE " : " AND ") + form_.keys[i] + " = " + name;
    }
    text = "SELECT STRAIGHT_JOIN kith_number, " + form_.columns + " FROM (" + first;
    for (std::size_t i = 1; i < questions; ++i) {
        text += other;
    }
    text += ") kith_asked JOIN " + form_.from + condition;
    return text;
}

void question_group::answer(const arguments& question, std::shared_ptr<const known_rows> rows) {
    const auto found = entries_.find(key_text(question));
    if (found != entries_.end()) {
        found->second = std::move(rows);
    }
}

bool question_group::reads(const std::string& table) const {
    return std::find(form_.tables.begin(), form_.tables.end(), table) != form_.tables.end();
}

void question_group::heed_change(const std::string& sql) {
    if (empty()) {
        return;
    }
    if (changes_.size() >= changes_max) {
        changes_.clear();
    }
    const auto [known, is_new] = changes_.try_emplace(sql);
    if (is_new) {
        const std::string table = changed_table(sql);
        const std::vector<std::string> columns = set_columns(sql);
        known->second =
            table.empty()
            || (reads(table)
                && (columns.empty()
                    || std::any_of(columns.begin(), columns.end(),
                                   [this](const std::string& one) { return names_word(sql_, one); })));
    }
    if (known->second) {
        clear();
    }
}

const question_group::relation& question_group::related(const insert_form& form) {
    const auto [known, is_new] = relations_.try_emplace(&form);
    relation& found = known->second;
    if (is_new && reads(form.table)) {
        found.concerns = true;
        if (form_.is_of_one_table()) {
            found.columns = places_of(form_.keys, form.columns).value_or(std::vector<std::size_t>());
        }
    }
    return found;
}

void question_group::heed_row(const insert_form& form, const arguments& row) {
    if (empty()) {
        return;
    }
    const relation& how = related(form);
    if (!how.concerns) {
        return;
    }
    arguments key;
    for (std::size_t i = 0; i < how.columns.size(); ++i) {
        key.push_back(without_blanks(row[how.columns[i]]));
        if (key.back().what != kinds_[i]) {
            key.clear();
            break;
        }
    }
    if (key.empty()) {
        clear();
    } else {
        entries_.erase(key_text(key));
    }
}

const question_group::relation& question_group::related(const update_form& form) {
    const auto [known, is_new] = relations_.try_emplace(&form);
    relation& found = known->second;
    if (is_new && reads(form.table)) {
        found.concerns = std::any_of(form.columns.begin(), form.columns.end(),
                                     [this](const std::string& one) { return names_word(sql_, one); });
        if (form_.is_of_one_table() && form_.keys == std::vector<std::string>{form.key}) {
            found.columns = places_of(form_.selected, form.columns).value_or(std::vector<std::size_t>());
        }
    }
    return found;
}

void question_group::heed_update(const update_form& form, const arguments& values) {
    if (empty()) {
        return;
    }
    const relation& how = related(form);
    if (!how.concerns) {
        return;
    }
    const bound_value& key = values.back();
    if (how.columns.empty() || key.what != kinds_.front() || !is_plain(key)) {
        clear();
        return;
    }
    const auto found = entries_.find(key_text(arguments{key}));
    if (found == entries_.end()) {
        return;
    }
    if (!found->second) {
        entries_.erase(found);  // its answer may be of before
        return;
    }
    if (found->second->rows() > 1) {
        entries_.erase(found);
    } else if (found->second->rows() == 1) {
        auto now = std::make_shared<known_rows>(how.columns.size());
        for (const std::size_t column : how.columns) {
            now->values.push_back(values[column]);
        }
        found->second = std::move(now);
    }
}

}  // namespace kith::db
