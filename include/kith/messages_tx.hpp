// What others ask of `messages` inside their own job.
#pragma once

#include <kith/db.hpp>
#include <kith/messages.hpp>

#include <cstdint>

namespace kith::messages {

/// The highest id that `messages` stored, 0 for none: new ids are made above it.
[[nodiscard]] std::int64_t highest_id(snapshot& s);

}  // namespace kith::messages
