// Rows that are inserted together on MariaDB: what may wait, and what must see it before.
#include "fixture.hpp"
#include "mysql_values.hpp"

#include "mysql_held_rows.hpp"

#include <array>

using namespace kith;
using namespace kith::db_test;

namespace {

constexpr std::int64_t rows = 100;
constexpr std::string_view insert = "INSERT INTO items (id, body) VALUES (?, ?)";

}  // namespace

TEST_CASE("a look-up meets a row that waits by all of its columns") {
    db::held_rows held(db::read_insert(insert).value());
    held.add({number(1), words("one")}, 7);
    held.add({number(2), words("two")}, 8);
    CHECK(held.rows() == 2);
    CHECK(held.job() == 7);
    const auto by = [&held](std::string_view sql, const std::vector<db::bound_value>& values) {
        return held.may_match(db::read_lookup(sql).value(), values);
    };
    CHECK(by("SELECT body FROM items WHERE id = ?", {number(2)}));
    CHECK_FALSE(by("SELECT body FROM items WHERE id = ?", {number(3)}));
    CHECK_FALSE(by("SELECT body FROM items WHERE id = ? AND body = ?", {number(1), words("two")}));
    CHECK(by("SELECT body FROM items WHERE body = ?",
             {words("two  ")}));  // blanks at the end do not count there
    CHECK(by("SELECT body FROM items WHERE id = ?", {words("2")}));  // the server would convert it
    CHECK(by("SELECT body FROM items WHERE other = ?", {number(5)}));  // a default, which nobody here knows
    CHECK(held.text_of(1) == insert);
    CHECK(held.text_of(2) == std::string(insert) + ", (?, ?)");
    held.drop_first(1);
    CHECK(held.rows() == 1);
    CHECK(held.value(0, 0).number == 2);
    held.drop_first(1);
    CHECK(held.empty());
    CHECK(held.bytes() == 0);
}

TEST_CASE("rows that wait are seen by whoever asks for them", "[mariadb]") {
    store on;
    on.run(on.data->write([](transaction& t) {
        t.insert_together(insert, 1, "one");
        t.insert_together(insert, 2, "two");
        CHECK(t.integer("SELECT COUNT(*) FROM items") == 2);
        t.insert_together(insert, 3, "three");
        CHECK_FALSE(t.integer("SELECT id FROM items WHERE id = ?", 4));
        CHECK(t.integer("SELECT id FROM items WHERE id = ?", 3) == 3);
        t.insert_together(insert, 4, "four");
        CHECK(t.execute("UPDATE items SET body = ? WHERE id = ?", "vier", 4) == 1);
        t.insert_together(insert, 5, "five");
        CHECK_FALSE(t.try_insert("INSERT INTO items VALUES (?, ?)", 5, "fünf"));
        // An answer that was asked for before the row came is not taken for what is now.
        t.ask_ahead("SELECT body FROM items WHERE id = ?", 6);
        t.insert_together(insert, 6, "six");
        db::cursor row = t.query("SELECT body FROM items WHERE id = ?", 6);
        CHECK(row.next());
    }));
    CHECK(on.run(on.count()) == 6);
}

TEST_CASE("rows of one job and of many go out together", "[mariadb]") {
    store on;
    latch go;
    on.hold_writer(go);
    const auto counts = std::make_shared<std::array<std::int64_t, 2>>();
    on.start(on.data->write([counts](transaction& t) { (*counts)[0] = statements_of(t); }));

    std::vector<std::shared_ptr<outcome>> ends;
    for (std::int64_t i = 0; i < rows; ++i) {
        ends.push_back(on.start(on.data->write(
            [i](transaction& t) { t.insert_together(insert, i, "body " + std::to_string(i)); })));
    }
    on.start(on.data->write([counts](transaction& t) {
        CHECK(t.integer("SELECT COUNT(*) FROM items") == rows);
        (*counts)[1] = statements_of(t);
    }));
    on.poll();
    go.open();
    on.turn();
    for (const auto& end : ends) {
        CHECK(end->ok());
    }
    CHECK(on.run(on.count()) == rows);
    // 64 + 32 + 4 rows, the question, and what counts itself.
    CHECK((*counts)[1] - (*counts)[0] <= 6);
}

TEST_CASE("a row that fails after its job fails that job alone", "[mariadb]") {
    store on;
    on.run(on.insert(50, "taken"));
    latch go;
    on.hold_writer(go);
    std::vector<std::shared_ptr<outcome>> ends;
    for (int i = 49; i < 53; ++i) {
        ends.push_back(on.start(on.data->write(
            [i](transaction& t) { t.insert_together(insert, i, "body " + std::to_string(i)); })));
    }
    ends.push_back(on.start(on.data->write([](transaction& t) {
        t.insert_together(insert, 60, "sixty");
        throw error(error_code::conflict, "not wanted");
    })));
    on.poll();
    go.open();
    on.turn();
    CHECK(ends[0]->ok());
    CHECK(ends[1]->other);
    CHECK(ends[2]->ok());
    CHECK(ends[3]->ok());
    CHECK(ends[4]->code == error_code::conflict);
    CHECK(on.run(on.count()) == 4);
    CHECK(on.run(on.data->read([](snapshot& s) {
        return s.integer("SELECT COUNT(*) FROM items WHERE body = 'taken' OR id = 60").value();
    })) == 1);
    CHECK(on.data->health() == db::health::ok);
}

TEST_CASE("a lost connection runs the jobs of rows that waited again", "[mariadb]") {
    store on;
    latch go;
    on.hold_writer(go);
    const auto runs = std::make_shared<int>(0);
    const auto first = on.start(on.data->write([](transaction& t) { t.insert_together(insert, 1, "one"); }));
    const auto second = on.start(on.data->write([runs](transaction& t) {
        t.insert_together(insert, 2, "two");
        if (++*runs == 1) {
            t.execute_script("KILL CONNECTION_ID()");
        }
    }));
    on.poll();
    go.open();
    on.turn();
    CHECK(first->ok());
    CHECK(second->ok());
    CHECK(*runs == 2);
    CHECK(on.run(on.count()) == 2);
}

TEST_CASE("large rows are not gathered without bound", "[mariadb]") {
    store on;
    on.run(on.data->write([](transaction& t) {
        t.execute_script(
            "CREATE TABLE big (id BIGINT PRIMARY KEY, body MEDIUMBLOB NOT NULL) ENGINE = InnoDB");
    }));
    on.run(on.data->write([](transaction& t) {
        const std::int64_t before = statements_of(t);
        for (int i = 0; i < 8; ++i) {
            t.insert_together("INSERT INTO big (id, body) VALUES (?, ?)", i, std::string(100'000, 'x'));
        }
        CHECK(statements_of(t) - before >= 3);  // three rows pass the bound of 256 KiB
        CHECK(t.integer("SELECT SUM(LENGTH(body)) FROM big") == 800'000);
    }));
}
