// The face of `search`: finding messages by their words.
#pragma once

#include <kith/core/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kith {

class clock_source;
class database;
class logger;
class metrics;
namespace db {
struct deps;
}
namespace gateway {
class registry;
}
namespace journal {
struct batch;
}

namespace search {

/// How the index stands.
struct status {
    status() = default;
    bool rebuilding = false;
    std::int64_t indexed = 0;  ///< messages in the index
    std::int64_t behind = 0;  ///< positions of the journal that it has not seen yet
};

/// Keeps the index behind the journal. Searching itself is the operation `message.search`.
class service {
public:
    virtual ~service() = default;
    /// Follows the journal until stop(); to be spawned once, after the doors opened.
    virtual task<void> run() = 0;
    /// Hears every batch, beside the hub: one that tells of messages wakes run(). Cheap; on the reactor.
    virtual void committed(const journal::batch& changes) = 0;
    /// Ends run() soon.
    virtual void stop() = 0;

    /// Empties the index and begins to fill it anew. While run() runs it does the work, and this returns at once; else
    /// this returns when the index is whole.
    virtual task<void> rebuild() = 0;
    virtual task<search::status> read_status() = 0;
};

/// The file of the index in the folder of the data: derived from the messages, so no backup holds it.
inline constexpr std::string_view index_file = "search.db";
/// Opens it, or makes it. The owner ends it as it ends the main database.
[[nodiscard]] std::unique_ptr<database> open_index(const std::string& path, const db::deps& needs);

/// What `search` needs. All must outlive the service.
struct deps {
    database& store;
    database& index;  ///< from open_index()
    gateway::registry& table;  ///< create() registers `message.search`
    const clock_source& clock;
    logger& log;
    metrics& numbers;
};

/// The service must live as long as the table.
[[nodiscard]] std::unique_ptr<service> create(const deps& needs);

}  // namespace search
}  // namespace kith
