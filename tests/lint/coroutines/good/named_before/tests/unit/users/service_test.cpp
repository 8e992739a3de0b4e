// A test waits for the coroutine, so a capture by reference lives long enough
TEST_CASE("x") {
    run([&]() -> task<void> { CHECK(co_await service.get(id) == 1); });
}
