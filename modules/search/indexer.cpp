// Steps of the index, each in one job, and the loop that takes them.
#include "indexer.hpp"

#include "words.hpp"

#include <kith/core/log.hpp>
#include <kith/messages_tx.hpp>

#include <algorithm>
#include <utility>

namespace kith::search {

namespace {

bool tells_of_message(std::string_view change) {
    return change.starts_with("message.");
}

store::entry entry_of(const messages::message& from, std::string words) {
    store::entry made;
    made.pos = from.pos;
    made.conversation = from.conversation;
    made.seq = from.seq;
    made.sender = from.sender;
    made.sent_at = from.sent_at;
    made.words = std::move(words);
    return made;
}

/// Puts in what is new and takes out what is gone. New rows come first and in order: the index writes out what it holds
/// in memory whenever a row comes before the last one.
void bring_in_line(transaction& t, store::state& now, std::vector<messages::message> found) {
    std::sort(found.begin(), found.end(),
              [](const messages::message& a, const messages::message& b) { return a.pos < b.pos; });
    std::vector<std::pair<store::entry, store::entry>> changed;
    for (const messages::message& one : found) {
        store::entry made = entry_of(one, one.body ? index_words(one.body->text) : std::string());
        std::optional<store::entry> old = store::find_entry(t, one.pos);
        if (old && old->words != made.words) {
            changed.emplace_back(std::move(*old), std::move(made));
        } else if (!old && !made.words.empty()) {
            store::insert_entry(t, made);
        }
    }
    for (const auto& [old, made] : changed) {
        store::remove_entry(t, old);
        if (!made.words.empty()) {
            store::insert_entry(t, made);
        }
    }
    if (!changed.empty()) {
        now.removed += static_cast<std::int64_t>(changed.size());
        store::save_state(t, now);
    }
}

/// Made by check_index() before any step.
store::state stored_state(snapshot& s) {
    return store::find_state(s).value_or(store::state());
}

task<progress> read_progress(database& from) {
    return from.read([](snapshot& s) {
        const std::optional<store::state> now = store::find_state(s);
        const journal::state journal = journal::read_state(s);
        progress found;
        found.head = journal.pos;
        found.reached = journal::reader_position(s, reader_name).value_or(journal.horizon);
        if (now) {
            found.phase = now->phase;
            found.purging = now->purging;
            found.removed = now->removed;
            found.purged_at = now->purged_at;
        }
        return found;
    });
}

task<status> count_index(database& from) {
    return from.read([](snapshot& s) {
        const std::int64_t head = journal::read_state(s).pos;
        const std::optional<store::state> now = store::find_state(s);
        status found;
        found.rebuilding = now && now->phase != store::phase::following;
        found.indexed = store::count_entries(s);
        found.behind = head - journal::reader_position(s, reader_name).value_or(0);
        return found;
    });
}

task<void> run_job(database& on, void (*job)(transaction&)) {
    return on.write([job](transaction& t) { job(t); });
}

journal::reader_options options_of(const deps& needs) {
    journal::reader_options options;
    options.name = std::string(reader_name);
    options.holder = needs.holder;
    options.notes_max = step_notes;
    return options;
}

}  // namespace

void index_notes(transaction& t, std::span<const journal::note_row> notes) {
    store::state now = stored_state(t);
    if (now.phase == store::phase::clearing) {
        return;  // what stands in the rows goes in when the index is filled
    }
    std::vector<std::pair<std::int64_t, std::int64_t>> named;
    for (const journal::note_row& note : notes) {
        if (tells_of_message(note.change)) {
            named.emplace_back(note.thing, note.seq);
        }
    }
    std::sort(named.begin(), named.end());
    named.erase(std::unique(named.begin(), named.end()), named.end());
    std::vector<messages::message> found;
    for (const auto& [conversation, seq] : named) {
        if (std::optional<messages::message> one =
                messages::find_message(t, messages::conversation_id(conversation), seq)) {
            found.push_back(std::move(*one));
        }
    }
    bring_in_line(t, now, std::move(found));
}

void check_index(transaction& t) {
    std::optional<store::state> now = store::find_state(t);
    const bool has_messages = !messages::messages_behind(t, messages::conversation_id(), 0, 1).empty();
    if (!now && !has_messages) {
        now.emplace();
        now->version = words_version();
        now->purged_at = t.now();
        store::save_state(t, *now);
        return;
    }
    const std::optional<std::int64_t> reached = journal::reader_position(t, reader_name);
    const bool notes_lost = reached && *reached < journal::read_state(t).horizon;
    const bool other_words = now && now->version != words_version();
    const bool emptied = now && now->phase == store::phase::following && has_messages
                         && reached.value_or(0) > 0 && store::is_empty(t);
    if (!now || notes_lost || other_words || emptied) {
        begin_rebuild(t);
    }
}

void begin_rebuild(transaction& t) {
    store::clear_index(t);
    store::state now;
    now.version = words_version();
    now.phase = store::phase::clearing;
    now.purged_at = t.now();
    store::save_state(t, now);
}

void clear_some(transaction& t) {
    store::state now = stored_state(t);
    if (now.phase == store::phase::clearing && store::delete_entries(t, clear_step) < clear_step) {
        now.phase = store::phase::filling;
        store::save_state(t, now);
    }
}

void fill_some(transaction& t) {
    store::state now = stored_state(t);
    if (now.phase != store::phase::filling) {
        return;
    }
    std::vector<messages::message> found = messages::messages_behind(t, now.conversation, now.seq, fill_step);
    if (found.empty()) {
        now.phase = store::phase::following;
    } else {
        now.conversation = found.back().conversation;
        now.seq = found.back().seq;
    }
    store::save_state(t, now);
    bring_in_line(t, now, std::move(found));
}

void purge_some(transaction& t) {
    store::state now = stored_state(t);
    const bool begin = !now.purging;
    if (begin) {
        now.removed = 0;
        now.purged_at = t.now();
    }
    now.purging = store::merge_index(t, begin, purge_pages);
    store::save_state(t, now);
}

indexer::indexer(const deps& needs)
    : store_(needs.store),
      clock_(needs.clock),
      log_(needs.log),
      behind_(needs.numbers.make_gauge("kith_search_behind_positions",
                                       "Positions of the journal that the search index has not seen yet")),
      reader_(journal::make_reader(needs.store, options_of(needs), &index_notes)) {}

task<bool> indexer::step() {
    const progress now = co_await read_progress(store_);
    behind_.set(static_cast<double>(now.head - now.reached));
    if (now.phase == store::phase::clearing) {
        co_await run_job(store_, &clear_some);
        co_return true;
    }
    if (now.phase == store::phase::filling) {
        co_await run_job(store_, &fill_some);
    }
    if (now.reached < now.head) {
        const std::size_t handled = co_await reader_->step();
        const progress after = co_await read_progress(store_);
        behind_.set(static_cast<double>(after.head - after.reached));
        co_return now.phase == store::phase::filling || handled >= step_notes;
    }
    if (now.phase == store::phase::filling) {
        co_return true;
    }
    const bool due = now.removed > 0 && now.purged_at + purge_after <= clock_.now();
    if (now.purging || due) {
        co_await run_job(store_, &purge_some);
        co_return true;
    }
    co_return false;
}

task<void> indexer::run() {
    const auto here = co_await boost::asio::this_coro::executor;
    timer_.emplace(here);
    running_ = true;
    bool checked = false;
    while (!stopping_) {
        std::string failed;
        try {
            if (!checked) {
                co_await run_job(store_, &check_index);
                checked = true;
            }
            pending_ = false;
            bool more = true;
            while (more && !stopping_) {
                more = co_await step();
            }
        } catch (const std::exception& why) {
            failed = why.what();
        }
        if (!failed.empty()) {
            log_.warn("indexing messages failed and is tried again", {{"why", failed}});
            co_await rest(retry_time);
        } else {
            co_await sleep();
            co_await rest(gather_time);
        }
    }
    running_ = false;
}

task<void> indexer::sleep() {
    if (!pending_ && !stopping_) {
        asleep_ = true;
        timer_->expires_after(look_time);
        co_await wait_for(*timer_);
        asleep_ = false;
    }
}

task<void> indexer::rest(std::chrono::milliseconds time) {
    if (!stopping_) {
        timer_->expires_after(time);
        co_await wait_for(*timer_);
    }
}

void indexer::wake() {
    pending_ = true;
    if (asleep_) {
        timer_->cancel();
    }
}

void indexer::committed(const journal::batch& changes) {
    if (std::any_of(changes.changes.begin(), changes.changes.end(),
                    [](const journal::published& one) { return tells_of_message(one.change); })) {
        wake();
    }
}

void indexer::stop() {
    stopping_ = true;
    if (timer_) {
        timer_->cancel();
    }
}

task<void> indexer::rebuild() {
    co_await run_job(store_, &begin_rebuild);
    if (running_) {
        wake();
        co_return;
    }
    bool more = true;
    while (more) {
        more = co_await step();
    }
}

task<status> indexer::read_status() {
    return count_index(store_);
}

}  // namespace kith::search
