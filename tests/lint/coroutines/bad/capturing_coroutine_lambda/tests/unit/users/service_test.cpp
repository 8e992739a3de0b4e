// In tests a capture by value is wrong too
TEST_CASE("x") {
    run([p]() -> task<void> { co_await p.go(); });
}
