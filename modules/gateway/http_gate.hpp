// The strict gate of the HTTP door: which request heads are taken at all. Pure functions of bytes and of a
// parsed head.
#pragma once

#include "http_message.hpp"
#include "site_names.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kith::gateway {

/// Why a request is not taken; the connection closes after the answer, for what follows can't be trusted to
/// be a request.
struct refusal {
    refusal() = default;
    refusal(int status_given, std::string detail_given)
        : status(status_given), detail(std::move(detail_given)) {}
    int status = 400;
    std::string detail;
};

/// Looks for the end of a head in the bytes as they come, and refuses at once what a lenient parser would
/// mend: bare line feeds, folded lines, control characters, TLS sent to the wrong port, and too many bytes.
class head_scanner {
public:
    enum class state { incomplete, complete, refused };

    explicit head_scanner(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// `bytes` is all that came so far; it only grows from call to call.
    [[nodiscard]] state scan(std::string_view bytes);
    /// Bytes of the whole head with its empty line; after complete.
    [[nodiscard]] std::size_t size() const noexcept { return at_; }
    [[nodiscard]] const refusal& why() const noexcept { return why_; }

private:
    [[nodiscard]] state refuse(int status, std::string detail);
    [[nodiscard]] std::optional<state> step(std::string_view bytes);

    std::size_t bytes_max_;
    std::size_t at_ = 0;
    bool line_is_empty_ = true;  ///< nothing since the last line end
    bool first_line_ = true;
    refusal why_;
};

struct gate_rules {
    gate_rules(std::size_t fields, std::size_t bytes, const site_names& allowed)
        : header_fields(fields), body_bytes(bytes), names(allowed) {}
    std::size_t header_fields;
    std::size_t body_bytes;
    const site_names& names;
};

/// What is wrong with a parsed head; nullopt: it may pass. The status is 400, 413, 415, 417, 421, 431 or 501.
[[nodiscard]] std::optional<refusal> check_head(const http_head& head, const gate_rules& rules);

/// Whether a body follows the head.
[[nodiscard]] bool has_body(const http_head& head);

}  // namespace kith::gateway
