// The doors of `messages`: operations, events, the section of /sync, what a person follows.
#include "api.hpp"

#include "views.hpp"
#include "wire_types.hpp"

#include <kith/gateway/registry.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kith::messages {

namespace {

struct open_direct_input {
    user_id user;
};
BOOST_DESCRIBE_STRUCT(open_direct_input, (), (user))

struct conversation_input {
    conversation_id conversation;
};
BOOST_DESCRIBE_STRUCT(conversation_input, (), (conversation))

struct conversation_list_input {
    std::optional<std::int64_t> limit;
    std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(conversation_list_input, (), (limit, after))

struct settings_input {
    conversation_id conversation;
    json::change<timestamp> muted_until;
    std::optional<bool> pinned;
    std::optional<notify_level> notify;
    json::change<std::string> draft;
    std::optional<bool> hidden;
};
BOOST_DESCRIBE_STRUCT(settings_input, (), (conversation, muted_until, pinned, notify, draft, hidden))

struct send_input {
    conversation_id conversation;
    std::string client_id;
    message_kind kind = message_kind::text;
    messages::body body;
};
BOOST_DESCRIBE_STRUCT(send_input, (), (conversation, client_id, kind, body))

struct history_input {
    conversation_id conversation;
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::optional<std::int64_t> around;
    std::optional<std::int64_t> limit;
};
BOOST_DESCRIBE_STRUCT(history_input, (), (conversation, before, after, around, limit))

struct message_input {
    conversation_id conversation;
    std::int64_t seq = 0;
};
BOOST_DESCRIBE_STRUCT(message_input, (), (conversation, seq))

struct typing_input {
    conversation_id conversation;
    typing_state state = typing_state::none;
};
BOOST_DESCRIBE_STRUCT(typing_input, (), (conversation, state))

struct send_output {
    std::int64_t seq = 0;
    std::int64_t pos = 0;
    timestamp sent_at;
    json::omittable<bool> duplicate;
};
BOOST_DESCRIBE_STRUCT(send_output, (), (seq, pos, sent_at, duplicate))

struct mark_output {
    std::int64_t seq = 0;
    std::int64_t unread = 0;
};
BOOST_DESCRIBE_STRUCT(mark_output, (), (seq, unread))

struct message_page {
    std::vector<message> items;
    std::optional<std::string> next;
};
BOOST_DESCRIBE_STRUCT(message_page, (), (items, next))

struct conversation_page {
    std::vector<conversation> items;
    std::optional<std::string> next;
};
BOOST_DESCRIBE_STRUCT(conversation_page, (), (items, next))

std::optional<std::string> next_text(std::optional<std::int64_t> next) {
    return next ? std::optional(std::to_string(*next)) : std::nullopt;
}

task<conversation_page> list_conversations(messages_service& service, gateway::call& c,
                                           conversation_list_input in) {
    std::int64_t before_pos = store::any_pos;
    if (in.after) {
        before_pos = parse_id(*in.after);
        if (before_pos == 0) {
            throw invalid_field("/after", "the `next` of the page before");
        }
    }
    conversation_list found = co_await service.list(c.who, before_pos, in.limit.value_or(page_default));
    conversation_page page;
    page.items = std::move(found.items);
    page.next = next_text(found.next);
    co_return page;
}

task<conversation> change_settings(messages_service& service, gateway::call& c, settings_input in) {
    settings_change change;
    change.conversation = in.conversation;
    change.sets_muted_until = in.muted_until.present;
    change.muted_until = in.muted_until.value;
    change.pinned = in.pinned;
    change.notify = in.notify;
    if (in.draft.present) {
        change.draft = in.draft.value.value_or(std::string());
    }
    change.hidden = in.hidden;
    return service.change_settings(c.who, std::move(change));
}

task<send_output> send(messages_service& service, gateway::call& c, send_input in) {
    outgoing input;
    input.conversation = in.conversation;
    input.client_id = std::move(in.client_id);
    input.kind = in.kind;
    input.content = std::move(in.body);
    const sent answer = co_await service.send(c.who, std::move(input));
    send_output out;
    out.seq = answer.seq;
    out.pos = answer.pos;
    out.sent_at = answer.sent_at;
    if (answer.duplicate) {
        out.duplicate.emplace(true);
    }
    co_return out;
}

task<message_page> history(messages_service& service, gateway::call& c, history_input in) {
    history_place at;
    at.conversation = in.conversation;
    at.before = in.before;
    at.after = in.after;
    at.around = in.around;
    at.limit = in.limit.value_or(page_default);
    history_page found = co_await service.history(c.who, std::move(at));
    message_page page;
    page.items = std::move(found.items);
    page.next = next_text(found.next);
    co_return page;
}

task<mark_output> set_mark(messages_service& service, gateway::call& c, message_input in, mark_kind kind) {
    const marked now = co_await service.set_mark(c.who, in.conversation, in.seq, kind);
    mark_output out;
    out.seq = now.seq;
    out.unread = now.unread;
    co_return out;
}

task<json::nothing> set_typing(messages_service& service, gateway::call& c, typing_input in) {
    service.set_typing(c.who, in.conversation, in.state);
    co_return json::nothing();
}

gateway::operation_spec spec_of(std::string_view name, gateway::http_method method, std::string_view path,
                                gateway::limit_class limit, std::string_view summary) {
    gateway::operation_spec spec;
    spec.name = name;
    spec.method = method;
    spec.path = path;
    spec.limit = limit;
    spec.summary = summary;
    return spec;
}

void add_conversation_operations(gateway::registry& table, messages_service& service) {
    using gateway::http_method;
    table.add<open_direct_input, conversation>(
        spec_of("conversation.open_direct", http_method::put, "/direct/{user}", gateway::limit::write,
                "The direct conversation with a person, made at the first use"),
        [&service](gateway::call& c, open_direct_input in) { return service.open_direct(c.who, in.user); });
    table.add<conversation_list_input, conversation_page>(
        spec_of("conversation.list", http_method::get, "/conversations", gateway::limit::read,
                "One's conversations, those with the newest message first"),
        [&service](gateway::call& c, conversation_list_input in) {
            return list_conversations(service, c, std::move(in));
        });
    table.add<conversation_input, conversation>(
        spec_of("conversation.get", http_method::get, "/conversations/{conversation}", gateway::limit::read,
                "One conversation as the caller sees it"),
        [&service](gateway::call& c, conversation_input in) { return service.get(c.who, in.conversation); });
    table.add<settings_input, conversation>(
        spec_of("conversation.settings", http_method::patch, "/conversations/{conversation}/settings",
                gateway::limit::write, "Mutes, pins, hides a conversation for oneself; keeps a draft"),
        [&service](gateway::call& c, settings_input in) {
            return change_settings(service, c, std::move(in));
        });
}

void add_message_operations(gateway::registry& table, messages_service& service) {
    using gateway::http_method;
    gateway::operation_spec sending = spec_of(
        "message.send", http_method::post, "/conversations/{conversation}/messages", gateway::limit::message,
        "Sends a message; repeated with the same client_id it gives the first answer");
    sending.status = 201;
    table.add<send_input, send_output>(
        sending, [&service](gateway::call& c, send_input in) { return send(service, c, std::move(in)); });
    table.add<history_input, message_page>(
        spec_of("message.history", http_method::get, "/conversations/{conversation}/messages",
                gateway::limit::read,
                "Messages before, after or around a number, ascending; the newest without one"),
        [&service](gateway::call& c, history_input in) { return history(service, c, std::move(in)); });
    table.add<message_input, message>(
        spec_of("message.recall", http_method::del, "/conversations/{conversation}/messages/{seq}",
                gateway::limit::write,
                "Takes back a message of one's own: it keeps its place and loses its body"),
        [&service](gateway::call& c, message_input in) {
            return service.recall(c.who, in.conversation, in.seq);
        });
}

void add_mark_operations(gateway::registry& table, messages_service& service) {
    using gateway::http_method;
    table.add<message_input, mark_output>(spec_of("message.read", http_method::put,
                                                  "/conversations/{conversation}/read", gateway::limit::mark,
                                                  "Marks everything up to a number as read"),
                                          [&service](gateway::call& c, message_input in) {
                                              return set_mark(service, c, std::move(in), mark_kind::read);
                                          });
    table.add<message_input, mark_output>(
        spec_of("message.delivered", http_method::put, "/conversations/{conversation}/delivered",
                gateway::limit::mark, "Marks everything up to a number as delivered"),
        [&service](gateway::call& c, message_input in) {
            return set_mark(service, c, std::move(in), mark_kind::delivered);
        });
    gateway::operation_spec typing = spec_of("message.typing", http_method::none, "", gateway::limit::typing,
                                             "Tells the other members that one is writing or recording");
    typing.doors = gateway::doors::socket;
    table.add<typing_input, json::nothing>(typing, [&service](gateway::call& c, typing_input in) {
        return set_typing(service, c, std::move(in));
    });
}

std::vector<gateway::effect> follow_effects(const conversation& made, const std::vector<journal::topic>&) {
    gateway::effect in;
    in.what = gateway::effect::kind::follow;
    in.user = made.viewer;
    in.where = journal::topic::of_conversation(made.id);
    in.first_seq = made.first_seq;
    std::vector<gateway::effect> all{in};
    if (made.peer) {
        in.where = journal::topic::of_card(made.peer->id);
        in.first_seq = 0;
        all.push_back(in);
    }
    return all;
}

std::vector<gateway::effect> unfollow_effect(const member_change& left, const std::vector<journal::topic>&) {
    gateway::effect out;
    out.what = gateway::effect::kind::unfollow;
    out.user = left.member.user.id;
    out.where = journal::topic::of_conversation(left.conversation);
    return {out};
}

std::optional<mark_event> render_mark(snapshot& s, user_id viewer, const journal::note_row& note, bool read) {
    const std::optional<mark> found = load_mark(s, viewer, note, read);
    return found ? std::optional(mark_event(*found)) : std::nullopt;
}

void add_events(gateway::registry& table, messages_service& service) {
    const auto a_message = [](snapshot& s, user_id viewer, const journal::note_row& note) {
        return store::find_message(s, conversation_id(note.thing), note.seq, viewer);
    };
    const auto a_conversation = [](snapshot& s, user_id viewer, const journal::note_row& note) {
        std::optional<conversation> found = load_conversation(s, conversation_id(note.thing), viewer);
        if (found && !found->peer && is_before_joining(s, viewer, note)) {
            found.reset();
        }
        return found;
    };
    table.add_event<message>("message.created", "message", a_message);
    table.add_event<message>("message.recalled", "message", a_message);
    const auto with_presence = [&service](conversation& one) { service.fill_presence(one); };
    table.add_event<conversation>("conversation.created", "conversation", a_conversation, follow_effects,
                                  with_presence);
    table.add_event<conversation>("conversation.settings", "conversation", a_conversation, nullptr,
                                  with_presence);
    table.add_event<mark_event>("conversation.read", "conversation.read",
                                [](snapshot& s, user_id viewer, const journal::note_row& note) {
                                    return render_mark(s, viewer, note, true);
                                });
    table.add_event<mark_event>("conversation.delivered", "conversation.delivered",
                                [](snapshot& s, user_id viewer, const journal::note_row& note) {
                                    return render_mark(s, viewer, note, false);
                                });
    table.add_ephemeral<typing_event>("typing");
}

void add_member_events(gateway::registry& table) {
    table.add_event<member_change>("member.joined", "member", load_member_change);
    table.add_event<member_change>("member.left", "member", load_member_change, unfollow_effect);
    // Apart from the others, so that a change of role never stands for a joining.
    table.add_event<member_change>("member.changed", "member.changed", load_member_change);
    table.add_event<conversation_update>("conversation.updated", "conversation.updated",
                                         [](snapshot& s, user_id viewer, const journal::note_row& note) {
                                             return load_update(s, viewer, conversation_id(note.thing));
                                         });
}

}  // namespace

void register_doors(gateway::registry& table, messages_service& service) {
    add_conversation_operations(table, service);
    add_message_operations(table, service);
    add_mark_operations(table, service);
    add_events(table, service);
    add_member_events(table);
    table.add_sync_section<std::vector<conversation>>(
        "conversations",
        [](snapshot& s, const gateway::principal& who) {
            return load_conversations(s, who.user, store::any_pos, sync_conversations_max);
        },
        [&service](std::vector<conversation>& seen) {
            for (conversation& one : seen) {
                service.fill_presence(one);
            }
        });
    table.add_follow_source(add_followed);
    table.add_limit("text_code_points", static_cast<std::int64_t>(text_code_points_max));
}

}  // namespace kith::messages
