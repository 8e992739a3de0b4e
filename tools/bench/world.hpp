// The servers under test: a floor, and a Kith with its own data folder, owner and accounts.
#pragma once

#include "connection.hpp"
#include "process.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kith::bench {

// A folder that is removed in the end.
class scratch_folder {
public:
    explicit scratch_folder(const std::string& parent);
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder();

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

class floor_process {
public:
    // `mode` is "send" or "join"; with `durable` each turn of the loop ends with an fdatasync.
    floor_process(const scratch_folder& folder, const std::string& mode, bool durable);

    child_process& process() { return *process_; }
    std::uint16_t port() const { return port_; }

private:
    std::unique_ptr<child_process> process_;
    std::uint16_t port_ = 0;
};

struct account {
    std::string id;
    std::string access_token;
    std::string refresh_token;
    std::int64_t expires_ns = 0;
};

// Who signs in where the accounts are there already.
struct seeded_people {
    std::size_t count = 0;
    std::string data_path;
};

// A Kith server over one data folder. It can be stopped and started again; accounts and tokens stay.
class kith_world {
public:
    // `binary` is the kith executable. Creates the data folder, nothing else.
    // `settings` are further ones of each start, as `--set` takes them.
    kith_world(const scratch_folder& folder, std::string binary, const std::string& name,
               std::vector<std::string> settings = {});
    // Over a folder that `bench seed` filled; its people are the accounts, the owner the first. What is sent stays there.
    kith_world(const scratch_folder& folder, std::string binary, const seeded_people& people);

    void start();
    // The same with TLS: its sockets speak it then. Nothing else of this class may be asked for until it is stopped.
    void start_with_tls();
    void stop();
    bool is_running() const { return process_ != nullptr; }
    bool speaks_tls() const { return tls_ != nullptr; }
    child_process& process() { return *process_; }
    std::uint16_t port() const { return port_; }

    // Makes the owner at the first call and accounts up to `count`, on all cores: hashing a password takes tens of
    // milliseconds. All but the first 200 get a cheap hash, for which the server is started twice more: no socket may
    // be open then. Renews access tokens that would end within the next five minutes.
    void ensure_accounts(std::size_t count);
    const account& user(std::size_t index) const { return accounts_.at(index); }
    std::size_t accounts() const { return accounts_.size(); }

    // The conversation of these users, made where it is missing: for two a direct one, for more a group.
    std::string open_conversation(const std::vector<std::size_t>& users);

    // Whose passwords cost what the settings say: those who sign in.
    static constexpr std::size_t dear_accounts = 200;

    static constexpr const char* socket_path = "/api/v1/socket";
    static constexpr const char* subprotocol = "kith.v1";
    // The first frame of a socket of this user; with an epoch it asks to resume.
    std::string hello(std::size_t user, const std::string& epoch, std::int64_t pos) const;
    // The whole request that signs this user in.
    std::string sign_in_request(std::size_t user) const;
    // A socket of this user: connected, upgraded, after its hello.
    connection open_socket(std::size_t user, unsigned source);

private:
    void start_with(const std::vector<std::string>& settings);
    void set_up_owner();
    void add_accounts(std::size_t count);
    void register_accounts(std::size_t from, std::size_t to, const std::string& invite);
    void sign_in_people(std::size_t from, std::size_t to);
    void renew_old_tokens();
    std::string make_direct(const std::vector<std::size_t>& users);
    std::string make_group(const std::vector<std::size_t>& users);

    std::string binary_;
    std::string data_path_;
    std::string output_path_;
    std::string tls_files_;  // certificate and key, without the ends of their names
    std::string password_;
    std::vector<std::string> settings_;
    std::size_t seeded_people_ = 0;  // 0: accounts are made
    account owner_;
    std::vector<account> accounts_;
    std::map<std::vector<std::size_t>, std::string> conversations_;  // by users
    std::unique_ptr<child_process> process_;
    std::unique_ptr<tls_clients> tls_;  // while it speaks TLS
    std::uint16_t port_ = 0;
};

// A socket of a group of the floor.
connection open_floor_socket(std::uint16_t port, std::size_t group, unsigned source);

}  // namespace kith::bench
