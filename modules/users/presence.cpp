// Who is here: grace, gathering, first states, and what is written down.
#include "presence.hpp"

#include <kith/core/error.hpp>

#include <algorithm>

namespace kith::users {

void presence_board::load(const last_seen_list& known) {
    for (const auto& [user, when] : known) {
        last_seen_.insert_or_assign(user, when);
    }
}

presence_change presence_board::state_of(user_id user) const {
    presence_change now;
    now.user = user;
    if (here_.contains(user)) {
        now.presence = presence_state::online;
        return now;
    }
    const auto seen = last_seen_.find(user);
    if (seen != last_seen_.end()) {
        now.last_seen = seen->second;
    }
    return now;
}

void presence_board::fill(user& who) const {
    const presence_change now = state_of(who.id);
    who.presence = now.presence;
    who.last_seen = now.last_seen;
}

void presence_board::user_connected(user_id user) {
    const auto [entry, fresh] = here_.try_emplace(user);
    entry->second.connected = true;
    if (fresh) {
        changed_.insert(user);
    }
}

void presence_board::user_disconnected(user_id user) {
    const auto entry = here_.find(user);
    if (entry == here_.end()) {
        return;
    }
    entry->second.connected = false;
    entry->second.left = clock_.steady_now();
    last_seen_.insert_or_assign(user, clock_.now());
    unwritten_.insert(user);
    write_due(false);
}

void presence_board::caught_up(gateway::connection_id socket, user_id user,
                               const std::vector<journal::topic>& followed) {
    std::vector<user_id> watched;
    for (const journal::topic where : followed) {
        if (where.kind() == journal::topic_kind::card && where.id() != user.value()) {
            watched.emplace_back(where.id());
        }
    }
    if (!send_first_states(socket, watched)) {
        first_states_.insert_or_assign(socket, std::move(watched));
    }
}

bool presence_board::send_first_states(gateway::connection_id socket, std::vector<user_id>& waiting) {
    const std::size_t count = std::min(waiting.size(), first_states_each);
    for (std::size_t i = 0; i < count; ++i) {
        hub_->send_ephemeral(socket, "presence", text_(state_of(waiting.back())));
        waiting.pop_back();
    }
    return waiting.empty();
}

void presence_board::tick() {
    const steady_time now = clock_.steady_now();
    for (auto entry = here_.begin(); entry != here_.end();) {
        if (!entry->second.connected && now - entry->second.left >= grace) {
            changed_.insert(entry->first);
            entry = here_.erase(entry);
        } else {
            ++entry;
        }
    }
    if (hub_ != nullptr) {
        for (const user_id user : std::exchange(changed_, {})) {
            hub_->send_ephemeral(journal::topic::of_card(user), "presence", text_(state_of(user)));
        }
    }
    // A socket that is gone hears nothing; its list is short and runs out.
    for (auto entry = first_states_.begin(); entry != first_states_.end();) {
        entry =
            send_first_states(entry->first, entry->second) ? first_states_.erase(entry) : std::next(entry);
    }
    std::erase_if(written_, [now](const auto& entry) { return now - entry.second >= write_interval; });
    write_due(false);
}

void presence_board::flush() {
    for (const auto& [user, here] : here_) {
        if (here.connected) {
            last_seen_.insert_or_assign(user, clock_.now());
            unwritten_.insert(user);
        }
    }
    write_due(true);
}

void presence_board::write_again(const last_seen_list& failed) {
    for (const auto& [user, when] : failed) {
        unwritten_.insert(user);
    }
}

void presence_board::write_due(bool all) {
    last_seen_list due;
    for (auto entry = unwritten_.begin(); entry != unwritten_.end();) {
        if (!all && written_.contains(*entry)) {
            ++entry;
            continue;
        }
        due.emplace_back(*entry, last_seen_.at(*entry));
        written_.insert_or_assign(*entry, clock_.steady_now());
        entry = unwritten_.erase(entry);
    }
    if (!due.empty()) {
        write_(std::move(due));
    }
}

}  // namespace kith::users
