// The operation `message.search`.
#include "api.hpp"

#include <kith/gateway/registry.hpp>
#include <kith/messages/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kith::search {

namespace {

struct search_input {
    std::string q;
    std::optional<messages::conversation_id> conversation;
    std::optional<user_id> sender;
    std::optional<messages::message_kind> kind;
    std::optional<timestamp> since;
    std::optional<timestamp> until;
    std::optional<std::int64_t> limit;
    std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(search_input, (), (q, conversation, sender, kind, since, until, limit, after))

/// A place in an excerpt, in code points, the end exclusive.
struct excerpt_mark {
    std::int64_t start = 0;
    std::int64_t end = 0;
};
BOOST_DESCRIBE_STRUCT(excerpt_mark, (), (start, end))

struct excerpt {
    std::string text;
    std::vector<excerpt_mark> marks;
};
BOOST_DESCRIBE_STRUCT(excerpt, (), (text, marks))

struct hit {
    messages::message message;
    search::excerpt excerpt;
};
BOOST_DESCRIBE_STRUCT(hit, (), (message, excerpt))

struct hit_page {
    std::vector<hit> items;
    std::optional<std::string> next;
};
BOOST_DESCRIBE_STRUCT(hit_page, (), (items, next))

search_query query_of(search_input in) {
    search_query asked;
    asked.text = std::move(in.q);
    asked.conversation = in.conversation;
    asked.sender = in.sender;
    asked.kind = in.kind;
    asked.since = in.since;
    asked.until = in.until;
    asked.limit = in.limit.value_or(page_default);
    if (in.after) {
        asked.below = parse_id(*in.after);
        if (*asked.below == 0) {
            throw invalid_field("/after", "the `next` of the page before");
        }
    }
    return asked;
}

hit hit_of(found_message from) {
    hit made;
    made.message = std::move(from.message);
    made.excerpt.text = std::move(from.excerpt.text);
    for (const range& one : from.excerpt.marks) {
        excerpt_mark& mark = made.excerpt.marks.emplace_back();
        mark.start = static_cast<std::int64_t>(one.begin);
        mark.end = static_cast<std::int64_t>(one.end);
    }
    return made;
}

task<hit_page> search(search_service& service, gateway::call& c, search_input in) {
    search_query asked = query_of(std::move(in));
    search_page found = co_await service.search(c.who, std::move(asked));
    hit_page page;
    for (found_message& one : found.items) {
        page.items.push_back(hit_of(std::move(one)));
    }
    if (found.next) {
        page.next = std::to_string(*found.next);
    }
    co_return page;
}

}  // namespace

void register_doors(gateway::registry& table, search_service& service) {
    gateway::operation_spec spec;
    spec.name = "message.search";
    spec.method = gateway::http_method::get;
    spec.path = "/messages/search";
    spec.limit = gateway::limit::search;
    spec.summary = "Messages of one's conversations that hold all words, the newest first";
    table.add<search_input, hit_page>(
        spec, [&service](gateway::call& c, search_input in) { return search(service, c, std::move(in)); });
}

}  // namespace kith::search
