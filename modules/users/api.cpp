// The doors of `users`: operations, how its things look for a viewer, its events, the section `me` of /sync.
#include "api.hpp"

#include "rules.hpp"
#include "wire.hpp"

#include <kith/core/crypto.hpp>
#include <kith/gateway/registry.hpp>
#include <kith/users_tx.hpp>

#include <optional>
#include <string>
#include <utility>

namespace kith::users {

namespace {

using gateway::call;
using gateway::http_method;
namespace limit = gateway::limit;

// ---- the refresh cookie ----

constexpr std::string_view bound_cookie = "__Host-kith_refresh";
constexpr std::string_view plain_cookie = "kith_refresh";

/// Over plain HTTP a browser keeps neither Secure nor the prefix, so the name tells what protects it.
void set_refresh_cookie(call& c, std::string_view token, std::chrono::seconds lifetime) {
    std::string line(c.secure_cookies ? bound_cookie : plain_cookie);
    line.append("=").append(token).append("; Path=/; Max-Age=").append(std::to_string(lifetime.count()));
    line.append(c.secure_cookies ? "; Secure" : "").append("; HttpOnly; SameSite=Lax");
    c.set_cookies.push_back(std::move(line));
}

void clear_refresh_cookie(call& c) {
    set_refresh_cookie(c, "", std::chrono::seconds(0));
}

/// The value of the refresh cookie; empty when there is none.
std::string read_refresh_cookie(const call& c) {
    const std::string_view wanted = c.secure_cookies ? bound_cookie : plain_cookie;
    std::string_view rest = c.cookies;
    while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == wanted) {
            return std::string(pair.substr(equals + 1));
        }
    }
    return std::string();
}

// ---- pages ----

std::size_t page_size(const std::optional<std::int64_t>& asked, std::size_t most) {
    constexpr std::int64_t usual = 50;
    field_errors wrong;
    check_limit(wrong, asked.value_or(usual), most);
    wrong.raise();
    return static_cast<std::size_t>(asked.value_or(usual));
}

template <class Id>
Id after_id(const std::optional<std::string>& after) {
    const Id id(after ? parse_id(*after) : 0);
    if (after && !id) {
        throw invalid_field("/after", "the `next` of an answer");
    }
    return id;
}

search_place after_place(const std::optional<std::string>& after) {
    if (!after) {
        return search_place();
    }
    const std::optional<std::string> text = from_base64url(*after);
    if (!text || text->size() < 2 || ((*text)[0] != '0' && (*text)[0] != '1')) {
        throw invalid_field("/after", "the `next` of an answer");
    }
    return search_place((*text)[0] - '0', text->substr(1));
}

/// Drops the one row that was asked for beyond the page, which tells that there is more.
template <class Row>
bool cut(std::vector<Row>& rows, std::size_t size) {
    if (rows.size() <= size) {
        return false;
    }
    rows.resize(size);
    return true;
}

// ---- handlers: coroutines of functions, what they need comes as arguments ----

origin origin_of(const call& c) {
    return origin(c.address, c.user_agent);
}

device device_or_web(std::optional<users::device> given) {
    return given ? *std::move(given) : users::device(device_kind::web, "Web");
}

session render_session(call& c, signed_in made, std::chrono::seconds lifetime) {
    session out;
    out.session.id = made.session.id;
    out.session.device = made.session.device;
    out.session.created_at = made.session.created_at;
    if (made.session.device.kind == device_kind::web) {
        set_refresh_cookie(c, made.refresh_token, lifetime);
    } else {
        out.refresh_token = std::move(made.refresh_token);
    }
    out.user = std::move(made.who);
    out.access_token = std::move(made.access_token);
    out.expires_in = made.expires_in.count();
    return out;
}

std::chrono::seconds cookie_lifetime(const users_service& service) {
    return service.needs().settings.users.refresh_seconds;
}

task<server_info> handle_server_info(users_service& service, call&, json::nothing) {
    const deps& needs = service.needs();
    server_info out;
    out.name = needs.settings.server.name;
    out.version = needs.version;
    out.registration = needs.settings.users.registration;
    out.setup_required = service.setup_required();
    out.limits.body_bytes = needs.settings.limits.body_bytes;
    for (const auto& [name, most] : needs.table.limits()) {
        if (name == "text_code_points") {
            out.limits.text_code_points.emplace(most);
        }
    }
    out.features = needs.features;
    out.languages.emplace_back("en");
    out.languages.emplace_back("zh-CN");
    co_return out;
}

task<session> handle_setup(users_service& service, call& c, setup_input in) {
    registration input;
    input.username = std::move(in.username);
    input.password = std::move(in.password);
    input.nickname = std::move(in.nickname).value_or(std::string());
    input.device = device_or_web(std::move(in.device));
    input.from = origin_of(c);
    signed_in made = co_await service.set_up(std::move(in.setup_token), std::move(input));
    co_return render_session(c, std::move(made), cookie_lifetime(service));
}

task<session> handle_register(users_service& service, call& c, register_input in) {
    registration input;
    input.username = std::move(in.username);
    input.password = std::move(in.password);
    input.nickname = std::move(in.nickname).value_or(std::string());
    input.invite = std::move(in.invite).value_or(std::string());
    input.device = device_or_web(std::move(in.device));
    input.from = origin_of(c);
    signed_in made = co_await service.register_account(std::move(input));
    co_return render_session(c, std::move(made), cookie_lifetime(service));
}

task<session> handle_sign_in(users_service& service, call& c, sign_in_input in) {
    credentials input;
    input.username = std::move(in.username);
    input.password = std::move(in.password);
    input.device = std::move(in.device);
    input.from = origin_of(c);
    signed_in made = co_await service.sign_in(std::move(input));
    co_return render_session(c, std::move(made), cookie_lifetime(service));
}

task<session> handle_refresh(users_service& service, call& c, refresh_input in) {
    std::string token = in.refresh_token ? *std::move(in.refresh_token) : read_refresh_cookie(c);
    if (token.empty()) {
        throw error(error_code::unauthenticated, "There is no refresh token.");
    }
    signed_in made = co_await service.refresh(std::move(token), origin_of(c));
    co_return render_session(c, std::move(made), cookie_lifetime(service));
}

task<session_page> handle_sessions(users_service& service, call& c, page_input in) {
    const std::size_t size = page_size(in.limit, page_max);
    std::vector<session_info> found =
        co_await service.sessions_of(c.who, after_id<session_id>(in.after), size + 1);
    session_page out;
    if (cut(found, size)) {
        out.next = to_string(found.back().id);
    }
    for (session_info& one : found) {
        session_item& item = out.items.emplace_back();
        item.id = one.id;
        item.device = std::move(one.device);
        item.address = std::move(one.address);
        item.created_at = one.created_at;
        item.last_seen = one.last_seen;
        item.current = one.id == c.who.session;
    }
    co_return out;
}

task<json::nothing> handle_revoke(users_service& service, call& c, session_input in) {
    co_await service.revoke(c.who, in.id);
    if (in.id == c.who.session) {
        clear_refresh_cookie(c);
    }
    co_return json::nothing();
}

task<json::nothing> handle_revoke_others(users_service& service, call& c, json::nothing) {
    co_await service.revoke_others(c.who);
    co_return json::nothing();
}

task<user> handle_me(users_service& service, call& c, json::nothing) {
    return service.get(c.who, c.who.user);
}

task<user> handle_update_me(users_service& service, call& c, update_me_input in) {
    if (in.nickname.present && !in.nickname.value) {
        throw invalid_field("/nickname", "1 to 64 characters, one to see among them, no control characters");
    }
    profile_change change;
    change.nickname = std::move(in.nickname.value);
    if (in.bio.present) {
        change.bio = std::move(in.bio.value).value_or(std::string());
    }
    co_return co_await service.update_me(c.who, std::move(change));
}

task<json::nothing> handle_change_password(users_service& service, call& c, change_password_input in) {
    password_change change;
    change.old = std::move(in.old);
    change.fresh = std::move(in.new_);
    change.from = origin_of(c);
    co_await service.change_password(c.who, std::move(change));
    co_return json::nothing();
}

task<user> handle_get(users_service& service, call& c, user_input in) {
    return service.get(c.who, in.user);
}

task<user_page> handle_search(users_service& service, call& c, search_input in) {
    const std::size_t size = page_size(in.limit, page_max);
    search_place after = after_place(in.after);
    std::vector<store::found_user> found =
        co_await service.search(c.who, std::move(in.q), std::move(after), size + 1);
    user_page out;
    if (cut(found, size)) {
        const std::string place = std::to_string(found.back().place) + found.back().username_key;
        out.next = base64url(as_bytes(place));
    }
    for (store::found_user& one : found) {
        out.items.push_back(std::move(one.who));
    }
    co_return out;
}

task<invite> handle_create_invite(users_service& service, call& c, create_invite_input in) {
    return service.create_invite(c.who, in.uses.value_or(1), in.expires_at);
}

task<invite_page> handle_invites(users_service& service, call& c, page_input in) {
    const std::size_t size = page_size(in.limit, page_max);
    invite_page out;
    out.items = co_await service.invites(c.who, after_id<invite_id>(in.after), size + 1);
    if (cut(out.items, size)) {
        out.next = to_string(out.items.back().id);
    }
    co_return out;
}

task<json::nothing> handle_revoke_invite(users_service& service, call& c, invite_input in) {
    co_await service.revoke_invite(c.who, in.invite);
    co_return json::nothing();
}

// ---- the table ----

class door_maker {
public:
    door_maker(gateway::registry& table, users_service& service) : table_(table), service_(&service) {}

    template <class In, class Out>
    void add(const gateway::operation_spec& spec, task<Out> (*handler)(users_service&, call&, In)) {
        table_.add<In, Out>(spec, [service = service_, handler](call& c, In in) {
            return handler(*service, c, std::move(in));
        });
    }

private:
    gateway::registry& table_;
    users_service* service_;
};

gateway::operation_spec spec(std::string_view name, http_method method, std::string_view path,
                             gateway::limit_class class_of, std::string_view summary) {
    gateway::operation_spec made;
    made.name = name;
    made.method = method;
    made.path = path;
    made.limit = class_of;
    made.summary = summary;
    return made;
}

/// Over HTTP alone, for they may set a cookie; anyone may call them.
gateway::operation_spec public_spec(std::string_view name, http_method method, std::string_view path,
                                    gateway::limit_class class_of, std::string_view summary, int status) {
    gateway::operation_spec made = spec(name, method, path, class_of, summary);
    made.access = gateway::access::everyone;
    made.doors = gateway::doors::http;
    made.status = status;
    return made;
}

void add_public_doors(door_maker& doors) {
    gateway::operation_spec info =
        public_spec("server.info", http_method::get, "/server", limit::open, "What this server is", 200);
    info.doors = gateway::doors::both;
    doors.add(info, handle_server_info);
    doors.add(public_spec("setup.complete", http_method::post, "/setup", limit::sign_in,
                          "Make the owner's account with the set-up token", 201),
              handle_setup);
    doors.add(public_spec("account.register", http_method::post, "/accounts", limit::registration,
                          "Make an account", 201),
              handle_register);
    doors.add(public_spec("session.create", http_method::post, "/sessions", limit::sign_in,
                          "Sign in by password", 201),
              handle_sign_in);
    gateway::operation_spec refresh = public_spec("session.refresh", http_method::post, "/sessions/refresh",
                                                  limit::refresh, "Get a new access token", 200);
    refresh.cookie = true;
    doors.add(refresh, handle_refresh);
}

void add_session_doors(door_maker& doors) {
    doors.add(
        spec("session.list", http_method::get, "/sessions", limit::read, "One's own sessions, newest first"),
        handle_sessions);
    doors.add(spec("session.revoke", http_method::del, "/sessions/{id}", limit::write,
                   "End one of one's own sessions; the own one is signing out"),
              handle_revoke);
    doors.add(spec("session.revoke_others", http_method::del, "/sessions", limit::write,
                   "End all of one's own sessions but this one"),
              handle_revoke_others);
}

void add_user_doors(door_maker& doors) {
    doors.add(spec("user.me", http_method::get, "/users/me", limit::read, "Oneself"), handle_me);
    doors.add(
        spec("user.update_me", http_method::patch, "/users/me", limit::write, "Change one's own profile"),
        handle_update_me);
    doors.add(spec("user.change_password", http_method::put, "/users/me/password", limit::sign_in,
                   "Change one's own password; ends all other sessions"),
              handle_change_password);
    doors.add(spec("user.get", http_method::get, "/users/{user}", limit::read, "A person"), handle_get);
    doors.add(spec("user.search", http_method::get, "/users", limit::search,
                   "People whose username or nickname holds the text, beginnings first"),
              handle_search);
}

void add_invite_doors(door_maker& doors) {
    gateway::operation_spec create = spec("invite.create", http_method::post, "/invites", limit::write,
                                          "Make an invite; once and without end by default");
    create.status = 201;
    doors.add(create, handle_create_invite);
    doors.add(spec("invite.list", http_method::get, "/invites", limit::read,
                   "One's own invites, or all for administrators, newest first"),
              handle_invites);
    doors.add(spec("invite.revoke", http_method::del, "/invites/{invite}", limit::write,
                   "Make an invite stop working"),
              handle_revoke_invite);
}

std::optional<user> load_user(snapshot& s, user_id, const journal::note_row& note) {
    return find_user(s, user_id(note.thing));
}

std::optional<user> load_me(snapshot& s, user_id viewer, const journal::note_row& note) {
    std::optional<user> me = load_user(s, viewer, note);
    if (me) {
        me->presence = presence_state::online;  // who resumes is here
    }
    return me;
}

std::optional<session_revoked> load_revoked(snapshot&, user_id, const journal::note_row& note) {
    return session_revoked(session_id(note.thing));
}

std::vector<gateway::effect> effects_of_revoked(const session_revoked& ended,
                                                const std::vector<journal::topic>& to) {
    gateway::effect effect;
    effect.what = gateway::effect::kind::end_session;
    effect.user = to.empty() ? user_id() : user_id(to.front().id());
    effect.session = ended.session;
    return std::vector<gateway::effect>(1, effect);
}

void add_events(gateway::registry& table, const presence& people) {
    // Who hears of a card may see the presence too.
    const auto with_presence = [&people](user& who) { people.fill(who); };
    table.add_event<user>("user.updated", "user", load_me, nullptr, with_presence);
    table.add_event<user>("card.updated", "card", load_user, nullptr, with_presence);
    table.add_event<session_revoked>("session.revoked", "session", load_revoked, effects_of_revoked);
    table.add_ephemeral<presence_change>("presence");
}

void follow_oneself(snapshot&, user_id user, std::vector<journal::subscription>& followed) {
    followed.emplace_back(journal::topic::of_user(user), 0);
}

user gather_me(snapshot& s, const gateway::principal& who) {
    std::optional<user> me = find_user(s, who.user);
    if (!me) {
        throw error(error_code::unauthenticated, "The account is gone.");
    }
    return *std::move(me);
}

}  // namespace

void register_doors(gateway::registry& table, users_service& service) {
    door_maker doors(table, service);
    add_public_doors(doors);
    add_session_doors(doors);
    add_user_doors(doors);
    add_invite_doors(doors);
    add_events(table, service.people());
    table.add_follow_source(follow_oneself);
    table.set_session_check(check_session);
    table.add_sync_section<user>("me", gather_me, [&service](user& me) { service.people().fill(me); });
}

std::string presence_text(const presence_change& change) {
    return json::text(change);
}

}  // namespace kith::users
