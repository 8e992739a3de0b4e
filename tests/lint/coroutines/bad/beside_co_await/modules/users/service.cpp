// Every form here crashed with g++ 12.2 under ASan, or is next of kin
task<void> one() {
    co_await f([p] { return 1; });
    co_await f([=] { return 1; });
    co_await f([p = std::move(p), &q](int x) mutable -> int { return x; });
    co_await f([*this] { return 1; });
    co_await f(aggregate{1, 2});
    co_await f({1, 2});
    co_await f(1, {});
    co_await aggregate{}.member();
    aggregate a{co_await g(), 1};
    v.push_back(aggregate{co_await g()});
    co_return aggregate{co_await g(), 1};
    auto [ec, n] = co_await read(s);
    auto& [b, c] = co_await g();
    if (auto x = co_await f({1}); x > 0) {
        for (auto y : co_await f(std::vector<int>{1, 2})) use(y);
    }
    asio::co_spawn(co_await asio::this_coro::executor, [x] { return 1; }, token);
    switch (x) {
        case 1:
            co_await f({2});
            break;
    }
    while (!co_await f(
               [x] { return x; })) {
    }
    auto long_one = co_await store.write(
        first, second,
        row{.id = 1});
}
auto inside = [] { run([]() -> task<void> { co_await f({1}); }); };
struct holder : base {
    holder() : base(1), a_{1} { start(); }
    auto go() noexcept -> task<int> { co_return co_await f(point{1}); }
    int a_;
};
