// What the command line asks of a house, running or built for one command: a name and JSON arguments, a JSON answer.
#pragma once

#include <kith/core/task.hpp>

#include <cstddef>
#include <string>

namespace kith {

class house;

/// Largest request, as one line.
inline constexpr std::size_t admin_request_bytes_max = 64U << 10U;

/// Answers `{"command":name,"arguments":{…}}` with `{"result":{…}}` or `{"error":{"code","detail","errors":[…]}}`, each
/// without a line end. Throws nothing. Commands are in the table of admin_commands.cpp.
task<std::string> answer_admin_request(house& in, std::string request);

}  // namespace kith
