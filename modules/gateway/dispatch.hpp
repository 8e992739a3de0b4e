// Runs operations for both doors: who may call, how often, and what an exception becomes.
#pragma once

#include "token_bucket.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/error.hpp>
#include <kith/gateway/registry.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <vector>

namespace kith {
class logger;
class metrics;
}  // namespace kith

namespace kith::gateway {

/// What a door tells its client when a request failed.
struct failure {
    error_code code = error_code::internal;
    std::string detail;
    std::vector<error_detail> pointers;
    std::chrono::milliseconds retry_after{0};
};

/// Turns whatever was thrown into a failure. A surprise is logged with the request id and becomes `internal`.
[[nodiscard]] failure to_failure(const std::exception_ptr& thrown, logger& log, const std::string& request_id,
                                 std::string_view operation);

/// The HTTP status of a code.
[[nodiscard]] int http_status(error_code code) noexcept;
/// `application/problem+json` (RFC 9457).
[[nodiscard]] std::string problem_text(const failure& what, const std::string& request_id);
/// The `error` member of a socket's answer.
[[nodiscard]] std::string error_text(const failure& what);

class dispatcher {
public:
    dispatcher(const clock_source& clock, logger& log, metrics& metric, double limits_scale);

    /// Checks access and rate limits, decodes and runs. The order is that of protocol.md: authentication, shape of the
    /// input, then what the service checks. Throws kith::error; what else escapes is the door's to turn by to_failure().
    /// All but the running happens in this call; `op` and `c` must outlive the task, `input` need not.
    [[nodiscard]] task<std::string> run(const operation& op, call& c, const json::view& input);
    /// Takes one token of `which` for `who` (a user or an address); throws `too_many_requests` with the wait.
    void take(const limit_class& which, const std::string& who);
    /// Forgets full buckets; to be called now and then.
    void sweep();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace kith::gateway
