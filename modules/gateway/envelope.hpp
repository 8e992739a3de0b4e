// The texts of the socket's frames: answers, durable and ephemeral events; the hottest two as whole frames.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kith::gateway {

/// `{"id":7,"ok":true,"data":…}`; `data` is JSON text.
[[nodiscard]] std::string answer_text(std::int64_t id, std::string_view data);
/// The frame of answer_text().
[[nodiscard]] std::string answer_frame(std::int64_t id, std::string_view data);
/// `{"id":7,"ok":false,"error":…}`; `problem` is JSON text.
[[nodiscard]] std::string refusal_text(std::int64_t id, std::string_view problem);
/// `{"type":…,"pos":…,"data":…}`
[[nodiscard]] std::string durable_text(std::string_view type, std::int64_t pos, std::string_view data);
/// The frame of durable_text().
[[nodiscard]] std::string durable_frame(std::string_view type, std::int64_t pos, std::string_view data);
/// `{"type":…,"data":…}`
[[nodiscard]] std::string ephemeral_text(std::string_view type, std::string_view data);
/// `{"type":"caught_up","pos":…}`
[[nodiscard]] std::string caught_up_text(std::int64_t pos);
/// `{"type":"server.closing","data":{"code":…,"retry_after_ms":…}}`
[[nodiscard]] std::string closing_text(int code, std::int64_t retry_after_ms);

}  // namespace kith::gateway
