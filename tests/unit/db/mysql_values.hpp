// Values as the driver of MariaDB holds them, and how many statements it has run.
#pragma once

#include "mysql_value.hpp"

#include <kith/db.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace kith::db_test {

inline db::bound_value number(std::int64_t value) {
    db::bound_value made;
    made.what = db::bound_value::kind::number;
    made.number = value;
    return made;
}

inline db::bound_value words(std::string value) {
    db::bound_value made;
    made.what = db::bound_value::kind::text;
    made.text = std::move(value);
    return made;
}

/// How many statements a transaction's thread has run on the server.
inline std::int64_t statements_of(transaction& t) {
    db::cursor row = t.query("SHOW SESSION STATUS LIKE 'Com_stmt_execute'");
    CHECK(row.next());
    return std::stoll(row.text(1));
}

}  // namespace kith::db_test
