// Looking at the files now and then, off the reactor, and what comes of it.
#include "certificate_keeper.hpp"

#include <kith/core/log.hpp>
#include <kith/core/metrics.hpp>
#include <kith/core/worker_pool.hpp>

namespace kith::gateway {
namespace {

constexpr std::chrono::seconds settle{1};
const char* const reloads_name = "kith_tls_reloads_total";
const char* const reloads_help = "Changed certificates, by whether they were taken";

task<pair_look> look_off_reactor(worker_pool& pool, const config::tls_section& paths, const pair_known& known,
                                 bool asked) {
    return pool.run_blocking([paths, known, asked] { return look_blocking(paths, known, asked); });
}

}  // namespace

certificate_keeper::certificate_keeper(const keeper_deps& needs, const config::tls_section& paths)
    : needs_(needs),
      paths_(paths),
      look_at_(needs.clock.steady_now() + paths.check_seconds),
      valid_until_(needs.metric.make_gauge("kith_tls_certificate_valid_until_seconds",
                                           "When the certificate in use expires, in seconds since 1970")),
      taken_(needs.metric.make_counter(reloads_name, reloads_help, {{"result", "taken"}})),
      refused_(needs.metric.make_counter(reloads_name, reloads_help, {{"result", "refused"}})) {
    known_.tried = stamp_of_blocking(paths);
    known_.seen = known_.tried;
    use(read_pair_blocking(paths));
}

void certificate_keeper::tick() {
    const steady_time now = needs_.clock.steady_now();
    if (now >= ticket_keys_until_) {
        current_->renew_ticket_keys(needs_.random);
        ticket_keys_until_ = now + ticket_keys_live;
    }
    if ((settling_ || paths_.check_seconds.count() > 0) && now >= look_at_) {
        begin(false);
    }
}

void certificate_keeper::reload() {
    if (looking_) {
        asked_meanwhile_ = true;
        return;
    }
    begin(true);
}

void certificate_keeper::begin(bool asked) {
    if (looking_) {
        return;
    }
    looking_ = true;
    look_at_ = needs_.clock.steady_now() + paths_.check_seconds;
    needs_.tasks.spawn("tls.look", look(shared_from_this(), asked));
}

task<void> certificate_keeper::look(std::shared_ptr<certificate_keeper> self, bool asked) {
    pair_look found;
    std::string failed;
    try {
        found = co_await look_off_reactor(self->needs_.blocking, self->paths_, self->known_, asked);
        self->take(found);
    } catch (const std::exception& what) {
        // The pool is full, say: the next look comes.
        failed = what.what();
    }
    if (!failed.empty()) {
        self->needs_.log.warn("the certificate's files could not be looked at; tried again later",
                              {log_field("why", failed)});
    }
    self->looking_ = false;
    if (std::exchange(self->asked_meanwhile_, false)) {
        self->begin(true);
    }
}

void certificate_keeper::take(const pair_look& found) {
    known_ = found.known;
    settling_ = found.settling;
    if (settling_) {
        look_at_ = needs_.clock.steady_now() + settle;
    }
    if (!found.refused.empty()) {
        refused_.add();
        needs_.log.error("the new certificate is not taken, the one in use stays",
                         {log_field("why", found.refused)});
    }
    if (found.fresh) {
        taken_.add();
        use(found.fresh);
        needs_.log.info("new connections get the certificate that was read anew",
                        {log_field("sha256", current_->fingerprint()),
                         log_field("until", format_time(current_->valid_until()))});
    }
}

void certificate_keeper::use(std::shared_ptr<const certificate> fresh) {
    const timestamp now = needs_.clock.now();
    if (const std::string warning = fresh->warning(now); !warning.empty()) {
        needs_.log.warn(warning);
    }
    current_ = std::move(fresh);
    ticket_keys_until_ = needs_.clock.steady_now() + ticket_keys_live;
    valid_until_.set(static_cast<double>(to_micros(current_->valid_until())) / 1e6);
}

}  // namespace kith::gateway
