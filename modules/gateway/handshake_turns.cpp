// Keeping the addresses sorted by how many handshakes they hold.
#include "handshake_turns.hpp"

namespace kith::gateway {

handshake_turns::begun handshake_turns::begin(const std::string& address) {
    begun made;
    made.number = ++last_;
    const auto own = by_address_.try_emplace(address).first;
    if (!own->second.empty()) {
        ranks_.erase(rank_of(own->second));
    }
    own->second.insert(made.number);
    ranks_.insert(rank_of(own->second));
    of_.emplace(made.number, own);
    // The new one counts for its address but is never the oldest of the most: another is older or holds as many.
    if (of_.size() > at_once_max_) {
        made.gives_way = ~ranks_.rbegin()->second;
        end(*made.gives_way);
    }
    return made;
}

bool handshake_turns::end(std::uint64_t number) noexcept {
    const auto found = of_.find(number);
    if (found == of_.end()) {
        return false;
    }
    const auto holder = found->second;
    of_.erase(found);
    ranks_.erase(rank_of(holder->second));
    holder->second.erase(number);
    if (holder->second.empty()) {
        by_address_.erase(holder);
    } else {
        ranks_.insert(rank_of(holder->second));
    }
    return true;
}

}  // namespace kith::gateway
