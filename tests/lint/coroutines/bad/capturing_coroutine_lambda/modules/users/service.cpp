// A coroutine outlives the closure that it reads its captures from
void start() {
    app.spawn("a", [self]() -> task<void> { co_await self->run(); }());
    app.spawn("b", [&]() -> task<void> { co_await run(); }());
    auto f = [this]() -> task<int> {
        if (done_) {
            co_return 1;
        }
    };
    auto options = settings{.work = [x]() -> task<int> { co_return x; }};
}
