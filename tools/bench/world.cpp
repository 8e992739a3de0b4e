// The servers under test.
#include "world.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "handshake.hpp"
#include "http_client.hpp"
#include "seeded_folder.hpp"

#include <nlohmann/json.hpp>

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <thread>

namespace kith::bench {

namespace {

using nlohmann::json;

// The server hashes passwords on two threads; two more requests keep them from waiting.
constexpr std::size_t register_threads = 4;
// One invite is asked for so many accounts at most.
constexpr std::size_t invite_uses_max = 100;
// group.create and group.invite take so many at once.
constexpr std::size_t group_users_a_call = 200;
constexpr std::int64_t token_left_min_ns = 300 * ns_per_s;

std::string random_hex(std::size_t bytes) {
    if (sodium_init() < 0) throw bench_error("libsodium does not start");
    std::vector<unsigned char> raw(bytes);
    randombytes_buf(raw.data(), raw.size());
    std::string text(bytes * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), raw.data(), raw.size());
    text.pop_back();
    return text;
}

json bench_device() {
    return {{"kind", "cli"}, {"name", "bench"}};
}

std::string username_of(std::size_t index) {
    return "bench_" + std::to_string(index);
}

account read_session(const json& session) {
    account result;
    result.id = session.at("user").at("id").get<std::string>();
    result.access_token = session.at("access_token").get<std::string>();
    result.refresh_token = session.at("refresh_token").get<std::string>();
    result.expires_ns = now_ns() + session.at("expires_in").get<std::int64_t>() * ns_per_s;
    return result;
}

// Calls `work` for each number in [from, to), on several threads with a connection each.
void for_each_on_threads(std::uint16_t port, std::size_t from, std::size_t to,
                         const std::function<void(http_client&, std::size_t)>& work) {
    std::vector<std::thread> threads;
    std::array<std::exception_ptr, register_threads> failures;
    for (std::size_t t = 0; t < register_threads; ++t) {
        threads.emplace_back([&, t] {
            try {
                http_client client(port);
                for (std::size_t i = from + t; i < to; i += register_threads) work(client, i);
            } catch (...) {
                failures[t] = std::current_exception();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
}

}  // namespace

scratch_folder::scratch_folder(const std::string& parent) {
    std::string pattern = parent + "/kith-bench-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw_errno("make a folder in " + parent);
    path_ = pattern;
}

scratch_folder::~scratch_folder() {
    std::error_code ignored;  // what cannot be removed stays for the reader
    std::filesystem::remove_all(path_, ignored);
}

floor_process::floor_process(const scratch_folder& folder, const std::string& mode, bool durable) {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    const std::string base = folder.path() + "/floor-" + random_hex(4);
    std::vector<std::string> command{self, "floor", mode};
    if (durable) command.insert(command.end(), {"--store", base + ".store"});
    process_ = std::make_unique<child_process>(command, base + ".log");
    port_ = port_of_url(process_->wait_for_line("Floor is at "));
}

kith_world::kith_world(const scratch_folder& folder, std::string binary, const std::string& name,
                       std::vector<std::string> settings)
    : binary_(std::move(binary)),
      data_path_(folder.path() + "/" + name),
      output_path_(data_path_ + ".log"),
      tls_files_(folder.path() + "/" + name),
      password_(random_hex(12)),
      settings_(std::move(settings)) {
    std::filesystem::create_directory(data_path_);
}

kith_world::kith_world(const scratch_folder& folder, std::string binary, const seeded_people& people)
    : binary_(std::move(binary)),
      data_path_(people.data_path),
      output_path_(folder.path() + "/seeded.log"),
      tls_files_(folder.path() + "/seeded"),
      password_(seeded_password),
      seeded_people_(people.count) {}

void kith_world::start() {
    start_with({});
}

void kith_world::start_with(const std::vector<std::string>& settings) {
    std::vector<std::string> command{binary_, "serve", "--data", data_path_, "--listen", "127.0.0.1:0"};
    // Everyone comes from a few loopback addresses here, so what is bounded by address is let go.
    std::vector<std::string> all{"limits.scale=100000", "limits.unauthenticated_sockets_per_address=1000000"};
    all.insert(all.end(), settings_.begin(), settings_.end());
    all.insert(all.end(), settings.begin(), settings.end());
    for (const std::string& setting : all) command.insert(command.end(), {"--set", setting});
    process_ = std::make_unique<child_process>(command, output_path_);
    port_ = port_of_url(process_->wait_for_line("Kith is at "));
}

void kith_world::start_with_tls() {
    const std::string certificate = tls_files_ + "-cert.pem";
    const std::string key = tls_files_ + "-key.pem";
    if (!std::filesystem::exists(certificate)) write_self_signed(certificate, key);
    start_with({"tls.certificate=" + certificate, "tls.key=" + key});
    tls_ = std::make_unique<tls_clients>();
}

void kith_world::stop() {
    process_->stop();
    process_.reset();
    tls_.reset();
}

void kith_world::set_up_owner() {
    const std::string line = process_->wait_for_line("Set up: ");
    const std::size_t mark = line.find("token=");
    if (mark == std::string::npos) throw bench_error("no token in the set-up line: " + line);
    http_client client(port_);
    const json body{{"setup_token", line.substr(mark + 6)},
                    {"username", "bench_owner"},
                    {"password", password_},
                    {"nickname", "Bench owner"},
                    {"device", bench_device()}};
    owner_ = read_session(client.request("POST", "/api/v1/setup", body, ""));
}

void kith_world::register_accounts(std::size_t from, std::size_t to, const std::string& invite) {
    for_each_on_threads(port_, from, to, [&](http_client& client, std::size_t i) {
        const std::string number = std::to_string(i);
        const json body{{"username", username_of(i)},
                        {"password", password_},
                        {"nickname", "Bench " + number},
                        {"invite", invite},
                        {"device", bench_device()}};
        accounts_[i] = read_session(client.request("POST", "/api/v1/accounts", body, ""));
    });
}

void kith_world::sign_in_people(std::size_t from, std::size_t to) {
    if (to > seeded_people_)
        throw bench_error(std::to_string(to) + " people are needed and " + data_path_ + " has "
                          + std::to_string(seeded_people_));
    for_each_on_threads(port_, from, to, [&](http_client& client, std::size_t i) {
        const json body{
            {"username", seeded_username(i)}, {"password", password_}, {"device", bench_device()}};
        accounts_[i] = read_session(client.request("POST", "/api/v1/sessions", body, ""));
    });
}

void kith_world::renew_old_tokens() {
    http_client client(port_);
    const auto renew = [&](account& who) {
        if (who.expires_ns - now_ns() > token_left_min_ns) return;
        const json body{{"refresh_token", who.refresh_token}};
        who = read_session(client.request("POST", "/api/v1/sessions/refresh", body, ""));
    };
    if (!owner_.id.empty()) renew(owner_);
    for (account& who : accounts_) renew(who);
}

void kith_world::ensure_accounts(std::size_t count) {
    if (owner_.id.empty() && seeded_people_ == 0) set_up_owner();
    renew_old_tokens();
    if (seeded_people_ > 0) {
        add_accounts(count);
        return;
    }
    add_accounts(std::min(count, dear_accounts));
    if (accounts_.size() >= count) return;
    stop();
    start_with({"users.argon2_mib=19"});
    add_accounts(count);
    stop();
    start();
}

void kith_world::add_accounts(std::size_t count) {
    if (accounts_.size() >= count) return;
    process_->set_pinned(false);
    pin_self_everywhere();
    while (accounts_.size() < count) {
        const std::size_t from = accounts_.size();
        const std::size_t to = std::min(count, from + invite_uses_max);
        accounts_.resize(to);
        if (seeded_people_ > 0) {
            sign_in_people(from, to);
            continue;
        }
        const json invite =
            http_client(port_).request("POST", "/api/v1/invites", {{"uses", to - from}}, owner_.access_token);
        register_accounts(from, to, invite.at("code").get<std::string>());
    }
    pin_self(load_core);
    process_->set_pinned(true);
}

std::string kith_world::open_conversation(const std::vector<std::size_t>& users) {
    std::string& known = conversations_[users];
    if (known.empty()) known = users.size() == 2 ? make_direct(users) : make_group(users);
    return known;
}

std::string kith_world::make_direct(const std::vector<std::size_t>& users) {
    http_client client(port_);
    const json conversation =
        client.request("PUT", "/api/v1/direct/" + user(users[1]).id, nullptr, user(users[0]).access_token);
    return conversation.at("id").get<std::string>();
}

std::string kith_world::make_group(const std::vector<std::size_t>& users) {
    http_client client(port_);
    const std::string& token = user(users.at(0)).access_token;
    const auto ids_from = [&](std::size_t from) {
        json ids = json::array();
        for (std::size_t i = from; i < std::min(users.size(), from + group_users_a_call); ++i)
            ids.push_back(user(users[i]).id);
        return ids;
    };
    std::size_t added = 1;
    const json group = client.request(
        "POST", "/api/v1/groups",
        {{"name", "Bench of " + std::to_string(users.size())}, {"members", ids_from(added)}}, token);
    const auto id = group.at("id").get<std::string>();
    for (added += group_users_a_call; added < users.size(); added += group_users_a_call)
        client.request("POST", "/api/v1/groups/" + id + "/invitations", {{"users", ids_from(added)}}, token);
    const json made = client.request("GET", "/api/v1/groups/" + id, nullptr, token);
    if (made.at("member_count").get<std::size_t>() != users.size())
        throw bench_error("a group has not the members it was given: " + made.dump());
    return id;
}

std::string kith_world::hello(std::size_t index, const std::string& epoch, std::int64_t pos) const {
    json data{{"token", user(index).access_token}, {"device", bench_device()}};
    if (!epoch.empty()) data["since"] = {{"epoch", epoch}, {"pos", pos}};
    return json{{"id", 1}, {"type", "hello"}, {"data", data}}.dump();
}

std::string kith_world::sign_in_request(std::size_t index) const {
    const json body{{"username", seeded_people_ > 0 ? seeded_username(index) : username_of(index)},
                    {"password", password_},
                    {"device", bench_device()}};
    return make_http_request(port_, "POST", "/api/v1/sessions", body.dump(), "");
}

connection kith_world::open_socket(std::size_t index, unsigned source) {
    connection socket = tls_ ? connection(dial(port_, source), *tls_) : connection(dial(port_, source));
    open_websocket(socket, socket_path, subprotocol);
    const json answer = json::parse(exchange_text(socket, hello(index, "", 0)));
    if (!answer.value("ok", false)) throw bench_error("hello was refused: " + answer.dump());
    return socket;
}

connection open_floor_socket(std::uint16_t port, std::size_t group, unsigned source) {
    connection socket = dial(port, source);
    open_websocket(socket, "/floor?group=" + std::to_string(group), "");
    return socket;
}

}  // namespace kith::bench
