// Durable followers of the journal: a cursor that moves with what they made, one holder at a time.
#include <kith/core/error.hpp>
#include <kith/journal.hpp>

namespace kith::journal {

namespace {

struct held_cursor {
    bool known = false;
    std::int64_t pos = 0;
    std::string holder;
    timestamp lease_until;
};

held_cursor find_cursor(snapshot& s, const std::string& name) {
    held_cursor found;
    db::cursor rows = s.query("SELECT pos, holder, lease_until FROM journal_readers WHERE name = ?", name);
    if (rows.next()) {
        found.known = true;
        found.pos = rows.integer(0);
        found.holder = rows.text(1);
        found.lease_until = rows.time(2);
    }
    return found;
}

std::size_t step_job(transaction& t, const reader_options& options, const reader_job& handle) {
    held_cursor mine = find_cursor(t, options.name);
    if (!mine.known) {
        mine.pos = read_state(t).horizon;
        t.execute("INSERT INTO journal_readers (name, pos, holder, lease_until) VALUES (?, ?, ?, ?)",
                  options.name, mine.pos, options.holder, t.now() + options.lease);
    } else if (mine.holder != options.holder && mine.lease_until > t.now()) {
        return 0;
    }
    const std::vector<note_row> notes = notes_after(t, mine.pos, options.notes_max);
    if (!notes.empty()) {
        handle(t, notes);
    }
    const std::int64_t reached = notes.empty() ? mine.pos : notes.back().pos;
    const std::int64_t moved = t.execute(
        "UPDATE journal_readers SET pos = ?, holder = ?, lease_until = ? WHERE name = ? AND pos = ?", reached,
        options.holder, t.now() + options.lease, options.name, mine.pos);
    if (moved != 1) {
        throw error(error_code::conflict, "another process moved the reader " + options.name);
    }
    return notes.size();
}

class cursor_reader final : public reader {
public:
    cursor_reader(database& where, reader_options options, reader_job handle)
        : database_(where), options_(std::move(options)), handle_(std::move(handle)) {}

    task<std::size_t> step() override {
        return database_.write(
            [options = options_, handle = handle_](transaction& t) { return step_job(t, options, handle); });
    }
    task<void> release() override {
        return database_.write([options = options_](transaction& t) {
            t.execute("UPDATE journal_readers SET lease_until = 0 WHERE name = ? AND holder = ?",
                      options.name, options.holder);
        });
    }

private:
    database& database_;
    reader_options options_;
    reader_job handle_;
};

}  // namespace

std::optional<std::int64_t> reader_position(snapshot& s, std::string_view name) {
    return s.integer("SELECT pos FROM journal_readers WHERE name = ?", name);
}

std::unique_ptr<reader> make_reader(database& where, reader_options options, reader_job handle) {
    return std::make_unique<cursor_reader>(where, std::move(options), std::move(handle));
}

}  // namespace kith::journal
