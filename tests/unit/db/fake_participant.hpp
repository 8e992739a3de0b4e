// A participant that gives positions like the journal does and writes down what it was asked.
#pragma once

#include <kith/db.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace kith::db_test {

/// Used on the writer thread; the test reads it after the answers of the jobs.
class fake_participant final : public db::batch_participant {
public:
    void begin_batch(transaction& t) override {
        calls.emplace_back("begin_batch");
        const bool made =
            t.integer(t.dialect() == db::dialect::mysql
                          ? "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = "
                            "DATABASE() AND table_name = 'head'"
                          : "SELECT COUNT(*) FROM sqlite_master WHERE name = 'head'")
            == 1;
        if (made) {
            pos_ = t.lock_integer("SELECT pos FROM head").value_or(0);
        }
        before_ = pos_;
        positions_.clear();
        if (fail_begin) {
            throw std::logic_error("begin_batch failed");
        }
    }
    void begin_job() override {
        calls.emplace_back("begin_job");
        job_pos_ = pos_;
        job_size_ = positions_.size();
    }
    void undo_job() override {
        calls.emplace_back("undo_job");
        pos_ = job_pos_;
        positions_.resize(job_size_);
    }
    void end_batch(transaction& t) override {
        calls.emplace_back("end_batch");
        if (pos_ != before_) {
            t.execute("UPDATE head SET pos = ?", pos_);
        }
        if (fail_end) {
            throw std::logic_error("end_batch failed");
        }
    }
    std::function<void()> committed() override {
        calls.emplace_back("committed");
        if (positions_.empty()) {
            return {};
        }
        return [this, made = positions_] {
            for (const std::int64_t one : made) {
                seen.push_back("pushed " + std::to_string(one));
            }
        };
    }
    void abandoned() override { calls.emplace_back("abandoned"); }

    /// In a job: the next position.
    std::int64_t note() {
        positions_.push_back(++pos_);
        return pos_;
    }

    std::vector<std::string> calls;  ///< writer thread
    std::vector<std::string> seen;  ///< reactor
    bool fail_begin = false;
    bool fail_end = false;

private:
    std::int64_t pos_ = 0;
    std::int64_t before_ = 0;
    std::int64_t job_pos_ = 0;
    std::size_t job_size_ = 0;
    std::vector<std::int64_t> positions_;
};

}  // namespace kith::db_test
