// The safe forms of the house
task<row> store::insert(message m) {
    return db_.write([m = std::move(m)](transaction& t) { return t.run({1, 2}); });
}
task<void> one(int count, options o = {}) {
    auto job = [count](transaction& t) { return t.run(row{count}); };
    auto rows = co_await db_.write(std::move(job));
    aggregate a{1, 2};
    co_await f(std::move(a));
    co_await f([&a] { return a.x; });
    co_await f([](int x) { return x; }, 1);
    co_await f([this] { return x_; });
    auto r = co_await g();
    auto& [b, c] = r;
    rows[1] = co_await h(rows[0], array[b]);
    std::vector<int> v{1, 2};
    if (co_await ready()) {
        v = {3, 4};
    } else {
        co_return;
    }
    try {
        co_await g();
    } catch (const error& e) {
        log(e, {{"x", 1}});
    }
    while (true) {
        switch (auto n = co_await next(); n) {
            case 1: { co_await g(); break; }
            default: break;
        }
    }
    const char* text = "co_await f({1})";  // co_await f({1})
    const char quote = '{';
    const int big = 1'000'000;
    auto raw = R"x(co_await f({1}))x";
    app.spawn("b", [](std::shared_ptr<session> s) -> task<void> { co_await s->run(); }(self));
    auto helper = [p] { return s.m([p] { return 1; }); };
    co_await helper();
}
namespace kith::users {
class service final : public face {
public:
    explicit service(deps d) : deps_{std::move(d)}, limits_{1, 2} {}
    auto get(user_id id) const -> task<user> override { co_return co_await store_.get(id); }
    template <class T>
        requires std::integral<T>
    task<T> twice(T x) { co_return co_await once(x) * 2; }

private:
    std::map<int, int> kinds_{{1, 2}, {3, 4}};
    enum class state { open, closed };
};
}  // namespace kith::users
