// Frames' texts are joined by hand: the parts are JSON already, and this is the hottest text of the server.
#include "envelope.hpp"

#include "frame.hpp"

namespace kith::gateway {

namespace {

template <class... Parts>
std::string join(const Parts&... parts) {
    std::string out;
    out.reserve((std::string_view(parts).size() + ...));
    (out.append(std::string_view(parts)), ...);
    return out;
}

}  // namespace

std::string answer_text(std::int64_t id, std::string_view data) {
    return join("{\"id\":", std::to_string(id), ",\"ok\":true,\"data\":", data, "}");
}

std::string answer_frame(std::int64_t id, std::string_view data) {
    return encode_text({"{\"id\":", std::to_string(id), ",\"ok\":true,\"data\":", data, "}"});
}

std::string refusal_text(std::int64_t id, std::string_view problem) {
    return join("{\"id\":", std::to_string(id), ",\"ok\":false,\"error\":", problem, "}");
}

std::string durable_text(std::string_view type, std::int64_t pos, std::string_view data) {
    return join("{\"type\":\"", type, "\",\"pos\":", std::to_string(pos), ",\"data\":", data, "}");
}

std::string durable_frame(std::string_view type, std::int64_t pos, std::string_view data) {
    return encode_text({"{\"type\":\"", type, "\",\"pos\":", std::to_string(pos), ",\"data\":", data, "}"});
}

std::string ephemeral_text(std::string_view type, std::string_view data) {
    return join("{\"type\":\"", type, "\",\"data\":", data, "}");
}

std::string caught_up_text(std::int64_t pos) {
    return join("{\"type\":\"caught_up\",\"pos\":", std::to_string(pos), "}");
}

std::string closing_text(int code, std::int64_t retry_after_ms) {
    return ephemeral_text("server.closing", join("{\"code\":", std::to_string(code), ",\"retry_after_ms\":",
                                                 std::to_string(retry_after_ms), "}"));
}

}  // namespace kith::gateway
