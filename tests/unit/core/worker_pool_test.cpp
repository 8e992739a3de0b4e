// The pool of threads: results and failures return, a full one refuses, and a background one gives way.
#include <kith/core/error.hpp>
#include <kith/core/thread.hpp>
#include <kith/core/worker_pool.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace kith {

namespace {

int niceness() {
    return getpriority(PRIO_PROCESS, 0);  // of the calling thread
}

std::string thread_name() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
}

/// What `work` gives on a thread of `pool`.
template <class Work>
auto on_pool(boost::asio::io_context& reactor, worker_pool& pool, Work work) {
    auto result = boost::asio::co_spawn(reactor, pool.run_blocking(std::move(work)), boost::asio::use_future);
    reactor.restart();
    reactor.run();
    return result.get();
}

}  // namespace

TEST_CASE("The threads of a background pool give way, those of any other do not") {
    boost::asio::io_context reactor;
    const int here = niceness();
    const auto normal = make_worker_pool(reactor.get_executor(), "normal", 1, 4);
    const auto background =
        make_worker_pool(reactor.get_executor(), "background", 1, 4, pool_priority::background);
    CHECK(on_pool(reactor, *normal, niceness) == here);
    CHECK(on_pool(reactor, *background, niceness) == std::min(here + background_nice, 19));
    CHECK(niceness() == here);
}

TEST_CASE("A thread bears its name, as far as the kernel keeps it") {
    boost::asio::io_context reactor;
    const auto pool = make_worker_pool(reactor.get_executor(), "a-name-longer-than-that", 1, 4);
    CHECK(on_pool(reactor, *pool, thread_name) == "a-name-longer-t");
}

TEST_CASE("Giving way needs no privileges and stops at the kernel's bound") {
    std::array<bool, 3> agreed{};
    int last = 0;
    std::thread([&] {
        for (bool& one : agreed) {
            one = run_in_background();
        }
        last = niceness();
    }).join();
    CHECK(std::ranges::all_of(agreed, [](bool one) { return one; }));
    CHECK(last == 19);
}

TEST_CASE("A pool returns results and what was thrown") {
    boost::asio::io_context reactor;
    const auto pool = make_worker_pool(reactor.get_executor(), "pool", 2, 4, pool_priority::background);
    CHECK(on_pool(reactor, *pool, [] { return std::string("done"); }) == "done");
    CHECK_THROWS_AS(on_pool(reactor, *pool, []() -> int { throw std::runtime_error("no"); }),
                    std::runtime_error);
}

TEST_CASE("A pool whose queue is full refuses at once") {
    boost::asio::io_context reactor;
    std::promise<void> begun;
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    const auto pool = make_worker_pool(reactor.get_executor(), "pool", 1, 1);
    auto wait = [&begun, opened] {
        begun.set_value();
        opened.wait();
        return 1;
    };
    auto quick = [] { return 2; };
    auto runs = boost::asio::co_spawn(reactor, pool->run_blocking(wait), boost::asio::use_future);
    reactor.poll();
    begun.get_future().wait();
    auto waits = boost::asio::co_spawn(reactor, pool->run_blocking(quick), boost::asio::use_future);
    auto refused = boost::asio::co_spawn(reactor, pool->run_blocking(quick), boost::asio::use_future);
    reactor.poll();
    REQUIRE(refused.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    CHECK_THROWS_AS(refused.get(), error);
    gate.set_value();
    reactor.run();
    CHECK(runs.get() == 1);
    CHECK(waits.get() == 2);
}

}  // namespace kith
