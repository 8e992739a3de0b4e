// A search: the index names candidates, the live messages and memberships decide.
#include "service.hpp"

#include "api.hpp"

#include <kith/messages_tx.hpp>
#include <kith/users_tx.hpp>

#include <algorithm>
#include <limits>
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

bool may_read(const std::vector<messages::readable>& places, const store::entry& of) {
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
                            const std::vector<messages::readable>& places) {
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
    made.below = asked.below.value_or(any_pos);
    if (asked.since) {
        made.above = pos_of(s, *asked.since - clock_slack) - 1;
    }
    if (asked.until) {
        made.below = std::min(made.below, pos_of(s, *asked.until + clock_slack));
    }
    return made;
}

/// The message as the caller sees it now, when it still is what was asked for.
std::optional<found_message> look_at(snapshot& s, user_id caller, const store::entry& candidate,
                                     const search_query& asked, const std::vector<term>& terms) {
    std::optional<messages::message> live =
        messages::visible_message(s, caller, candidate.conversation, candidate.seq);
    if (!live || live->pos != candidate.pos || !live->body || (asked.sender && live->sender != *asked.sender)
        || (asked.kind && live->kind != *asked.kind) || (asked.since && live->sent_at < *asked.since)
        || (asked.until && live->sent_at >= *asked.until)) {
        return std::nullopt;
    }
    const std::optional<std::vector<range>> places = find_terms(live->body->text, terms);
    if (!places) {
        return std::nullopt;
    }
    found_message found;
    found.excerpt = cut_excerpt(live->body->text, *places);
    found.message = std::move(*live);
    return found;
}

task<search_page> read_page(database& store, gateway::principal who, search_query asked,
                            std::vector<term> terms) {
    return store.read([who, asked = std::move(asked), terms = std::move(terms)](snapshot& s) {
        return search_job(s, who, asked, terms);
    });
}

}  // namespace

search_page search_job(snapshot& s, const gateway::principal& who, const search_query& asked,
                       const std::vector<term>& terms) {
    users::check_session(s, who);
    const std::vector<messages::readable> places = places_of(s, who.user, asked);
    search_page page;
    if (places.empty() || terms.empty()) {
        return page;
    }
    std::int64_t looked_at = 0;
    std::int64_t last = 0;
    const auto visit = [&](std::int64_t pos) {
        if (looked_at == scan_rows_max || page.items.size() == static_cast<std::size_t>(asked.limit)) {
            page.next = last;
            return false;
        }
        ++looked_at;
        last = pos;
        const std::optional<store::entry> candidate = store::find_entry(s, pos);
        if (candidate && may_read(places, *candidate)) {
            if (std::optional<found_message> found = look_at(s, who.user, *candidate, asked, terms)) {
                page.items.push_back(std::move(*found));
            }
        }
        return true;
    };
    store::visit_matches(s, question_of(s, asked, terms, places), visit);
    return page;
}

task<search_page> search_service::search(gateway::principal who, search_query asked) {
    std::vector<term> terms = check_query(asked);
    search_page page = co_await read_page(store_, who, std::move(asked), std::move(terms));
    co_return page;
}

std::unique_ptr<service> create(const deps& needs) {
    auto made = std::make_unique<search_service>(needs);
    register_doors(needs.table, *made);
    return made;
}

}  // namespace kith::search
