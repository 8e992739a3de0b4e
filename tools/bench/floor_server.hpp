// The floor: the least that a server can do for the same work, a bare epoll loop and send().
#pragma once

#include <cstdint>
#include <string>

namespace kith::bench {

enum class floor_mode {
    send,  // each event is written to each socket at once
    join,  // what one turn of the loop has gathered for a socket goes out in one write
};

struct floor_options {
    floor_mode mode = floor_mode::join;
    std::uint16_t port = 0;  // 0: any
    // Where set, what a turn gathers is written here and fdatasync()ed before any answer or delivery.
    std::string store_path;
};

// Serves until SIGTERM. Prints "Floor is at http://127.0.0.1:PORT".
// GET /floor?group=N with an upgrade makes the socket a member of group N. Every text frame from a member is an event
// already made: it goes out unchanged to all members of the group, the sender too, and the sender gets an answer.
// Any other GET is answered with a ready 200.
int serve_floor(const floor_options& options);

}  // namespace kith::bench
