// A hub that remembers what it was asked to send.
#pragma once

#include <kith/gateway.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kith::users_test {

class fake_hub final : public gateway::hub {
public:
    struct sent {
        journal::topic where;
        gateway::connection_id socket;
        std::string data;
    };

    void send_ephemeral(journal::topic where, std::string_view, std::string_view data, user_id) override {
        all.push_back(sent{where, gateway::connection_id(), std::string(data)});
    }
    void send_ephemeral(gateway::connection_id socket, std::string_view, std::string_view data) override {
        all.push_back(sent{journal::topic(), socket, std::string(data)});
    }
    [[nodiscard]] bool connected(user_id) const override { return false; }
    [[nodiscard]] bool follows(user_id user, journal::topic where) const override {
        return following.contains(std::pair(user, where));
    }
    [[nodiscard]] std::size_t connection_count() const noexcept override { return 0; }
    [[nodiscard]] std::vector<gateway::connection> connections() const override { return {}; }
    void observe(gateway::connection_observer& who) override { observer = &who; }

    /// What was sent since the last call.
    std::vector<sent> take() { return std::exchange(all, {}); }

    std::vector<sent> all;
    std::set<std::pair<user_id, journal::topic>> following;
    gateway::connection_observer* observer = nullptr;
};

}  // namespace kith::users_test
