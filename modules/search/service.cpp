// A search: the index names candidates, the live messages and memberships decide. Index and messages are two files, so this
// goes to and fro between them: the places of the caller, what the index names there, what of it counts.
#include "service.hpp"

#include "api.hpp"

#include <kith/messages_tx.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

namespace kith::search {

namespace {

/// Above every position.
constexpr std::int64_t any_pos = std::numeric_limits<std::int64_t>::max();

/// What the caller may read: one conversation, or all of theirs, in order.
std::vector<messages::readable> places_of(snapshot& s, user_id caller, const search_query& asked) {
    if (!asked.conversation) {
        return messages::readable_by(s, caller);
    }
    const std::optional<messages::readable> one = messages::readable_by(s, caller, *asked.conversation);
    if (!one) {
        throw error(error_code::not_found, "There is no such conversation.");
    }
    return {*one};
}

bool may_read(const std::vector<messages::readable>& places, const store::candidate& of) {
    const auto place = std::lower_bound(
        places.begin(), places.end(), of.conversation,
        [](const messages::readable& a, messages::conversation_id b) { return a.conversation < b; });
    return place != places.end() && place->conversation == of.conversation && of.seq >= place->first_seq;
}

/// The first position whose message was sent at `time` or later, by halves: positions and times grow together.
std::int64_t pos_of(snapshot& s, timestamp time) {
    std::int64_t low = 0;
    std::int64_t high = store::highest_pos(s) + 1;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        const std::optional<timestamp> there = store::time_at(s, middle);
        if (there && *there < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

store::question question_of(snapshot& s, const search_query& asked, const std::vector<term>& terms,
                            const std::vector<messages::readable>& places, std::int64_t below) {
    store::question made;
    for (index_term& one : index_terms(terms)) {
        made.all.emplace_back(std::move(one.token), one.prefix);
    }
    if (places.size() <= narrow_conversations_max) {
        for (const messages::readable& one : places) {
            made.within.push_back(one.conversation);
        }
    }
    made.sender = asked.sender;
    made.below = below;
    if (asked.since) {
        made.above = pos_of(s, *asked.since - clock_slack) - 1;
    }
    if (asked.until) {
        made.below = std::min(made.below, pos_of(s, *asked.until + clock_slack));
    }
    return made;
}

/// What every job of one search works with.
struct search_plan {
    search_plan() = default;
    gateway::principal who;
    search_query asked;
    std::vector<term> terms;
    std::vector<messages::readable> places;
};
using shared_plan = std::shared_ptr<const search_plan>;

/// The places of the caller; throws when there are none that they may ask for.
std::vector<messages::readable> places_job(snapshot& s, const gateway::principal& who,
                                           const search_query& asked) {
    users::check_session(s, who);
    return places_of(s, who.user, asked);
}

/// What the index names in the places of the caller, the newest first.
struct named {
    named() = default;
    std::vector<store::candidate> found;
    std::int64_t looked_at = 0;  ///< rows, those of other places too
    std::int64_t last = 0;  ///< the lowest position that was looked at
    bool more = false;  ///< there are others below
};

named name_job(snapshot& index, const search_plan& plan, std::int64_t below, std::size_t wanted,
               std::int64_t rows_max) {
    named all;
    const auto visit = [&](std::int64_t pos) {
        if (all.looked_at == rows_max || all.found.size() == wanted) {
            all.more = true;
            return false;
        }
        ++all.looked_at;
        all.last = pos;
        const std::optional<store::candidate> one = store::find_candidate(index, pos);
        if (one && may_read(plan.places, *one)) {
            all.found.push_back(*one);
        }
        return true;
    };
    store::visit_matches(index, question_of(index, plan.asked, plan.terms, plan.places, below), visit);
    return all;
}

/// The message as the caller sees it now, when it still is what was asked for.
std::optional<found_message> look_at(snapshot& s, const search_plan& plan,
                                     const store::candidate& candidate) {
    const search_query& asked = plan.asked;
    std::optional<messages::message> live =
        messages::visible_message(s, plan.who.user, candidate.conversation, candidate.seq);
    if (!live || live->pos != candidate.pos || !live->body || (asked.sender && live->sender != *asked.sender)
        || (asked.kind && live->kind != *asked.kind) || (asked.since && live->sent_at < *asked.since)
        || (asked.until && live->sent_at >= *asked.until)) {
        return std::nullopt;
    }
    const std::optional<std::vector<range>> places = find_terms(live->body->text, plan.terms);
    if (!places) {
        return std::nullopt;
    }
    found_message found;
    found.excerpt = cut_excerpt(live->body->text, *places);
    found.message = std::move(*live);
    return found;
}

/// Those of the named messages that count, at most `room`.
struct looked {
    looked() = default;
    std::vector<found_message> items;
    std::optional<std::int64_t> full_at;  ///< the position of the last one, when others were left
};

looked look_job(snapshot& s, const search_plan& plan, const std::vector<store::candidate>& candidates,
                std::size_t room) {
    users::check_session(s, plan.who);
    looked all;
    for (const store::candidate& one : candidates) {
        if (all.items.size() == room) {
            all.full_at = all.items.back().message.pos;
            break;
        }
        if (std::optional<found_message> found = look_at(s, plan, one)) {
            all.items.push_back(std::move(*found));
        }
    }
    return all;
}

task<std::vector<messages::readable>> read_places(database& store, gateway::principal who,
                                                  search_query asked) {
    return store.read([who, asked = std::move(asked)](snapshot& s) { return places_job(s, who, asked); });
}

task<named> read_named(database& index, shared_plan plan, std::int64_t below, std::size_t wanted,
                       std::int64_t rows_max) {
    return index.read([plan = std::move(plan), below, wanted, rows_max](snapshot& s) {
        return name_job(s, *plan, below, wanted, rows_max);
    });
}

task<looked> read_looked(database& store, shared_plan plan, std::vector<store::candidate> candidates,
                         std::size_t room) {
    return store.read([plan = std::move(plan), candidates = std::move(candidates), room](snapshot& s) {
        return look_job(s, *plan, candidates, room);
    });
}

shared_plan make_plan(gateway::principal who, search_query asked, std::vector<term> terms,
                      std::vector<messages::readable> places) {
    auto plan = std::make_shared<search_plan>();
    plan->who = who;
    plan->asked = std::move(asked);
    plan->terms = std::move(terms);
    plan->places = std::move(places);
    return plan;
}

}  // namespace

task<search_page> search_service::search(gateway::principal who, search_query asked) {
    std::vector<term> terms = check_query(asked);
    const auto limit = static_cast<std::size_t>(asked.limit);
    std::int64_t below = asked.below.value_or(any_pos);
    std::vector<messages::readable> places = co_await read_places(store_, who, asked);
    search_page page;
    if (places.empty() || terms.empty()) {
        co_return page;
    }
    const shared_plan plan = make_plan(who, std::move(asked), std::move(terms), std::move(places));
    const steady_time end = clock_.steady_now() + search_time;
    std::int64_t rows = 0;
    std::size_t together = looked_at_least;
    for (bool more = true; more;) {
        const std::size_t room = limit - page.items.size();
        const std::size_t wanted = std::max(room, together);
        const named found = co_await read_named(index_, plan, below, wanted, scan_rows_max - rows);
        looked good = co_await read_looked(store_, plan, found.found, room);
        std::move(good.items.begin(), good.items.end(), std::back_inserter(page.items));
        rows += found.looked_at;
        below = found.last;
        together *= 2;
        more = found.more;
        if (good.full_at) {
            page.next = good.full_at;
            break;
        }
        const bool enough = page.items.size() == limit || rows == scan_rows_max || clock_.steady_now() >= end;
        if (more && enough) {
            page.next = below;
            break;
        }
    }
    co_return page;
}

std::unique_ptr<database> open_index(const std::string& path, const db::deps& needs) {
    db::derived_options options;
    options.path = path;
    options.store = "search";
    options.schema = store::schema();
    return db::open_derived(options, needs);
}

std::unique_ptr<service> create(const deps& needs) {
    auto made = std::make_unique<search_service>(needs);
    register_doors(needs.table, *made);
    return made;
}

}  // namespace kith::search
