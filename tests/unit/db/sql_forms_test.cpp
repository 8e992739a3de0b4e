// The forms of SQL texts that the driver of MariaDB understands.
#include "sql_forms.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace kith;

using words = std::vector<std::string>;

TEST_CASE("an INSERT of one row of arguments is taken apart") {
    const auto form = db::read_insert("INSERT INTO items (id, body) VALUES (?, ?)");
    REQUIRE(form);
    CHECK(form->table == "items");
    CHECK(form->columns == words{"id", "body"});
    for (const char* other :
         {"INSERT INTO items VALUES (?, ?)", "INSERT INTO items (id, body) VALUES (?, 'x')",
          "INSERT INTO items (id, body) VALUES (?, ?) ON DUPLICATE KEY UPDATE id = id",
          "INSERT INTO items (id) SELECT id FROM parts", "INSERT IGNORE INTO items (id) VALUES (?)",
          "INSERT INTO items (id, body) VALUES (?)", "UPDATE items SET id = ?"}) {
        CHECK_FALSE(db::read_insert(other));
    }
}

TEST_CASE("an UPDATE of one row by its key is taken apart") {
    const auto form = db::read_update("UPDATE items SET body = ?, seen = ? WHERE id = ?");
    REQUIRE(form);
    CHECK(form->table == "items");
    CHECK(form->columns == words{"body", "seen"});
    CHECK(form->key == "id");
    for (const char* other :
         {"UPDATE items SET body = ?", "UPDATE items SET body = ? WHERE id = ? AND seen = ?",
          "UPDATE items SET body = '' WHERE id = ?", "UPDATE items SET seen = seen + 1 WHERE id = ?",
          "UPDATE items SET id = ?, body = ? WHERE id = ?", "UPDATE items SET body = ? WHERE id > ?",
          "UPDATE items SET body = ? WHERE id = 1", "DELETE FROM items WHERE id = ?"}) {
        CHECK_FALSE(db::read_update(other));
    }
}

TEST_CASE("a look-up by equalities is taken apart, of one table or of some that are joined") {
    const auto one = db::read_lookup("SELECT body, id FROM items WHERE id = ? AND body = ?");
    REQUIRE(one);
    CHECK(one->tables == words{"items"});
    CHECK(one->columns == "body, id");
    CHECK(one->selected == words{"body", "id"});
    CHECK(one->keys == words{"id", "body"});
    CHECK(one->is_of_one_table());

    const auto joined = db::read_lookup(
        "SELECT i.body, p.id FROM items i JOIN parts p ON p.item = i.id LEFT JOIN colours c ON c.id = p.id "
        "WHERE i.id = ? AND p.id = ?");
    REQUIRE(joined);
    CHECK(joined->tables == words{"items", "parts", "colours"});
    CHECK(joined->columns == "i.body, p.id");
    CHECK(joined->from == "items i JOIN parts p ON p.item = i.id LEFT JOIN colours c ON c.id = p.id");
    CHECK(joined->keys == words{"i.id", "p.id"});
    CHECK_FALSE(joined->is_of_one_table());
    CHECK_FALSE(db::read_lookup("SELECT body FROM items x WHERE id = ?")->is_of_one_table());

    for (const char* other :
         {"SELECT body FROM items", "SELECT body FROM items WHERE id > ?",
          "SELECT body FROM items WHERE id = 1", "SELECT body FROM items WHERE id = ? OR body = ?",
          "SELECT body FROM items WHERE id = ? ORDER BY id", "SELECT body FROM items WHERE id = ? LIMIT 1",
          "SELECT body FROM items, parts WHERE id = ?", "SELECT ? FROM items WHERE id = ?",
          "SELECT COUNT(*) FROM items WHERE id = ?", "SELECT * FROM items WHERE id = ?",
          "SELECT DISTINCT body FROM items WHERE id = ?",
          "SELECT i.body FROM items i RIGHT JOIN parts p ON p.id = i.id WHERE i.id = ?",
          "SELECT (SELECT MAX(id) FROM parts) FROM items WHERE id = ?",
          "SELECT body FROM items i JOIN parts p ON p.id = ? WHERE i.id = ?",
          "DELETE FROM items WHERE id = ?"}) {
        CHECK_FALSE(db::read_lookup(other));
    }
}

TEST_CASE("names are words of a text") {
    CHECK(db::names_word("SELECT 1 FROM items", "items"));
    CHECK(db::names_word("DELETE FROM x USING items, x", "items"));
    CHECK(db::names_word("SELECT i.body FROM items i", "body"));
    CHECK_FALSE(db::names_word("SELECT 1 FROM items_old", "items"));
    CHECK_FALSE(db::names_word("SELECT 1 FROM old_items", "items"));
}

TEST_CASE("what a statement changes is read from its text") {
    CHECK(db::changed_table("INSERT INTO items (id) VALUES (?)") == "items");
    CHECK(db::changed_table("UPDATE items SET id = ?") == "items");
    CHECK(db::changed_table("DELETE FROM items WHERE id = ?") == "items");
    CHECK(db::changed_table("REPLACE INTO items VALUES (?)").empty());
    CHECK(db::changed_table("CREATE TABLE items (id BIGINT)").empty());
    CHECK(db::set_columns("UPDATE items SET body = NULL, seen = seen + 1 WHERE id = ?")
          == words{"body", "seen"});
    CHECK(db::set_columns("UPDATE items SET body = ?, \"at\" = ? WHERE id = ?").empty());
    CHECK(db::set_columns("UPDATE items SET body = ?, seen=? WHERE id = ?").empty());
    CHECK(db::set_columns("UPDATE items SET body = (SELECT a FROM b WHERE c = 1), seen = ? WHERE id = ?")
              .empty());
    CHECK(db::set_columns("DELETE FROM items WHERE id = ?").empty());
}
