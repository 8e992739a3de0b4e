// The door of the command line into a running server: a UNIX socket that only the user who runs it can open.
#pragma once

#include <memory>

namespace kith {

class house;

/// Listens at choose_admin_place() with mode 0600. One JSON request a line, answered by one line
/// (admin_commands.hpp). Each session is a task of the house. Destroyed on the reactor, before the house stops: the
/// socket goes, and sessions end; a command under way still runs to its end.
class admin_socket {
public:
    /// Throws `internal` when the socket cannot be made.
    explicit admin_socket(house& of);
    ~admin_socket();
    admin_socket(const admin_socket&) = delete;
    admin_socket& operator=(const admin_socket&) = delete;

private:
    class door;
    std::shared_ptr<door> door_;
};

}  // namespace kith
