// Which handshake gives way when there are too many: the oldest of the address that holds the most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace kith::gateway {

/// The handshakes under way, by number. One host that opens very many pushes out its own; among addresses that hold as many,
/// a client in earnest is done within a round trip or two, so whoever waits longest is the least likely to be one.
class handshake_turns {
public:
    explicit handshake_turns(std::size_t at_once_max) : at_once_max_(at_once_max) {}

    struct begun {
        std::uint64_t number = 0;
        std::optional<std::uint64_t> gives_way;  ///< no longer under way
    };
    begun begin(const std::string& address);
    /// False when it was not under way (any more).
    bool end(std::uint64_t number) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return of_.size(); }

private:
    using numbers = std::set<std::uint64_t>;
    /// Sorts by how many, then the one with the older first comes later; its second tells that first one.
    static std::pair<std::size_t, std::uint64_t> rank_of(const numbers& held) noexcept {
        return {held.size(), ~*held.begin()};
    }

    std::size_t at_once_max_;
    std::uint64_t last_ = 0;
    std::map<std::string, numbers> by_address_;
    std::map<std::uint64_t, std::map<std::string, numbers>::iterator> of_;
    std::set<std::pair<std::size_t, std::uint64_t>> ranks_;  ///< one for each address
};

}  // namespace kith::gateway
