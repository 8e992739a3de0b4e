// Look-ups that share a statement on MariaDB, and what is known of them.
#include "fixture.hpp"
#include "mysql_values.hpp"

#include "mysql_held_updates.hpp"
#include "mysql_questions.hpp"

#include <array>

using namespace kith;
using namespace kith::db_test;

namespace {

using arguments = db::question_group::arguments;

db::question_group group_of(std::string_view sql) {
    return {sql, db::read_lookup(sql).value()};
}

std::shared_ptr<db::known_rows> row_of(std::vector<db::bound_value> values) {
    auto made = std::make_shared<db::known_rows>(values.size());
    made->values = std::move(values);
    return made;
}

/// MySQL settles the types of joined keys too early: there each question is asked by itself.
bool is_mariadb(store& on) {
    return on.run(on.data->read([](snapshot& s) {
        db::cursor row = s.query("SELECT VERSION()");
        return row.next() && row.text(0).find("MariaDB") != std::string::npos;
    }));
}

/// A group that knows one row for each of these keys.
db::question_group knowing(std::string_view sql, const std::vector<arguments>& keys) {
    db::question_group made = group_of(sql);
    for (const arguments& key : keys) {
        made.add(key);
        made.answer(key, row_of({number(1)}));
    }
    (void)made.take_unsent(keys.size());
    return made;
}

constexpr std::string_view by_id = "SELECT n FROM items WHERE id = ?";

/// Reads one row by a question said ahead.
class asking_job {
public:
    asking_job(std::int64_t id, std::shared_ptr<std::vector<std::string>> into)
        : id_(id), into_(std::move(into)) {}
    void ask(db::questions& q) const { q.ask_ahead(sql, id_); }
    void operator()(transaction& t) const {
        db::cursor row = t.query(sql, id_);
        into_->push_back(row.next() ? row.text(0) : "none");
    }

private:
    static constexpr std::string_view sql = "SELECT body FROM items WHERE id = ?";
    std::int64_t id_;
    std::shared_ptr<std::vector<std::string>> into_;
};

/// Asks of a table that is not there.
class wrong_job {
public:
    void ask(db::questions& q) const { q.ask_ahead(sql, 1); }
    void operator()(transaction& t) const { (void)t.integer(sql, 1); }

private:
    static constexpr std::string_view sql = "SELECT n FROM nowhere WHERE id = ?";
};

}  // namespace

TEST_CASE("questions of one text become a join with their keys") {
    db::question_group group = group_of(
        "SELECT i.body, p.n FROM items i JOIN parts p ON p.item = i.id WHERE i.id = ? AND p.word = ?");
    group.add({number(2), words("b")});
    group.add({number(1), words("z")});
    group.add({number(1), words("a")});
    group.add({number(1), words("a")});  // the same again
    CHECK(group.next_size() == 2);
    CHECK(
        group.text_of(2)
        == "SELECT STRAIGHT_JOIN kith_number, i.body, p.n FROM (SELECT ? AS kith_number, ? AS kith_key0, ? AS kith_key1 "
           "UNION ALL SELECT ?, ?, ?) kith_asked JOIN items i JOIN parts p ON p.item = i.id "
           "WHERE i.id = kith_key0 AND p.word = kith_key1");
    const std::vector<arguments> first = group.take_unsent(2);
    CHECK(first[0][1].text == "b");
    CHECK(first[1][1].text == "z");
    CHECK(group.next_size() == 1);
}

TEST_CASE("what the server might compare in another way is asked alone") {
    db::question_group group = group_of("SELECT n FROM items WHERE word = ?");
    group.add({db::bound_value()});
    group.add({words("a")});
    group.add({words("b ")});
    group.add({number(1)});
    CHECK(group.take_unsent(group.next_size()).size() == 1);
    CHECK_FALSE(group.has_unsent());
    CHECK(group.holds({words("a")}));
    CHECK_FALSE(group.holds({words("b ")}));
}

TEST_CASE("an answer is known until something may change it") {
    const auto knows = [](const db::question_group& group, std::int64_t id) {
        return group.find({number(id)}) != nullptr;
    };
    const auto after = [&knows](const std::string& sql) {
        db::question_group group = knowing(by_id, {{number(1)}});
        group.heed_change(sql);
        return knows(group, 1);
    };
    CHECK(after("UPDATE items SET body = ? WHERE id = ?"));
    CHECK(after("DELETE FROM parts WHERE id = ?"));
    CHECK_FALSE(after("UPDATE items SET n = ? WHERE id = ?"));
    CHECK_FALSE(after("UPDATE items SET body = ?, id = ?"));
    CHECK_FALSE(after("INSERT INTO items (id, n) VALUES (?, ?)"));
    CHECK_FALSE(after("DELETE FROM items WHERE body = ?"));
    CHECK_FALSE(after("TRUNCATE TABLE parts"));

    db::question_group group = knowing(by_id, {{number(1)}, {number(2)}});
    const db::insert_form insert = db::read_insert("INSERT INTO items (n, id) VALUES (?, ?)").value();
    group.heed_row(insert, {number(7), number(2)});
    CHECK(knows(group, 1));
    CHECK_FALSE(knows(group, 2));
    const db::insert_form elsewhere = db::read_insert("INSERT INTO parts (id) VALUES (?)").value();
    group.heed_row(elsewhere, {number(1)});
    CHECK(knows(group, 1));
    group.heed_row(insert, {number(7), words("1")});  // the server would convert it
    CHECK_FALSE(knows(group, 1));

    db::question_group joined =
        group_of("SELECT i.n FROM items i JOIN parts p ON p.item = i.id WHERE i.id = ?");
    joined.add({number(1)});
    joined.answer({number(1)}, row_of({number(1)}));
    joined.heed_row(elsewhere, {number(8)});
    CHECK_FALSE(knows(joined, 1));
}

TEST_CASE("an answer follows a change by the key") {
    db::question_group group = knowing(by_id, {{number(1)}, {number(2)}});
    const db::update_form update = db::read_update("UPDATE items SET body = ?, n = ? WHERE id = ?").value();
    group.heed_update(update, {words("x"), number(5), number(1)});
    CHECK(group.find({number(1)})->values[0].number == 5);
    CHECK(group.find({number(2)})->values[0].number == 1);
    const db::update_form other = db::read_update("UPDATE items SET body = ? WHERE id = ?").value();
    group.heed_update(other, {words("x"), number(1)});
    CHECK(group.find({number(1)})->values[0].number == 5);
    // By another key nobody here knows which rows it finds.
    const db::update_form by_body = db::read_update("UPDATE items SET n = ? WHERE body = ?").value();
    group.heed_update(by_body, {number(6), words("x")});
    CHECK_FALSE(group.find({number(1)}));

    // As long as the key is no key there, its rows are many.
    db::question_group many = group_of(by_id);
    many.add({number(1)});
    auto two = std::make_shared<db::known_rows>(1);
    two->values = {number(1), number(2)};
    many.answer({number(1)}, two);
    many.heed_update(update, {words("x"), number(5), number(1)});
    CHECK_FALSE(many.find({number(1)}));

    db::question_group waiting = group_of(by_id);
    waiting.add({number(1)});
    (void)waiting.take_unsent(1);
    waiting.heed_update(update, {words("x"), number(5), number(1)});
    waiting.answer({number(1)}, row_of({number(4)}));  // it was on its way before the change
    CHECK_FALSE(waiting.find({number(1)}));
}

TEST_CASE("changes by the key become one statement, of each key the last") {
    constexpr std::string_view sql = "UPDATE items SET n = ?, body = ? WHERE id = ?";
    db::held_updates held(sql, db::read_update(sql).value());
    held.add({number(1), words("a"), number(10)}, 7);
    held.add({number(2), words("b"), number(20)}, 8);
    held.add({number(3), words("c"), number(10)}, 9);
    CHECK(held.rows() == 2);
    CHECK(held.job() == 7);
    CHECK(held.text_of(1) == sql);
    CHECK(held.text_of(2)
          == "UPDATE items SET n = CASE id WHEN ? THEN ? WHEN ? THEN ? END, "
             "body = CASE id WHEN ? THEN ? WHEN ? THEN ? END WHERE id IN (?, ?)");
    const std::vector<db::bound_value> bound = held.take_last(2);
    REQUIRE(bound.size() == 10);
    CHECK(bound[1].number == 3);
    CHECK(bound[3].number == 2);
    CHECK(bound[5].text == "c");
    CHECK(bound[8].number == 10);
    CHECK(held.empty());
    held.add({number(4), words("d"), number(10)}, 9);
    CHECK(held.rows() == 1);
    CHECK(held.may_hold({number(4), words("d"), number(11)}));
    CHECK_FALSE(held.may_hold({number(4), words("d"), words("10")}));  // the server takes it for the same
    held.clear();
    CHECK_FALSE(held.may_hold({number(4), words("d"), words("a ")}));
    CHECK_FALSE(held.may_hold({number(4), words("d"), db::bound_value()}));
}

TEST_CASE("a job whose questions fail fails alone", "[mariadb]") {
    store on;
    latch go;
    on.hold_writer(go);
    const auto found = std::make_shared<std::vector<std::string>>();
    const auto good = on.start(on.data->write(asking_job(1, found)));
    const auto bad = on.start(on.data->write(wrong_job()));
    on.poll();
    go.open();
    on.turn();
    CHECK(good->ok());
    CHECK(bad->other);
    CHECK(*found == std::vector<std::string>{"none"});
}

TEST_CASE("the jobs of a batch share their questions", "[mariadb]") {
    db::options wanted;
    wanted.batch_jobs = 1000;
    store on(wanted);
    constexpr std::int64_t jobs = 600;  // more than go in one statement
    on.run(on.data->write([](transaction& t) {
        for (std::int64_t id = 0; id < jobs; ++id) {
            t.insert_together("INSERT INTO items (id, body) VALUES (?, ?)", id, std::to_string(id));
        }
    }));
    latch go;
    on.hold_writer(go);
    const auto counts = std::make_shared<std::array<std::int64_t, 2>>();
    const auto found = std::make_shared<std::vector<std::string>>();
    on.start(on.data->write([counts](transaction& t) { (*counts)[0] = statements_of(t); }));
    for (std::int64_t i = 0; i < jobs; ++i) {
        on.start(on.data->write(asking_job(i + 50, found)));
    }
    on.start(on.data->write([counts](transaction& t) { (*counts)[1] = statements_of(t); }));
    on.poll();
    go.open();
    on.turn();
    REQUIRE(found->size() == jobs);
    for (std::size_t i = 0; i < jobs; ++i) {
        CHECK((*found)[i] == (i < jobs - 50 ? std::to_string(i + 50) : "none"));
    }
    // What counts itself: on MariaDB the questions went before the first job.
    const std::int64_t own = is_mariadb(on) ? 0 : jobs;
    CHECK((*counts)[1] - (*counts)[0] == own + 1);
}
