// `kith serve`: runs the server until a signal stops it.
#pragma once

namespace kith {

struct config;

/// Returns the exit code.
int serve(const config& settings);

}  // namespace kith
