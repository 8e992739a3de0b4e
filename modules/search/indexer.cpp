// The loop of steps behind the journal: when each is due, and what it reads and writes.
#include "indexer.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kith::search {

namespace {

task<standing> read_standing_of(database& store) {
    return store.read([](snapshot& s) { return read_standing(s); });
}

task<store::state> read_state_of(database& index) {
    return index.read([](snapshot& s) { return store::find_state(s).value_or(store::state()); });
}

task<news> read_news_behind(database& store, std::int64_t after) {
    return store.read([after](snapshot& s) { return read_news(s, after); });
}

task<filling> read_filling_behind(database& store, messages::conversation_id conversation, std::int64_t seq) {
    return store.read([conversation, seq](snapshot& s) { return read_filling(s, conversation, seq); });
}

task<void> run_job(database& index, void (*job)(transaction&)) {
    return index.write([job](transaction& t) { job(t); });
}

/// A job with what it works on, which is moved into it.
template <class What>
task<void> run_job(database& index, void (*job)(transaction&, const What&), What what) {
    return index.write([job, what = std::move(what)](transaction& t) { job(t, what); });
}

task<status> count_index(database& index, std::int64_t head) {
    return index.read([head](snapshot& s) {
        const std::optional<store::state> now = store::find_state(s);
        status found;
        found.rebuilding = now && now->phase != store::phase::following;
        found.indexed = store::count_entries(s);
        found.behind = head - (now ? now->reached : 0);
        return found;
    });
}

}  // namespace

indexer::indexer(const deps& needs)
    : store_(needs.store),
      index_(needs.index),
      clock_(needs.clock),
      log_(needs.log),
      trouble_(log_, "indexing messages failed and is tried again and again", "messages are indexed again"),
      behind_(needs.numbers.make_gauge("kith_search_behind_positions",
                                       "Positions of the journal that the search index has not seen yet")) {}

task<bool> indexer::step() {
    const store::state now = co_await read_state_of(index_);
    if (now.phase == store::phase::clearing) {
        co_await run_job(index_, &clear_some);
        co_return true;
    }
    if (now.phase == store::phase::filling) {
        filling more = co_await read_filling_behind(store_, now.conversation, now.seq);
        co_await run_job(index_, &write_filling, std::move(more));
    }
    const bool more = co_await follow(now.reached);
    if (more || now.phase == store::phase::filling) {
        co_return true;
    }
    const bool purged = co_await purge(now);
    co_return purged;
}

task<bool> indexer::follow(std::int64_t reached) {
    news told = co_await read_news_behind(store_, reached);
    behind_.set(static_cast<double>(told.head - reached));
    while (!stopping_ && !told.lost && told.reached < told.head && told.reached - reached < step_positions
           && told.found.size() < step_messages && told.text_bytes < step_text_bytes) {
        news more = co_await read_news_behind(store_, told.reached);
        if (more.reached == told.reached) {
            break;  // positions without a note
        }
        append(told, std::move(more));
    }
    const std::int64_t head = told.head;
    const std::int64_t next = told.reached;
    if (told.lost) {
        log_.warn("the journal was pruned before the search index had seen it: the index is made anew");
        co_await rebuild();
        co_return true;
    }
    if (next > reached) {
        co_await run_job(index_, &write_news, std::move(told));
        behind_.set(static_cast<double>(head - next));
    }
    const bool more = next > reached && next < head;
    co_return more;
}

task<bool> indexer::purge(const store::state& now) {
    const bool due =
        now.purged_at == store::never || (now.removed > 0 && now.purged_at + purge_after <= clock_.now());
    if (now.purging || due) {
        co_await run_job(index_, &purge_some);
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
            if (store_.health() != db::health::ok) {
                failed = "the main database cannot be written now: it needs the disk more";
            } else if (!checked) {
                standing now = co_await read_standing_of(store_);
                co_await run_job(index_, &check_index, std::move(now));
                checked = true;
            }
            pending_ = false;
            bool more = failed.empty();
            while (more && !stopping_ && store_.health() == db::health::ok) {
                more = co_await step();
            }
        } catch (const std::exception& why) {
            failed = why.what();
        }
        if (!failed.empty()) {
            trouble_.set(failed);
            co_await rest(retry_time);
        } else {
            trouble_.clear();
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
                    [](const journal::published& one) { return one.change.starts_with("message."); })) {
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
    standing now = co_await read_standing_of(store_);
    co_await run_job(index_, &begin_rebuild, std::move(now));
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
    const standing now = co_await read_standing_of(store_);
    const status found = co_await count_index(index_, now.head);
    co_return found;
}

}  // namespace kith::search
