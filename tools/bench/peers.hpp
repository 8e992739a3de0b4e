// The peers: servers from Debian that the same load is put on, each with its protocol and the way into its groups.
#pragma once

#include "arena.hpp"
#include "process.hpp"
#include "world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kith::bench {

// A blocking exchange with a server before its socket joins the load. What others get meanwhile is read by `meanwhile`:
// a server may not be left with thousands of full sockets.
class greeting {
public:
    greeting(const unique_fd& socket, std::function<void()> meanwhile)
        : socket_(socket), meanwhile_(std::move(meanwhile)) {}

    void say(std::string_view bytes) { send_all(socket_.get(), bytes); }
    // Reads until one of the texts has come, and gives all that was read. Throws after 20 s.
    std::string wait_for(const std::vector<std::string>& texts);
    // Answers each PING line of IRC while waiting.
    void answer_pings() { answers_pings_ = true; }

private:
    void pong(std::string& seen);

    const unique_fd& socket_;
    std::function<void()> meanwhile_;
    bool answers_pings_ = false;
};

enum class part { member, sender };  // sender: of those whose members cannot send

// A place in a group of a peer.
struct peer_seat {
    std::string group;
    std::size_t number = 0;  // among all of the server
    bool is_first = false;  // makes the group
    part as = part::member;
};

struct peer_kind {
    std::string name;  // as in tools/bench/peers
    bool stores = false;  // keeps each message on disk before or while it delivers it
    bool senders_apart = false;  // a member gets nothing of its own, or may not send
    std::string remark;  // what it does, for the notes
    std::unique_ptr<dialect> (*make_dialect)(const std::string& group, std::size_t text_bytes) = nullptr;
    void (*greet)(greeting& with, const peer_seat& seat) = nullptr;
};

const std::vector<peer_kind>& peer_kinds();
// Throws naming the known ones.
const peer_kind& find_peer(const std::string& name);

// A running peer on a port of its own, with a folder of its own that is new at each start.
class peer_process {
public:
    peer_process(const scratch_folder& folder, const peer_kind& kind);
    peer_process(const peer_process&) = delete;
    peer_process& operator=(const peer_process&) = delete;
    ~peer_process();

    pid_t pid() const { return process_->pid(); }
    std::uint16_t port() const { return port_; }

private:
    std::string folder_;
    std::unique_ptr<child_process> process_;
    std::uint16_t port_ = 0;
};

// How many groups a peer has, how many are in each, and how long what they say is.
struct peer_group_plan {
    std::size_t groups = 1;
    std::size_t members = 0;  // of each
    std::size_t senders = 0;  // more than the members, where those cannot send
    std::size_t text_bytes = 0;
};

// Adds the peer's groups to the load. `meanwhile` is called again and again: it may take a minute.
void add_peer_groups(arena& load, const peer_process& server, const peer_kind& kind,
                     const peer_group_plan& plan, const std::function<void()>& meanwhile);

}  // namespace kith::bench
