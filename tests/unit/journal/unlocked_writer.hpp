// Writers of the journal that do without the lock of its head: what a test that watches the lock must see.
#pragma once

#include <kith/journal.hpp>

#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace kith::testing {

/// How a writer comes by its positions.
enum class numbering : std::uint8_t {
    locked,  ///< as the server does
    unlocked,  ///< the same statements, but the head is read without its lock
    sequence,  ///< from the sequence test_positions: no position is given twice, and none waits for the commit before it
};

inline numbering numbering_of(std::string_view name) {
    for (const auto& [known, value] : {std::pair<std::string_view, numbering>("locked", numbering::locked),
                                       {"unlocked", numbering::unlocked},
                                       {"sequence", numbering::sequence}}) {
        if (name == known) {
            return value;
        }
    }
    throw std::invalid_argument("expected locked, unlocked or sequence");
}

class unlocked_writer final : public journal::writer {
public:
    explicit unlocked_writer(bool from_sequence) : from_sequence_(from_sequence) {}

    void set_tail(journal::tail&) override {}
    std::int64_t append(transaction& t, journal::change what) override {
        head_ = from_sequence_ ? t.integer("SELECT NEXTVAL(test_positions)").value() : head_ + 1;
        for (const journal::topic where : what.topics) {
            t.execute(
                "INSERT INTO journal_notes (pos, topic, change_name, thing, seq) VALUES (?, ?, ?, ?, ?)",
                head_, where.packed(), what.name, what.thing, what.seq);
        }
        return head_;
    }
    void begin_batch(transaction& t) override {
        head_ = t.integer("SELECT pos FROM journal_head WHERE id = 1").value();
    }
    void begin_job() override {}
    void undo_job() override {}
    void end_batch(transaction& t) override {
        t.execute("UPDATE journal_head SET pos = GREATEST(pos, ?) WHERE id = 1", head_);
    }
    std::function<void()> committed() override { return nullptr; }
    void abandoned() override {}

private:
    bool from_sequence_;
    std::int64_t head_ = 0;
};

inline std::unique_ptr<journal::writer> make_writer(numbering how) {
    if (how == numbering::locked) {
        return journal::make_writer();
    }
    return std::make_unique<unlocked_writer>(how == numbering::sequence);
}

}  // namespace kith::testing
