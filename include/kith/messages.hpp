// The face of `messages`: conversations, their members and messages, marks, settings of one's own.
#pragma once

#include <kith/core/clock.hpp>
#include <kith/core/id.hpp>
#include <kith/users.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kith {

class database;
class id_source;
struct config;
namespace gateway {
class hub;
class registry;
}  // namespace gateway
namespace journal {
class writer;
}

namespace messages {

using conversation_id = id<struct conversation_tag>;

/// Numbers of these enums are stored: new ones are added at the end.
enum class conversation_kind : std::uint8_t { direct, group };
enum class message_kind : std::uint8_t { text };
/// What a member may do: the lower the number, the more; lists of members begin with the lowest.
enum class member_role : std::uint8_t { owner = 0, member = 2 };
/// What a person wants to be notified of.
enum class notify_level : std::uint8_t { all, mentions, none };

/// What a message of kind text says: 1 to 8,000 code points.
struct body {
    body() = default;
    explicit body(std::string words) : text(std::move(words)) {}
    std::string text;
    friend bool operator==(const body&, const body&) = default;
};

/// Has no fields yet.
struct reaction {};

/// One message, the same for everyone who may see it.
struct message {
    message() = default;
    conversation_id conversation;
    std::int64_t seq = 0;  ///< counts from 1 without gaps in its conversation
    std::int64_t pos = 0;  ///< of its message.created in the journal
    std::string client_id;  ///< as the sender named it: a UUID in small letters
    user_id sender;
    message_kind kind = message_kind::text;
    std::optional<messages::body> body;  ///< none when recalled
    std::optional<std::int64_t> reply_to;
    std::vector<user_id> mentions;
    std::vector<reaction> reactions;
    std::optional<timestamp> edited_at;
    std::optional<timestamp> recalled_at;
    std::optional<user_id> recalled_by;
    std::optional<timestamp> expires_at;
    timestamp sent_at;
};

/// How one member has set a conversation for themselves.
struct settings {
    settings() = default;
    std::optional<timestamp> muted_until;
    bool pinned = false;
    notify_level notify = notify_level::all;
    std::string draft;  ///< what was written and not sent; empty: none
    bool hidden = false;  ///< out of the list until the next message
    friend bool operator==(const settings&, const settings&) = default;
};

/// The group that a conversation belongs to, and what the viewer is in it.
struct group_place {
    group_place() = default;
    group_place(conversation_id of, member_role as) : id(of), role(as) {}
    conversation_id id;  ///< that of the conversation
    member_role role = member_role::member;
};

/// One of the members of a group.
struct member {
    member() = default;
    users::user user;  ///< without presence; only the id is set when that account is closed
    member_role role = member_role::member;
    timestamp joined_at;

    std::int64_t first_seq = 1;  ///< not on the wire here: nothing below it is for this member
    std::int64_t joined_pos = 0;  ///< not on the wire: their place in lists among those of their role
};

/// A conversation as one member sees it.
struct conversation {
    conversation() = default;
    conversation_id id;
    conversation_kind kind = conversation_kind::direct;
    std::string title;  ///< of a direct conversation the peer's nickname, of a group its name
    std::optional<std::string> avatar;
    std::optional<users::user>
        peer;  ///< the other member of a direct one; only the id is set when that account is closed
    std::optional<group_place> group;
    std::int64_t first_seq = 1;  ///< nothing below it is for this viewer
    std::int64_t last_seq = 0;
    std::optional<message> last_message;
    std::int64_t read_seq = 0;
    std::int64_t delivered_seq = 0;
    std::optional<std::int64_t> peer_read_seq;  ///< of a direct one
    std::optional<std::int64_t> peer_delivered_seq;
    std::int64_t unread = 0;  ///< messages of others above read_seq, recalled ones too
    std::int64_t mentions_unread = 0;
    messages::settings settings;

    user_id viewer;  ///< not on the wire: who sees it so
    std::int64_t last_pos = 0;  ///< not on the wire: its place in lists, newest first
};

/// What the composition root asks of `messages`; everything else comes through its operations.
class service {
public:
    virtual ~service() = default;
    /// The gateway's hub, once it is built and before the doors open: typing goes through it.
    virtual void set_hub(gateway::hub& people) = 0;
};

/// What `messages` needs. All must outlive the service.
struct deps {
    database& store;
    journal::writer& journal;
    gateway::registry&
        table;  ///< create() registers operations, events, what is followed and the section `conversations`
    const users::presence& people;
    id_source& ids;
    const config& settings;
};

/// The service must live as long as the table.
[[nodiscard]] std::unique_ptr<service> create(const deps& needs);

}  // namespace messages
}  // namespace kith
