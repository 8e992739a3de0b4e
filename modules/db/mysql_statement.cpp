// A prepared statement on a MariaDB or MySQL connection. Results are kept on this side, so that cursors nest.
#include "mysql_statement.hpp"

#include "mysql_connection.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace kith::db {
namespace {

/// Room for a text column at first; it grows with what is read.
constexpr std::size_t text_bytes = 256;
/// A result of more rows than this gives its memory back when its cursor ends.
constexpr unsigned long long rows_kept = 16;

bool is_integer(enum_field_types type) {
    switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_YEAR: return true;
    default: return false;
    }
}

}  // namespace

mysql_statement::mysql_statement(mysql_connection& owner, std::string_view sql) : owner_(owner), sql_(sql) {
    handle_ = mysql_stmt_init(owner.handle());
    KITH_ASSERT(handle_ != nullptr);
    if (mysql_stmt_prepare(handle_, sql_.data(), sql_.size()) != 0) {
        const unsigned code = mysql_stmt_errno(handle_);
        const std::string why = mysql_stmt_error(handle_);
        mysql_stmt_close(handle_);
        owner.raise(code, why, sql_);
    }
    slots_.resize(mysql_stmt_param_count(handle_));
    arguments_.resize(slots_.size());
    describe_columns();
    if (is_query()) {
        lookup_ = read_lookup(sql_);
    }
}

mysql_statement::~mysql_statement() {
    mysql_stmt_close(handle_);
}

void mysql_statement::describe_columns() {
    const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> described(
        mysql_stmt_result_metadata(handle_), &mysql_free_result);
    if (!described) {
        return;
    }
    const unsigned count = mysql_num_fields(described.get());
    const MYSQL_FIELD* const fields = mysql_fetch_fields(described.get());
    columns_.resize(count);
    column_slots_.resize(count);
    for (unsigned i = 0; i < count; ++i) {
        columns_[i].is_number = is_integer(fields[i].type);
        if (!columns_[i].is_number) {
            columns_[i].text.resize(text_bytes);
        }
    }
    bind_columns();
}

void mysql_statement::bind_columns() {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        column& one = columns_[i];
        MYSQL_BIND& slot = column_slots_[i];
        slot.buffer_type = one.is_number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
        slot.buffer = one.is_number ? static_cast<void*>(&one.number) : one.text.data();
        slot.buffer_length = one.is_number ? sizeof one.number : one.text.size();
        slot.length = &one.bytes;
        slot.is_null = &one.null;
        slot.error = &one.cut;
    }
    if (mysql_stmt_bind_result(handle_, column_slots_.data()) != 0) {
        raise();
    }
}

MYSQL_BIND& mysql_statement::slot(int index) {
    KITH_ASSERT(index > 0 && static_cast<std::size_t>(index) <= slots_.size());
    bound_ = std::max(bound_, index);
    return slots_[static_cast<std::size_t>(index) - 1];
}

void mysql_statement::bind_null(int index) {
    MYSQL_BIND& into = slot(index);
    argument& now = held(index);
    now.what = kind::null;
    into.buffer_type = MYSQL_TYPE_NULL;
}

void mysql_statement::bind(int index, std::int64_t value) {
    MYSQL_BIND& into = slot(index);
    argument& now = held(index);
    now.what = kind::number;
    now.number = value;
    into.buffer_type = MYSQL_TYPE_LONGLONG;
    into.buffer = &now.number;
    into.is_unsigned = 0;
}

void mysql_statement::bind(int index, std::string_view value) {
    MYSQL_BIND& into = slot(index);
    argument& now = held(index);
    // The arguments of a query may be temporaries that are gone when the cursor steps; those of a change live until it
    // was sent.
    if (is_query()) {
        now.copy = value;
        value = now.copy;
    }
    now.what = kind::text;
    now.bytes = value.size();
    into.buffer_type = MYSQL_TYPE_STRING;
    into.buffer = const_cast<char*>(value.data() == nullptr ? "" : value.data());
    into.buffer_length = now.bytes;
    into.length = &now.bytes;
}

void mysql_statement::bind(int index, const bound_value& value) {
    switch (value.what) {
    case kind::number: bind(index, value.number); break;
    case kind::text: bind(index, std::string_view(value.text)); break;
    default: bind_null(index); break;
    }
}

std::vector<bound_value> mysql_statement::arguments() const {
    std::vector<bound_value> all(arguments_.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].what = arguments_[i].what;
        all[i].number = arguments_[i].number;
        if (arguments_[i].what == kind::text) {
            all[i].text.assign(static_cast<const char*>(slots_[i].buffer), arguments_[i].bytes);
        }
    }
    return all;
}

bool mysql_statement::names(const std::string& table, std::size_t which) {
    if (which >= named_.size()) {
        named_.resize(which + 1, named::unknown);
    }
    named& known = named_[which];
    if (known == named::unknown) {
        known = names_word(sql_, table) ? named::yes : named::no;
    }
    return known == named::yes;
}

void mysql_statement::bind_blob(int index, std::string_view value) {
    bind(index, value);
    slot(index).buffer_type = MYSQL_TYPE_BLOB;
}

void mysql_statement::take_received() {
    take();
    executed_ = true;
}

void mysql_statement::send() {
    KITH_ASSERT(static_cast<std::size_t>(bound_) == slots_.size());
    if (!slots_.empty() && mysql_stmt_bind_param(handle_, slots_.data()) != 0) {
        raise();
    }
    owner_.read_answers(false);
    const int failed = mysql_stmt_execute(handle_);
    owner_.read_answers(true);
    if (failed != 0) {
        raise();
    }
    ++in_flight_;
}

void mysql_statement::receive() {
    --in_flight_;
    if (owner_.handle()->methods->db_read_execute_response(handle_) != 0
        || (is_query() && mysql_stmt_store_result(handle_) != 0)) {
        raise();
    }
}

std::int64_t mysql_statement::affected() const noexcept {
    return static_cast<std::int64_t>(mysql_stmt_affected_rows(handle_));
}

bool mysql_statement::step() {
    KITH_ASSERT(taken_ && is_query());  // changes go through execute() or try_insert()
    if (!executed_) {
        KITH_ASSERT(static_cast<std::size_t>(bound_) == slots_.size());
        known_ = owner_.together().find_known(*this);
        if (!known_) {
            owner_.run(*this);
        }
        executed_ = true;
    }
    if (known_) {
        known_row_ = std::min(known_row_ + 1, known_->rows() + 1);
        return known_row_ <= known_->rows();
    }
    const int code = mysql_stmt_fetch(handle_);
    if (code == MYSQL_DATA_TRUNCATED) {
        widen();
    } else if (code != 0 && code != MYSQL_NO_DATA) {
        raise();
    }
    return code != MYSQL_NO_DATA;
}

void mysql_statement::widen() {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        column& one = columns_[i];
        if (one.is_number || one.null != 0 || one.bytes <= one.text.size()) {
            continue;
        }
        one.text.resize(one.bytes * 2);
        column_slots_[i].buffer = one.text.data();
        column_slots_[i].buffer_length = one.text.size();
        if (mysql_stmt_fetch_column(handle_, &column_slots_[i], static_cast<unsigned>(i), 0) != 0) {
            raise();
        }
    }
    bind_columns();  // for the rows that follow
}

mysql_statement::column& mysql_statement::at(int index) {
    KITH_ASSERT(executed_ && index >= 0 && static_cast<std::size_t>(index) < columns_.size());
    return columns_[static_cast<std::size_t>(index)];
}

const bound_value& mysql_statement::known_at(int index) const {
    KITH_ASSERT(known_row_ > 0 && known_row_ <= known_->rows() && index >= 0
                && static_cast<std::size_t>(index) < known_->columns);
    return known_->values[(known_row_ - 1) * known_->columns + static_cast<std::size_t>(index)];
}

bound_value mysql_statement::value(int index) {
    bound_value found;
    if (is_null(index)) {
        found.what = kind::null;
    } else if (at(index).is_number) {
        found.what = kind::number;
        found.number = integer(index);
    } else {
        found.what = kind::text;
        found.text = text(index);
    }
    return found;
}

bool mysql_statement::is_null(int index) {
    return known_ ? known_at(index).what == kind::null : at(index).null != 0;
}

std::int64_t mysql_statement::integer(int index) {
    if (known_) {
        const bound_value& one = known_at(index);
        std::int64_t value = one.number;
        if (one.what == kind::text) {
            std::from_chars(one.text.data(), one.text.data() + one.text.size(), value);
        }
        return value;
    }
    const column& one = at(index);
    if (one.null != 0) {
        return 0;
    }
    if (one.is_number) {
        return one.number;
    }
    std::int64_t value = 0;  // sums come as decimals, which are written out
    std::from_chars(one.text.data(), one.text.data() + one.bytes, value);
    return value;
}

std::string_view mysql_statement::text(int index) {
    if (known_) {
        const bound_value& one = known_at(index);
        if (one.what == kind::number) {
            scratch_ = std::to_string(one.number);
            return scratch_;
        }
        return one.text;
    }
    const column& one = at(index);
    if (one.null != 0) {
        return {};
    }
    if (one.is_number) {
        scratch_ = std::to_string(one.number);
        return scratch_;
    }
    return {one.text.data(), one.bytes};
}

void mysql_statement::take() {
    KITH_ASSERT(!taken_);  // two cursors of the same SQL text at a time
    taken_ = true;
    owner_.cursor_opened();
}

void mysql_statement::reset() noexcept {
    if (!taken_) {
        return;
    }
    if (executed_ && !known_ && mysql_stmt_num_rows(handle_) > rows_kept) {
        mysql_stmt_free_result(handle_);
    }
    known_.reset();
    known_row_ = 0;
    bound_ = 0;
    executed_ = false;
    taken_ = false;
    owner_.cursor_closed();
}

void mysql_statement::raise() {
    owner_.raise(mysql_stmt_errno(handle_), mysql_stmt_error(handle_), sql_);
}

}  // namespace kith::db
