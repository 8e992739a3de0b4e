// The way of a socket from hello to live: a plan in one snapshot, pages as the outbox empties, then one turn without await.
#include "resume.hpp"

#include "dispatch.hpp"
#include "envelope.hpp"
#include "replay.hpp"
#include "socket_door.hpp"
#include "socket_session.hpp"

namespace kith::gateway {

namespace {

task<replay_plan> read_plan(database& store, const registry& table, const principal& who,
                            const std::optional<hello_since>& since) {
    std::optional<std::string> epoch;
    std::int64_t after = 0;
    if (since) {
        epoch = since->epoch;
        after = since->pos;
    }
    return store.read(
        [&table, who, epoch, after](snapshot& s) { return plan_replay(s, table, who, epoch, after); },
        db::read_kind::resume);
}

task<replay_page> read_page(database& store, const registry& table, user_id viewer,
                            std::shared_ptr<const std::vector<journal::note_row>> notes, std::size_t begin) {
    return store.read(
        [&table, viewer, notes, begin](snapshot& s) { return render_page(s, table, viewer, *notes, begin); },
        db::read_kind::resume);
}

json::value told_limits(const registry& table) {
    json::value limits = json::value::object();
    limits["frame_bytes"] = message_bytes_max_default;
    limits["requests_in_flight"] = socket_session::requests_max;
    for (const auto& [name, most] : table.limits()) {
        limits[std::string(name)] = most;
    }
    return limits;
}

void answer_hello(socket_session& socket, const registry& table, std::int64_t request,
                  const replay_plan& plan) {
    hello_output out;
    out.session = socket.who().session;
    out.user = socket.who().user;
    out.epoch = plan.at.epoch;
    out.pos = plan.at.pos;
    out.heartbeat_seconds = socket_session::ping_every.count();
    out.limits = told_limits(table);
    out.resumed = plan.reset.empty();
    if (!out.resumed) {
        out.reason = plan.reset;
    }
    socket.send_text(answer_text(request, json::text(out)), frame_kind::answer);
}

void push_page(socket_session& socket, const replay_page& page) {
    for (const replayed& event : page.events) {
        if (event.pos > socket.cursor) {
            socket.cursor = event.pos;
            socket.send_text(event.text, frame_kind::durable);
        }
    }
}

/// Sends the pages behind the first one, each when the outbox has emptied.
task<void> send_further_pages(socket_door& door, connection_id id, replay_plan& plan, user_id viewer) {
    const auto notes = std::make_shared<const std::vector<journal::note_row>>(std::move(plan.notes));
    std::size_t next = plan.first.next;
    while (next < notes->size()) {
        std::shared_ptr<socket_session> socket = door.find(id);
        if (!socket || socket->ending()) {
            co_return;
        }
        co_await socket->drained();
        socket.reset();
        const replay_page page =
            co_await read_page(door.deps().store, door.deps().table, viewer, notes, next);
        next = page.next;
        socket = door.find(id);
        if (socket && !socket->ending()) {
            push_page(*socket, page);
        }
    }
}

/// Returns when the socket is live, or gone.
task<void> bring_to_head(socket_door& door, connection_id id, std::int64_t request,
                         std::optional<hello_since> since) {
    const socket_deps& deps = door.deps();
    bool answered = false;
    for (;;) {
        std::shared_ptr<socket_session> socket = door.find(id);
        if (!socket || socket->ending()) {
            co_return;
        }
        const principal who = socket->who();
        replay_plan plan = co_await read_plan(deps.store, deps.table, who, since);
        socket = door.find(id);
        if (!socket || socket->ending()) {
            co_return;
        }
        const bool reset = !plan.reset.empty();
        if (reset && answered) {
            // Pruning has overtaken the replay: the next hello gets the reset.
            socket->end(close_code::going_away, "the replay was overtaken", true);
            co_return;
        }
        if (!reset) {
            if (!answered) {
                answer_hello(*socket, deps.table, request, plan);
                answered = true;
            }
            push_page(*socket, plan.first);
            socket.reset();
            co_await send_further_pages(door, id, plan, who.user);
            socket = door.find(id);
            if (!socket || socket->ending()) {
                co_return;
            }
            since->pos = plan.up_to;
        }
        // From here to the end nothing awaits: what passes the hub next finds the socket live.
        if (plan.up_to == plan.at.pos && deps.hub.covers(plan.up_to)) {
            if (reset) {
                answer_hello(*socket, deps.table, request, plan);
            }
            deps.hub.go_live(*socket, plan.up_to, plan.followed);
            if (!reset) {
                socket->send_text(caught_up_text(std::max(socket->cursor, plan.up_to)), frame_kind::durable);
            }
            deps.hub.tell_caught_up(*socket);
            co_return;
        }
    }
}

}  // namespace

task<void> run_hello(socket_door& door, connection_id id, std::int64_t request,
                     std::optional<hello_since> since) {
    std::exception_ptr thrown;
    try {
        co_await bring_to_head(door, id, request, std::move(since));
    } catch (...) {
        thrown = std::current_exception();
    }
    const std::shared_ptr<socket_session> socket = door.find(id);
    if (!socket) {
        co_return;
    }
    std::string refusal;
    if (thrown) {
        const failure failed = to_failure(thrown, door.deps().log, to_string(id) + "-hello", "hello");
        refusal = refusal_text(request, error_text(failed));
        const bool token = failed.code == error_code::unauthenticated || failed.code == error_code::forbidden;
        socket->end(token ? close_code::token_over : close_code::fault, "hello failed", !token);
    }
    socket->request_done(refusal);
}

}  // namespace kith::gateway
