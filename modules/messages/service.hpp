// The rules of `messages` behind its doors: one class, its parts split by purpose over several files.
#pragma once

#include "rules.hpp"
#include "wire.hpp"

#include <kith/core/task.hpp>
#include <kith/gateway.hpp>
#include <kith/messages.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kith {
class transaction;
}

namespace kith::messages {

/// A message on its way in.
struct outgoing {
    outgoing() = default;
    conversation_id conversation;
    std::string client_id;
    message_kind kind = message_kind::text;
    body content;
};

/// Which part of a conversation: at most one of before, after, around; none means the newest.
struct history_place {
    history_place() = default;
    conversation_id conversation;
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::optional<std::int64_t> around;
    std::int64_t limit = page_default;
};

struct history_page {
    history_page() = default;
    std::vector<message> items;  ///< ascending
    std::optional<std::int64_t> next;  ///< the seq to go on with in the direction asked for
};

struct conversation_list {
    conversation_list() = default;
    std::vector<conversation> items;  ///< newest first
    std::optional<std::int64_t> next;  ///< the last_pos to go on with
};

/// What has no value stays as it is.
struct settings_change {
    settings_change() = default;
    conversation_id conversation;
    bool sets_muted_until = false;
    std::optional<timestamp> muted_until;
    std::optional<bool> pinned;
    std::optional<notify_level> notify;
    std::optional<std::string> draft;
    std::optional<bool> hidden;
};

enum class mark_kind : std::uint8_t { read, delivered };

struct marked {
    marked() = default;
    std::int64_t seq = 0;  ///< where the mark stands now
    std::int64_t unread = 0;
};

/// Notes the conversation as its viewer sees it, for their own devices. Of a job.
void note_conversation(journal::writer& notes, transaction& t, std::string_view name,
                       const conversation& seen);
/// Alike for what is not there and for what is not the caller's to know.
[[nodiscard]] error no_such_conversation();

class messages_service final : public service {
public:
    explicit messages_service(const deps& needs) : needs_(needs) {}

    void set_hub(gateway::hub& people) override { hub_ = &people; }
    [[nodiscard]] const deps& needs() const noexcept { return needs_; }

    // conversations.cpp. All throw `not_found` for a conversation that the caller is no member of.
    /// Throws `not_found` for an unknown person, `invalid` for oneself.
    task<conversation> open_direct(gateway::principal who, user_id peer);
    task<conversation> get(gateway::principal who, conversation_id conversation);
    /// Conversations with last_pos below `before_pos`, newest first.
    task<conversation_list> list(gateway::principal who, std::int64_t before_pos, std::int64_t limit);
    task<conversation> change_settings(gateway::principal who, settings_change change);
    /// Sets the peers' presence as the viewer may know it. On the reactor.
    void fill_presence(conversation& seen) const;

    // sending.cpp
    /// Throws `conflict` when the client_id was used with another content.
    task<sent> send(gateway::principal who, outgoing input);
    /// Throws `forbidden` for a message of another person, and when the time for it is over.
    task<message> recall(gateway::principal who, conversation_id conversation, std::int64_t seq);
    task<history_page> history(gateway::principal who, history_place at);

    // marks.cpp
    task<marked> set_mark(gateway::principal who, conversation_id conversation, std::int64_t seq,
                          mark_kind kind);
    /// Told to the others who are live; never stored.
    void set_typing(const gateway::principal& who, conversation_id conversation, typing_state state) const;

private:
    deps needs_;
    gateway::hub* hub_ = nullptr;
};

}  // namespace kith::messages
