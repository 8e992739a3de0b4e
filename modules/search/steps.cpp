// Steps of the index: what each reads, and the job that writes it.
#include "steps.hpp"

#include "words.hpp"

#include <kith/journal.hpp>
#include <kith/messages_tx.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
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

/// Puts in what is new and takes out what is gone; counts what went in `now`. New rows come first and in order: the index
/// writes out what it holds in memory whenever a row comes before the last one.
void bring_in_line(transaction& t, store::state& now, const std::vector<messages::message>& found) {
    std::vector<const messages::message*> in_order;
    in_order.reserve(found.size());
    for (const messages::message& one : found) {
        in_order.push_back(&one);
    }
    std::stable_sort(in_order.begin(), in_order.end(),
                     [](const messages::message* a, const messages::message* b) { return a->pos < b->pos; });
    // Of a message that was read twice the later reading counts.
    const auto earlier = [&in_order](std::size_t i) {
        return i + 1 < in_order.size() && in_order[i]->pos == in_order[i + 1]->pos;
    };
    std::vector<std::pair<store::entry, store::entry>> changed;
    for (std::size_t i = 0; i < in_order.size(); ++i) {
        if (earlier(i)) {
            continue;
        }
        const messages::message* const one = in_order[i];
        store::entry made = entry_of(*one, one->body ? index_words(one->body->text) : std::string());
        std::optional<store::entry> old = store::find_entry(t, one->pos);
        const bool same =
            old && old->words == made.words && old->conversation == made.conversation && old->seq == made.seq;
        if (old && !same) {
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
    now.removed += static_cast<std::int64_t>(changed.size());
}

/// Made by check_index() before any step.
store::state stored_state(snapshot& s) {
    return store::find_state(s).value_or(store::state());
}

}  // namespace

standing read_standing(snapshot& s) {
    const journal::state journal = journal::read_state(s);
    standing now;
    now.epoch = journal.epoch;
    now.head = journal.pos;
    now.horizon = journal.horizon;
    now.has_messages = !messages::messages_behind(s, messages::conversation_id(), 0, 1).empty();
    return now;
}

news read_news(snapshot& s, std::int64_t after) {
    news told;
    told.after = after;
    told.reached = after;
    const journal::state journal = journal::read_state(s);
    told.head = journal.pos;
    told.lost = after < journal.horizon;
    std::set<std::pair<messages::conversation_id, std::int64_t>> wanted;
    for (const journal::note_row& note : journal::notes_after(s, after, read_notes)) {
        told.reached = note.pos;
        if (tells_of_message(note.change)) {
            wanted.emplace(messages::conversation_id(note.thing), note.seq);
        }
    }
    for (const auto& [conversation, seq] : wanted) {
        messages::ask_message(s, conversation, seq);
    }
    for (const auto& [conversation, seq] : wanted) {
        if (std::optional<messages::message> one = messages::find_message(s, conversation, seq)) {
            told.text_bytes += one->body ? one->body->text.size() : 0;
            told.found.push_back(std::move(*one));
        }
    }
    return told;
}

void append(news& into, news more) {
    into.reached = more.reached;
    into.head = more.head;
    into.lost = into.lost || more.lost;
    into.text_bytes += more.text_bytes;
    std::move(more.found.begin(), more.found.end(), std::back_inserter(into.found));
}

filling read_filling(snapshot& s, messages::conversation_id conversation, std::int64_t seq) {
    filling more;
    more.conversation = conversation;
    more.seq = seq;
    more.found = messages::messages_behind(s, conversation, seq, read_messages);
    return more;
}

void check_index(transaction& t, const standing& now) {
    const std::optional<store::state> stored = store::find_state(t);
    if (!stored) {
        begin_rebuild(t, now);
        return;
    }
    const bool other_data =
        stored->epoch != now.epoch || stored->reached < now.horizon || stored->reached > now.head;
    const bool emptied = stored->phase == store::phase::following && now.has_messages && store::is_empty(t);
    if (other_data || emptied || stored->version != words_version()) {
        begin_rebuild(t, now);
    }
}

void begin_rebuild(transaction& t, const standing& now) {
    store::clear_index(t);
    store::state next;
    next.version = words_version();
    next.epoch = now.epoch;
    next.reached = now.head;  // what is there now is filled in from the messages themselves
    next.phase = store::phase::clearing;
    next.purged_at = store::never;  // filling leaves the index in many parts: each is asked in every search
    store::save_state(t, next);
}

void write_news(transaction& t, const news& told) {
    store::state now = stored_state(t);
    if (now.reached != told.after) {
        return;
    }
    now.reached = told.reached;
    if (now.phase
        != store::phase::clearing) {  // else what stands in the rows goes in when the index is filled
        bring_in_line(t, now, told.found);
    }
    store::save_state(t, now);
}

void clear_some(transaction& t) {
    store::state now = stored_state(t);
    if (now.phase == store::phase::clearing && store::delete_entries(t, clear_step) < clear_step) {
        now.phase = store::phase::filling;
        store::save_state(t, now);
    }
}

void write_filling(transaction& t, const filling& more) {
    store::state now = stored_state(t);
    if (now.phase != store::phase::filling || now.conversation != more.conversation || now.seq != more.seq) {
        return;
    }
    if (more.found.empty()) {
        now.phase = store::phase::following;
    } else {
        now.conversation = more.found.back().conversation;
        now.seq = more.found.back().seq;
        bring_in_line(t, now, more.found);
    }
    store::save_state(t, now);
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

}  // namespace kith::search
