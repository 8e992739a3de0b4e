// Gives positions to changes inside each batch of writes, and hands the committed batch to the hub.
#include <kith/core/error.hpp>
#include <kith/journal.hpp>

namespace kith::journal {

namespace {

/// The greatest integer that JavaScript keeps exactly: positions are JSON numbers.
constexpr std::int64_t pos_max = (std::int64_t{1} << 53) - 1;

class batch_writer final : public writer {
public:
    void set_tail(tail& hub) override { tail_ = &hub; }

    std::int64_t append(transaction& t, change what) override {
        KITH_ASSERT(!what.topics.empty() && what.topics.size() <= topics_max);
        const std::int64_t pos = ++head_;
        KITH_ASSERT(pos <= pos_max);
        for (const topic where : what.topics) {
            t.insert_together(
                "INSERT INTO journal_notes (pos, topic, change_name, thing, seq) VALUES (?, ?, ?, ?, ?)", pos,
                where.packed(), what.name, what.thing, what.seq);
        }
        published made;
        made.pos = pos;
        made.change = what.name;
        made.thing = what.thing;
        made.seq = what.seq;
        made.topics = std::move(what.topics);
        made.content = std::move(what.content);
        made.type = what.type;
        changes_.push_back(std::move(made));
        return pos;
    }

    void begin_batch(transaction& t) override {
        changes_.clear();
        // Locked first of all, so that the batches of several nodes run one after another: whoever reads position n + 1 can
        // read n as well.
        head_ = t.lock_integer("SELECT pos FROM journal_head WHERE id = 1").value();
        first_ = head_ + 1;
    }
    void begin_job() override { job_head_ = head_; }
    void undo_job() override {
        head_ = job_head_;
        changes_.erase(changes_.begin() + (head_ + 1 - first_), changes_.end());
    }
    void end_batch(transaction& t) override {
        if (!changes_.empty()) {
            t.execute("UPDATE journal_head SET pos = ? WHERE id = 1", head_);
        }
    }
    std::function<void()> committed() override {
        if (changes_.empty() || tail_ == nullptr) {
            return nullptr;
        }
        auto done = std::make_shared<batch>();
        done->first = first_;
        done->last = head_;
        done->changes = std::move(changes_);
        changes_.clear();
        return [tail = tail_, done] { tail->committed(std::move(*done)); };
    }
    void abandoned() override { changes_.clear(); }

private:
    tail* tail_ = nullptr;
    std::int64_t first_ = 0;
    std::int64_t head_ = 0;
    std::int64_t job_head_ = 0;
    std::vector<published> changes_;
};

}  // namespace

std::unique_ptr<writer> make_writer() {
    return std::make_unique<batch_writer>();
}

}  // namespace kith::journal
