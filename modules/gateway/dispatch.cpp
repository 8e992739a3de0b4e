// Running operations: access, rate limits, decoding, and then the handler.
#include "dispatch.hpp"

#include "client_address.hpp"

#include <kith/core/metrics.hpp>

#include <map>

namespace kith::gateway {
namespace {

role lowest_role(access needed) noexcept {
    switch (needed) {
    case access::moderator: return role::moderator;
    case access::admin: return role::admin;
    case access::everyone:
    case access::user: break;
    }
    return role::user;
}

error too_many(std::chrono::milliseconds wait) {
    error made(error_code::too_many_requests, "too many requests of this kind; wait a little");
    return made.retry_after(wait);
}

}  // namespace

class dispatcher::impl {
public:
    impl(const clock_source& clock, metrics& metric, double scale)
        : clock_(clock), metric_(metric), buckets_(scale) {}

    template <class Who>
    void take(const limit_class& which, const Who& who) {
        const bucket_answer answer =
            buckets_.take(which.name, who, bucket_rate{which.per_second, which.burst}, clock_.steady_now());
        if (answer) {
            return;
        }
        limited(which.name).add();
        throw too_many(answer.wait);
    }
    /// A signed-in caller pays by person, so that many behind one address do not share a bucket.
    void take(const limit_class& which, const call& c, access needed) {
        if (needed == access::everyone) {
            take(which, limit_key(c.address));
        } else {
            take(which, static_cast<std::uint64_t>(c.who.user.value()));
        }
    }
    void sweep() { buckets_.sweep(clock_.steady_now()); }

private:
    counter& limited(std::string_view name) {
        const auto found = limited_.find(name);
        if (found != limited_.end()) {
            return *found->second;
        }
        const metric_labels labels{{"limit", std::string(name)}};
        counter& made =
            metric_.make_counter("kith_rate_limited_total", "Requests refused by a rate limit", labels);
        limited_.emplace(std::string(name), &made);
        return made;
    }

    const clock_source& clock_;
    metrics& metric_;
    token_buckets buckets_;
    std::map<std::string, counter*, std::less<>> limited_;
};

dispatcher::dispatcher(const clock_source& clock, logger&, metrics& metric, double limits_scale)
    : impl_(std::make_shared<impl>(clock, metric, limits_scale)) {}

task<std::string> dispatcher::run(const operation& op, call& c, const json::view& input) {
    const operation_spec& spec = op.spec;
    if (spec.access != access::everyone && !c.who.user) {
        throw error(error_code::unauthenticated, "sign in first");
    }
    impl_->take(spec.limit, c, spec.access);
    // Decodes at once and runs when awaited: a wrong input is told before what the caller may not do.
    task<std::string> work = op.run(c, input);
    if (spec.access != access::everyone && c.who.role < lowest_role(spec.access)) {
        throw error(error_code::forbidden, "this takes another role");
    }
    return work;
}

void dispatcher::take(const limit_class& which, const std::string& who) {
    impl_->take(which, who);
}

void dispatcher::sweep() {
    impl_->sweep();
}

}  // namespace kith::gateway
