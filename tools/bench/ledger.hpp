// Which messages of its group a socket has got: each sender's must come exactly once and in the order sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::bench {

// Each sender of a group numbers its messages 0, 1, 2, …. Messages of several senders may come in any mixture, those of
// one sender only in their order: so the next number is known, and any other is a fault.
class delivery_ledger {
public:
    enum class verdict {
        next,
        behind,  // this one was there already, or was overtaken: doubled or out of order
        ahead  // an earlier one has not come: lost or out of order
    };

    verdict mark(std::size_t sender, std::uint64_t number) {
        if (sender >= next_.size()) next_.resize(sender + 1);
        if (number != next_[sender]) return number < next_[sender] ? verdict::behind : verdict::ahead;
        ++next_[sender];
        return verdict::next;
    }

    // The same where a delivery tells its number only modulo `modulus`: that a number is not the next is seen, not
    // which one it is. A loss of just so many in a row is seen in the count alone.
    verdict mark_modulo(std::size_t sender, std::uint64_t rest, std::uint64_t modulus) {
        if (sender >= next_.size()) next_.resize(sender + 1);
        if (rest != next_[sender] % modulus) return verdict::ahead;
        ++next_[sender];
        return verdict::next;
    }

    // So many messages of this sender have come, and no other is missing before them.
    std::uint64_t complete(std::size_t sender) const { return sender < next_.size() ? next_[sender] : 0; }

private:
    std::vector<std::uint64_t> next_;  // by sender
};

// The numbers that the server itself gave: each socket of a group must see them all, in order, from the same one on.
class sequence_ledger {
public:
    // `first` is what the group's first delivery ever had. Gives whether this seq is the one to come.
    bool mark(std::uint64_t seq, std::uint64_t first) {
        if (next_ == 0) next_ = first;
        if (seq != next_) return false;
        ++next_;
        return true;
    }
    std::uint64_t expected() const { return next_; }

private:
    std::uint64_t next_ = 0;
};

}  // namespace kith::bench
