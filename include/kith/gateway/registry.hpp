// Where modules register their operations, events and sync sections; the one table behind both doors and the documents.
// Included by api.cpp files only: it reads JSON.
#pragma once

#include <kith/core/json.hpp>
#include <kith/gateway.hpp>

#include <boost/core/demangle.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace kith::gateway {

enum class http_method : std::uint8_t { get, post, put, patch, del, none };
enum class access : std::uint8_t { everyone, user, moderator, admin };
enum class doors : std::uint8_t { both, http, socket };

/// A family of operations that share token buckets. Rates are for scale 1.
struct limit_class {
    std::string_view name;
    double per_second = 0;  ///< refill by user (by address for public operations)
    double burst = 0;
    friend bool operator==(const limit_class&, const limit_class&) = default;
};
namespace limit {
inline constexpr limit_class read{"read", 50, 200};
inline constexpr limit_class write{"write", 10, 40};
inline constexpr limit_class message{"message", 20, 40};
inline constexpr limit_class mark{"mark", 20, 60};
inline constexpr limit_class typing{"typing", 5, 20};
inline constexpr limit_class search{"search", 5, 20};
inline constexpr limit_class sign_in{"sign_in", 20.0 / 60, 20};
inline constexpr limit_class registration{"registration", 5.0 / 3600, 5};
inline constexpr limit_class refresh{"refresh", 1, 30};
inline constexpr limit_class open{"open", 20, 60};
}  // namespace limit

/// What the table knows of one operation.
struct operation_spec {
    std::string_view name;  ///< also the WebSocket type
    http_method method = http_method::none;
    std::string_view path{};  ///< below /api/v1, `{field}` names a field of the input
    gateway::access access = access::user;
    limit_class limit = limit::read;
    std::string_view summary{};
    int status = 200;
    gateway::doors doors = gateway::doors::both;
    bool takes_key = false;  ///< honours the header Idempotency-Key
    bool cookie = false;  ///< may read the refresh cookie: needs a same-origin JSON request then
};

/// An operation without its types: decodes, runs, encodes.
struct operation {
    operation_spec spec;
    /// Decodes (throws `invalid` with pointers) and returns the work; its result is the JSON text of the output.
    std::function<task<std::string>(call&, const json::view&)> run;
    json::schema_ref input;
    json::schema_ref output;
    bool has_output = true;  ///< false: 204 over HTTP, `{}` on the socket
};

/// What passing a change does to who hears what.
struct effect {
    enum class kind : std::uint8_t { follow, unfollow, end_session, end_user };
    kind what = kind::follow;
    user_id user;
    journal::topic where;  ///< follow, unfollow
    std::int64_t first_seq = 0;  ///< follow: nothing about a lower message is told
    session_id session;  ///< end_session
};

/// One durable event type.
struct event {
    std::string_view type;
    /// Changes of one family, topic, thing and seq replace each other on a resume: only the newest is rendered.
    std::string_view family;
    const std::type_info* content = nullptr;
    /// On the reactor: JSON text of the struct that was noted, with what only the reactor knows.
    std::function<std::string(const void*)> encode;
    /// JSON text of the thing as it is now for `viewer`; nullopt when it is gone or may not be seen.
    std::function<std::optional<std::string>(snapshot&, user_id viewer, const journal::note_row&)> render;
    /// What it changes in who follows what; may be empty. Given the noted struct.
    std::function<std::vector<effect>(const void*, const std::vector<journal::topic>&)> effects;
    json::schema_ref schema;
};

/// One ephemeral event type, for the documents.
struct ephemeral_event {
    std::string_view type;
    json::schema_ref schema;
};

/// One part of GET /sync.
struct sync_section {
    std::string_view name;
    /// In the read job of the whole answer.
    std::function<std::shared_ptr<void>(snapshot&, const principal&)> gather;
    /// On the reactor: adds what only it knows (presence), then JSON text.
    std::function<std::string(void*)> finish;
    json::schema_ref schema;
};

/// What a user follows, as a module sees it.
using follow_source = std::function<void(snapshot&, user_id, std::vector<journal::subscription>&)>;
/// Checks inside a job that session and account are still good; throws `unauthenticated` or `forbidden`.
using session_check = std::function<void(snapshot&, const principal&)>;

class registry {
public:
    /// `handler` is `task<Out>(call&, In)`; Out may be json::nothing.
    template <class In, class Out, class Handler>
    void add(const operation_spec& spec, Handler handler) {
        auto shared = std::make_shared<const std::function<task<Out>(call&, In)>>(std::move(handler));
        operation made;
        made.spec = spec;
        made.run = [shared](call& c, const json::view& input) {
            return run_typed<In, Out>(shared, c, json::decode<In>(input));
        };
        made.input = json::schema_of<In>();
        made.output = json::schema_of<Out>();
        made.has_output = !std::is_same_v<Out, json::nothing>;
        add_operation(std::move(made));
    }

    /// An operation whose output is not one struct; asserts that name and route are new.
    void add_operation(operation made);

    /// `load` is `std::optional<Thing>(snapshot&, user_id viewer, const journal::note_row&)`; `effects` may be null or
    /// `std::vector<effect>(const Thing&, const std::vector<journal::topic>&)`; `finish` may be null or `void(Thing&)`,
    /// which adds to a live push what only the reactor knows.
    template <class Thing, class Load, class Effects = std::nullptr_t, class Finish = std::nullptr_t>
    void add_event(std::string_view type, std::string_view family, Load load, Effects effects = nullptr,
                   Finish finish = nullptr) {
        event made;
        made.type = type;
        made.family = family;
        made.content = &typeid(Thing);
        made.encode = [finish = std::move(finish)](const void* content) {
            const Thing& thing = *static_cast<const Thing*>(content);
            if constexpr (std::is_null_pointer_v<Finish>) {
                return json::text(thing);
            } else {
                Thing finished = thing;
                finish(finished);
                return json::text(finished);
            }
        };
        made.render = [load = std::move(load)](snapshot& s, user_id viewer, const journal::note_row& note) {
            const std::optional<Thing> thing = load(s, viewer, note);
            return thing ? std::optional(json::text(*thing)) : std::nullopt;
        };
        if constexpr (!std::is_null_pointer_v<Effects>) {
            made.effects = [effects = std::move(effects)](const void* thing,
                                                          const std::vector<journal::topic>& to) {
                return effects(*static_cast<const Thing*>(thing), to);
            };
        }
        made.schema = json::schema_of<Thing>();
        add_event_type(std::move(made));
    }

    template <class Data>
    void add_ephemeral(std::string_view type) {
        ephemerals_.push_back(ephemeral_event{type, json::schema_of<Data>()});
    }

    /// `gather` is `Part(snapshot&, const principal&)`, a function of a job; `finish` is `void(Part&)`, run on the reactor.
    template <class Part, class Gather, class Finish>
    void add_sync_section(std::string_view name, Gather gather, Finish finish) {
        sync_section made;
        made.name = name;
        made.gather = [gather = std::move(gather)](snapshot& s,
                                                   const principal& who) -> std::shared_ptr<void> {
            return std::make_shared<Part>(gather(s, who));
        };
        made.finish = [finish = std::move(finish)](void* part) {
            finish(*static_cast<Part*>(part));
            return json::text(*static_cast<const Part*>(part));
        };
        made.schema = json::schema_of<Part>();
        sections_.push_back(std::move(made));
    }
    /// A limit that clients should know, told by `hello`.
    void add_limit(std::string_view name, std::int64_t value) { limits_.emplace_back(name, value); }
    void add_follow_source(follow_source source) { follows_.push_back(std::move(source)); }
    void set_session_check(session_check check) { session_check_ = std::move(check); }

    [[nodiscard]] const std::vector<operation>& operations() const noexcept { return operations_; }
    [[nodiscard]] const operation* find(std::string_view name) const;
    [[nodiscard]] const std::vector<event>& events() const noexcept { return events_; }
    [[nodiscard]] const event* find_event(std::string_view type) const;
    [[nodiscard]] const std::vector<ephemeral_event>& ephemerals() const noexcept { return ephemerals_; }
    [[nodiscard]] const std::vector<sync_section>& sections() const noexcept { return sections_; }
    [[nodiscard]] const std::vector<std::pair<std::string_view, std::int64_t>>& limits() const noexcept {
        return limits_;
    }
    /// Everything `user` follows, from all sources.
    [[nodiscard]] std::vector<journal::subscription> followed(snapshot& s, user_id user) const;
    void check_session(snapshot& s, const principal& who) const;

private:
    void add_event_type(event made);

    template <class In, class Out>
    static task<std::string> run_typed(std::shared_ptr<const std::function<task<Out>(call&, In)>> handler,
                                       call& c, In input) {
        Out out = co_await (*handler)(c, std::move(input));
        co_return json::text(out);
    }

    std::vector<operation> operations_;
    std::vector<event> events_;
    std::vector<ephemeral_event> ephemerals_;
    std::vector<sync_section> sections_;
    std::vector<follow_source> follows_;
    std::vector<std::pair<std::string_view, std::int64_t>> limits_;
    session_check session_check_;
};

/// The documents made from the table: OpenAPI 3.1 and AsyncAPI 3.0 as JSON text.
[[nodiscard]] std::string openapi(const registry& table, std::string_view version,
                                  std::string_view server_url);
[[nodiscard]] std::string asyncapi(const registry& table, std::string_view version,
                                   std::string_view server_url);

}  // namespace kith::gateway
