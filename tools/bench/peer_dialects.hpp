// The protocols of the peers, as far as the load speaks them: one class each, no sockets in them. Each text of a
// message is its mark and words, in every protocol the same. `group` names the channel, topic, subject or room.
#pragma once

#include "dialect.hpp"

#include <string>
#include <string_view>

namespace kith::bench {

inline constexpr std::string_view xmpp_domain = "localhost";
inline constexpr std::string_view xmpp_rooms = "rooms.localhost";

// RESP 2 of redis: PUBLISH, answered by a number; a subscriber gets an array of three.
class resp_dialect final : public dialect {
public:
    resp_dialect(std::string group, std::size_t text_bytes)
        : group_(std::move(group)), text_(make_text(text_bytes)) {}
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    std::size_t cut(std::string_view bytes, listener& to) override;

private:
    std::string group_;
    std::string text_;
};

// MQTT 3.1.1, quality of service 0: nothing is acknowledged.
class mqtt_dialect final : public dialect {
public:
    mqtt_dialect(std::string group, std::size_t text_bytes)
        : group_(std::move(group)), text_(make_text(text_bytes)) {}
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    std::size_t cut(std::string_view bytes, listener& to) override;
    bool answers() const override { return false; }

    static std::string packet(char type_and_flags, std::string_view body);
    static std::string field(std::string_view text);  // two bytes of length, then the text

private:
    std::string group_;
    std::string text_;
};

// The text protocol of NATS.
class nats_dialect final : public dialect {
public:
    nats_dialect(std::string group, std::size_t text_bytes)
        : group_(std::move(group)), text_(make_text(text_bytes)) {}
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    std::size_t cut(std::string_view bytes, listener& to) override;
    bool answers() const override { return false; }

private:
    std::string group_;
    std::string text_;
};

// IRC (RFC 2812): lines. A server does not echo what a member says, so members and senders are apart.
class irc_dialect final : public dialect {
public:
    irc_dialect(const std::string& group, std::size_t text_bytes);
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    std::size_t cut(std::string_view bytes, listener& to) override;
    bool answers() const override { return false; }

private:
    std::string words_before_;  // PRIVMSG #group :
    std::string text_;
};

// XMPP: group chat in a room (XEP-0045). Finds message stanzas by their tags; the load's own text needs no escaping.
class xmpp_dialect final : public dialect {
public:
    xmpp_dialect(std::string group, std::size_t text_bytes)
        : group_(std::move(group)), text_(make_text(text_bytes)) {}
    void append_request(std::string& out, std::uint64_t id, const message_mark& mark) override;
    std::size_t cut(std::string_view bytes, listener& to) override;
    bool answers() const override { return false; }

private:
    std::string group_;
    std::string text_;
};

}  // namespace kith::bench
