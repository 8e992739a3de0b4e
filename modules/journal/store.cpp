// The journal's SQL: where it stands, which notes a viewer missed, pruning, epochs.
#include <kith/core/error.hpp>
#include <kith/core/random.hpp>
#include <kith/journal.hpp>

#include <algorithm>

namespace kith::journal {

namespace {

constexpr std::size_t epoch_bytes = 6;

note_row read_note(db::cursor& rows) {
    note_row note;
    note.pos = rows.integer(0);
    note.where = topic::from_packed(rows.integer(1));
    note.change = rows.text(2);
    note.thing = rows.integer(3);
    note.seq = rows.integer(4);
    return note;
}

/// A message below the viewer's first_seq was never theirs to see, nor what happened before they joined.
bool visible(const note_row& note, const subscription& follower) {
    if (note.pos <= follower.after) {
        return false;
    }
    return note.where.kind() != topic_kind::conversation || note.seq == 0 || note.seq >= follower.first_seq;
}

std::vector<note_row> scan_range(snapshot& s, const std::vector<subscription>& sorted, std::int64_t after,
                                 std::int64_t up_to, std::size_t limit) {
    std::vector<note_row> found;
    db::cursor rows = s.query(
        "SELECT pos, topic, change_name, thing, seq FROM journal_notes WHERE pos > ? AND pos <= ? ORDER BY pos, topic",
        after, up_to);
    while (found.size() <= limit && rows.next()) {
        const topic where = topic::from_packed(rows.integer(1));
        const auto follower = std::lower_bound(sorted.begin(), sorted.end(), where,
                                               [](const subscription& a, topic b) { return a.where < b; });
        if (follower != sorted.end() && follower->where == where) {
            note_row note = read_note(rows);
            if (visible(note, *follower)) {
                found.push_back(std::move(note));
            }
        }
    }
    return found;
}

std::vector<note_row> scan_topics(snapshot& s, const std::vector<subscription>& sorted, std::int64_t after,
                                  std::int64_t up_to, std::size_t limit) {
    std::vector<note_row> found;
    const auto earlier = [](const note_row& a, const note_row& b) {
        return std::pair(a.pos, a.where) < std::pair(b.pos, b.where);
    };
    // Only the first limit + 1 count. Once there are twice as many, the others go, and nothing behind them is read.
    const auto keep_first = [&] {
        if (found.size() > limit + 1) {
            std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(limit), found.end(),
                             earlier);
            found.resize(limit + 1);
            up_to = found.back().pos;
        }
    };
    for (const subscription& follower : sorted) {
        db::cursor rows = s.query("SELECT pos, topic, change_name, thing, seq FROM journal_notes "
                                  "WHERE topic = ? AND pos > ? AND pos <= ? ORDER BY pos",
                                  follower.where.packed(), std::max(after, follower.after), up_to);
        // Counted are those that may be seen: a bound on the rows would lose what stands behind many others.
        for (std::size_t seen = 0; seen <= limit && rows.next();) {
            note_row note = read_note(rows);
            if (visible(note, follower)) {
                found.push_back(std::move(note));
                ++seen;
            }
        }
        if (found.size() > 2 * (limit + 1)) {
            keep_first();
        }
    }
    keep_first();
    std::sort(found.begin(), found.end(), earlier);
    return found;
}

}  // namespace

state read_state(snapshot& s) {
    db::cursor rows = s.query("SELECT epoch, pos, horizon FROM journal_head WHERE id = 1");
    KITH_ASSERT(rows.next());
    state now;
    now.epoch = rows.text(0);
    now.pos = rows.integer(1);
    now.horizon = rows.integer(2);
    return now;
}

std::vector<note_row> notes_between(snapshot& s, std::span<const subscription> followed, std::int64_t after,
                                    std::int64_t up_to, std::size_t limit) {
    std::vector<subscription> sorted(followed.begin(), followed.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const subscription& a, const subscription& b) { return a.where < b.where; });
    // A look-up costs about as much as reading a handful of notes in a row.
    constexpr std::int64_t notes_per_lookup = 8;
    const bool narrow = up_to - after <= notes_per_lookup * static_cast<std::int64_t>(sorted.size());
    return narrow ? scan_range(s, sorted, after, up_to, limit) : scan_topics(s, sorted, after, up_to, limit);
}

std::vector<note_row> notes_after(snapshot& s, std::int64_t after, std::size_t limit) {
    std::vector<note_row> found;
    db::cursor rows = s.query(
        "SELECT pos, topic, change_name, thing, seq FROM journal_notes WHERE pos > ? ORDER BY pos, topic LIMIT ?",
        after, static_cast<std::int64_t>(limit + topics_max));
    while (rows.next()) {
        note_row note = read_note(rows);
        if (found.size() >= limit && note.pos != found.back().pos) {
            break;  // all notes of a position come together
        }
        found.push_back(std::move(note));
    }
    return found;
}

std::int64_t prune(transaction& t, const prune_limits& limits) {
    const state now = read_state(t);
    const std::int64_t last_marked = t.integer("SELECT MAX(pos) FROM journal_times").value_or(0);
    if (now.pos > last_marked) {
        t.execute("DELETE FROM journal_times WHERE at >= ?",
                  t.now());  // a clock that went back must not hide newer marks
        t.execute("INSERT INTO journal_times (at, pos) VALUES (?, ?)", t.now(), now.pos);
    }
    // A new epoch leaves the notes before it behind, below its horizon.
    const std::int64_t lowest = t.integer("SELECT MIN(pos) FROM journal_notes").value_or(now.pos + 1);
    if (lowest <= now.horizon) {
        const std::int64_t last = std::min(now.horizon, lowest + limits.step_max - 1);
        t.execute("DELETE FROM journal_notes WHERE pos <= ?", last);
        return last - lowest + 1;
    }
    const std::int64_t by_age =
        t.integer("SELECT MAX(pos) FROM journal_times WHERE at <= ?", t.now() - limits.age).value_or(0);
    std::int64_t cut = std::max(by_age, now.pos - limits.positions_max);
    cut = std::min(cut, t.integer("SELECT MIN(pos) FROM journal_readers").value_or(now.pos));
    cut = std::min(cut, now.horizon + limits.step_max);
    if (cut <= now.horizon) {
        return 0;
    }
    t.execute("DELETE FROM journal_notes WHERE pos > ? AND pos <= ?", now.horizon, cut);
    t.execute("UPDATE journal_head SET horizon = ? WHERE id = 1", cut);
    t.execute("DELETE FROM journal_times WHERE pos < ?", cut);
    return cut - now.horizon;
}

void mark_copy(transaction& t) {
    t.execute("UPDATE journal_head SET epoch = '' WHERE id = 1");
}

void begin_epoch(transaction& t, random_source& random) {
    const std::int64_t stored = t.integer("SELECT MAX(pos) FROM journal_notes").value_or(0);
    const std::int64_t head = std::max(stored, read_state(t).pos) + 1;
    t.execute("UPDATE journal_head SET pos = ?, horizon = ?, epoch = ? WHERE id = 1", head, head - 1,
              random_token(random, epoch_bytes));
}

}  // namespace kith::journal
