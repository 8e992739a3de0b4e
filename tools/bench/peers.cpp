// The peers: how each is entered, started and stopped.
#include "peers.hpp"

#include "clock.hpp"
#include "error.hpp"
#include "peer_dialects.hpp"

#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace kith::bench {

namespace {

constexpr std::int64_t answer_timeout_ns = 20 * ns_per_s;
constexpr std::int64_t start_timeout_ns = 60 * ns_per_s;

template <class Dialect>
std::unique_ptr<dialect> make(const std::string& group, std::size_t text_bytes) {
    return std::make_unique<Dialect>(group, text_bytes);
}

void greet_redis(greeting& with, const peer_seat& seat) {
    if (seat.as == part::sender) return;
    with.say("SUBSCRIBE " + seat.group + "\r\n");
    with.wait_for({":1\r\n"});
}

void greet_mosquitto(greeting& with, const peer_seat& seat) {
    const std::string clean_session_without_keep_alive{'\x04', '\x02', '\x00', '\x00'};
    with.say(mqtt_dialect::packet('\x10', mqtt_dialect::field("MQTT") + clean_session_without_keep_alive
                                              + mqtt_dialect::field("bench" + std::to_string(seat.number))));
    with.wait_for({{'\x20', '\x02', '\x00', '\x00'}});
    const std::string packet_id{'\x00', '\x01'};
    const std::string quality_of_service(1, '\x00');
    with.say(mqtt_dialect::packet('\x82', packet_id + mqtt_dialect::field(seat.group) + quality_of_service));
    with.wait_for({{'\x90', '\x03', '\x00', '\x01', '\x00'}});
}

void greet_nats(greeting& with, const peer_seat& seat) {
    with.wait_for({"\r\n"});  // INFO
    with.say("CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB " + seat.group + " 1\r\nPING\r\n");
    with.wait_for({"PONG\r\n"});
}

void greet_ngircd(greeting& with, const peer_seat& seat) {
    const std::string name = "n" + std::to_string(seat.number);
    with.answer_pings();
    with.say("NICK " + name + "\r\nUSER " + name + " 0 * :bench\r\n");
    with.wait_for({" 376 ", " 422 "});
    if (seat.as == part::sender) return;
    with.say("JOIN #" + seat.group + "\r\n");
    with.wait_for({" 366 "});
}

void greet_xmpp(greeting& with, const peer_seat& seat) {
    const std::string room = seat.group + "@" + std::string(xmpp_rooms);
    const std::string open = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                             "xmlns:stream='http://etherx.jabber.org/streams' to='"
                             + std::string(xmpp_domain) + "' version='1.0'>";
    with.say(open);
    with.wait_for({"</stream:features>"});
    with.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>");
    with.wait_for({"<success"});
    with.say(open);
    with.wait_for({"</stream:features>"});
    with.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    with.wait_for({"</iq>"});
    with.say("<presence/><presence to='" + room + "/n" + std::to_string(seat.number)
             + "'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>");
    with.wait_for({"code='110'", "code=\"110\""});
    // A room that its first member makes may be locked until it is accepted as it is.
    if (seat.is_first) {
        with.say("<iq type='set' id='o' to='" + room
                 + "'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' "
                   "type='submit'/></query></iq>");
        with.wait_for({"id='o'", "id=\"o\""});
    }
}

}  // namespace

std::string greeting::wait_for(const std::vector<std::string>& texts) {
    std::string seen;
    std::array<char, 64 << 10> buffer{};
    const std::int64_t deadline = now_ns() + answer_timeout_ns;
    for (;;) {
        const ssize_t count = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count == 0) throw bench_error("the peer closed the connection: " + seen.substr(0, 400));
        if (count < 0) {
            if (errno != EAGAIN) throw_errno("read from the peer");
            if (now_ns() > deadline)
                throw bench_error("the peer never said " + texts.front() + " but " + seen.substr(0, 400));
            meanwhile_();
            continue;
        }
        seen.append(buffer.data(), static_cast<std::size_t>(count));
        if (answers_pings_) pong(seen);
        for (const std::string& text : texts) {
            if (seen.find(text) != std::string::npos) return seen;
        }
    }
}

void greeting::pong(std::string& seen) {
    for (std::size_t at = seen.find("PING "); at != std::string::npos; at = seen.find("PING ", at)) {
        const std::size_t end = seen.find("\r\n", at);
        if (end == std::string::npos) return;
        if (at == 0 || seen[at - 1] == '\n') say("PONG " + seen.substr(at + 5, end - at - 5) + "\r\n");
        at = end;
    }
}

const std::vector<peer_kind>& peer_kinds() {
    static const std::vector<peer_kind> kinds{
        {"redis", false, true, "redis pub/sub keeps nothing", make<resp_dialect>, greet_redis},
        {"mosquitto", false, false, "mosquitto at quality of service 0 keeps nothing", make<mqtt_dialect>,
         greet_mosquitto},
        {"nats", false, false, "nats-server without JetStream keeps nothing", make<nats_dialect>, greet_nats},
        {"ngircd", false, true, "ngircd keeps nothing", make<irc_dialect>, greet_ngircd},
        {"prosody", true, false, "prosody keeps the room in an SQLite archive, synchronous",
         make<xmpp_dialect>, greet_xmpp},
        {"ejabberd", true, false, "ejabberd keeps the room in an SQLite archive", make<xmpp_dialect>,
         greet_xmpp},
    };
    return kinds;
}

const peer_kind& find_peer(const std::string& name) {
    std::string known;
    for (const peer_kind& kind : peer_kinds()) {
        if (kind.name == name) return kind;
        known += " " + kind.name;
    }
    throw bench_error("no peer " + name + "; there are:" + known + ", all");
}

peer_process::peer_process(const scratch_folder& folder, const peer_kind& kind)
    : folder_(folder.path() + "/" + kind.name) {
    std::filesystem::create_directories(folder_);
    port_ = port_of(listen_on(0));  // free a moment ago
    const std::vector<std::string> command{KITH_BENCH_PEERS, "run", kind.name, folder_,
                                           std::to_string(port_)};
    process_ = std::make_unique<child_process>(command, folder_ + ".log");
    const std::int64_t deadline = now_ns() + start_timeout_ns;
    while (!is_listening(port_)) {
        if (!process_->is_running() || now_ns() > deadline)
            throw bench_error(kind.name + " does not listen (tools/bench/peers install " + kind.name
                              + "?): " + process_->output_tail());
    }
}

peer_process::~peer_process() {
    process_->end();
    std::error_code ignored;  // what cannot be removed goes with the whole
    std::filesystem::remove_all(folder_, ignored);
}

void add_peer_groups(arena& load, const peer_process& server, const peer_kind& kind,
                     const peer_group_plan& plan, const std::function<void()>& meanwhile) {
    std::size_t number = 0;
    const auto enter = [&](peer_seat seat) {
        meanwhile();
        seat.number = number++;
        unique_fd socket = dial(server.port());
        greeting with(socket, [&] {
            load.poll();
            meanwhile();
        });
        kind.greet(with, seat);
        return socket;
    };
    for (std::size_t g = 0; g < plan.groups; ++g) {
        const std::string name = "g" + std::to_string(g);
        const std::size_t group = load.add_group(kind.make_dialect(name, plan.text_bytes));
        for (std::size_t i = 0; i < plan.members; ++i) {
            unique_fd socket = enter({name, 0, i == 0, part::member});
            if (kind.senders_apart)
                load.add_receiver(group, std::move(socket));
            else
                load.add_socket(group, std::move(socket));
        }
        for (std::size_t i = 0; kind.senders_apart && i < plan.senders; ++i)
            load.add_sender(group, enter({name, 0, false, part::sender}));
    }
}

}  // namespace kith::bench
