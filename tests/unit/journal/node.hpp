// A process of several on one database: its own connections, reactor and number.
#pragma once

#include "run.hpp"
#include "unlocked_writer.hpp"

#include <kith/core/clock.hpp>
#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/journal_tx.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <utility>

namespace kith::testing {

class node {
public:
    node(db::options at, std::uint8_t number, numbering how)
        : node(std::move(at), number, make_writer(how)) {}
    node(db::options at, std::uint8_t number, std::unique_ptr<journal::writer> how) : notes(std::move(how)) {
        if (at.server) {
            at.server->node = number;
        }
        store = db::open(at, db::deps(io.get_executor(), clock, *log, *numbers, notes.get()));
    }
    ~node() {
        store->stop_blocking();
        io.restart();
        io.poll();
    }
    node(const node&) = delete;
    node& operator=(const node&) = delete;

    /// Runs the reactor until `work` is done; throws what it threw.
    void run(task<void> work) { run_to_end(io, std::move(work)); }

    boost::asio::io_context io{1};
    system_clock_source clock;
    std::unique_ptr<logger> log = make_null_logger();
    std::unique_ptr<metrics> numbers = make_metrics();
    std::unique_ptr<journal::writer> notes;
    std::unique_ptr<database> store;
};

}  // namespace kith::testing
