// Thousands of sockets that come at once: connect, upgrade, say hello, and catch up on what they missed, all of them
// under way together in one thread. Counts what each is told, exactly once.
#pragma once

#include "frame.hpp"
#include "ledger.hpp"
#include "net.hpp"
#include "wire.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace kith::bench {

class crowd {
public:
    // One who comes. An empty hello: arrived with the upgrade, as at the floor.
    struct seat_plan {
        unsigned source = 0;  // the address it comes from
        std::string path;
        std::string subprotocol;
        std::string hello;  // the JSON of the first frame
        bool resumes = false;  // must be told `resumed` and then `caught_up`
        std::uint64_t missed = 0;  // so many messages of sender 0 must come, numbered from 0
    };

    crowd(std::uint16_t port, std::vector<seat_plan> plans);

    // Opens a few more, and reads what has come; never longer than a fraction of a millisecond, so that another load
    // in the same thread keeps its time.
    void step();
    bool all_arrived() const { return arrived_ == seats_.size(); }
    std::size_t arrived() const { return arrived_; }
    std::size_t seats() const { return seats_.size(); }
    // Throws unless each has got just what it missed.
    void verify() const;
    // Where the hello of this one was answered: the cursor to resume from.
    std::int64_t pos(std::size_t index) const { return seats_[index].pos; }
    const std::string& epoch() const { return epoch_; }

private:
    enum class stage { waiting, connecting, upgrading, greeting, catching_up, arrived };

    struct seat {
        std::size_t index = 0;
        seat_plan plan;
        unique_fd fd;
        stage at = stage::waiting;
        frame_parser parser;
        std::string head;  // of the answer to the upgrade
        delivery_ledger ledger;
        std::int64_t pos = 0;
    };

    void open_some();
    void watch(int action, const seat& who, std::uint32_t events) const;
    void on_writable(seat& who);
    void read_from(seat& who);
    void on_upgrade_bytes(seat& who, std::string_view bytes);
    void on_frames(seat& who, std::string_view bytes);
    void on_text(seat& who, std::string_view payload);
    void on_hello_answer(seat& who, std::string_view payload);
    void arrive(seat& who);
    [[noreturn]] void fail(const seat& who, const std::string& what) const;

    std::uint16_t port_;
    unique_fd epoll_;
    std::deque<seat> seats_;
    std::size_t opened_ = 0;
    std::size_t arrived_ = 0;
    std::string epoch_;
    frame_reader reader_;
    mark_finder caught_up_{R"("type":"caught_up")"};
    std::vector<char> buffer_ = std::vector<char>(64 << 10);
};

}  // namespace kith::bench
