// The gateway's own operations: hello and auth.renew, which sockets handle themselves, and GET /sync.
#include "resume.hpp"

#include <kith/gateway/registry.hpp>
#include <kith/gateway/server.hpp>

namespace kith::gateway {

namespace {

/// What the sections gathered in one snapshot, on its way to the reactor.
struct gathered {
    journal::state at;
    std::vector<std::shared_ptr<void>> parts;
};

task<gathered> gather(database& store, const registry& table, const principal& who) {
    return store.read(
        [&table, who](snapshot& s) {
            table.check_session(s, who);
            gathered all;
            all.at = journal::read_state(s);
            for (const sync_section& section : table.sections()) {
                all.parts.push_back(section.gather(s, who));
            }
            return all;
        },
        db::read_kind::resume);
}

task<std::string> sync_state(database& store, const registry& table, const principal& who) {
    const gathered all = co_await gather(store, table, who);
    std::string out = "{\"epoch\":";
    json::write_string(out, all.at.epoch);
    out += ",\"pos\":" + std::to_string(all.at.pos);
    for (std::size_t i = 0; i < all.parts.size(); ++i) {
        const sync_section& section = table.sections()[i];
        out.append(",\"").append(section.name).append("\":").append(section.finish(all.parts[i].get()));
    }
    co_return out + "}";
}

/// hello and auth.renew stand in the table for the documents; the socket takes them before the dispatcher.
template <class In, class Out>
void add_socket_own(registry& table, std::string_view name, access needed, std::string_view summary) {
    operation_spec spec;
    spec.name = name;
    spec.access = needed;
    spec.summary = summary;
    spec.doors = doors::socket;
    table.add<In, Out>(spec, [](call&, In) -> task<Out> {
        throw error(error_code::invalid, "this belongs to the opening of a socket");
        co_return Out();
    });
}

struct caught_up {
    std::int64_t pos = 0;
};
BOOST_DESCRIBE_STRUCT(caught_up, (), (pos))

struct token_expiring {
    std::int64_t expires_in = 0;  ///< seconds
};
BOOST_DESCRIBE_STRUCT(token_expiring, (), (expires_in))

struct server_closing {
    std::int64_t code = 0;
    std::int64_t retry_after_ms = 0;
};
BOOST_DESCRIBE_STRUCT(server_closing, (), (code, retry_after_ms))

}  // namespace

void register_own_operations(registry& table, database& store) {
    add_socket_own<hello_input, hello_output>(table, "hello", access::everyone,
                                              "The first frame: who is there, and since when");
    add_socket_own<renew_input, renew_output>(table, "auth.renew", access::user,
                                              "A newer token for this socket");
    table.add_ephemeral<token_expiring>("token.expiring");
    table.add_ephemeral<server_closing>("server.closing");

    operation sync;
    sync.spec.name = "sync.state";
    sync.spec.method = http_method::get;
    sync.spec.path = "/sync";
    sync.spec.summary = "Everything a client holds, as of one position";
    sync.input = json::schema_of<json::nothing>();
    sync.output = json::schema_of<json::value>();
    sync.run = [&table, &store](call& c, const json::view& input) {
        (void)json::decode<json::nothing>(input);
        return sync_state(store, table, c.who);
    };
    table.add_operation(std::move(sync));
}

}  // namespace kith::gateway
