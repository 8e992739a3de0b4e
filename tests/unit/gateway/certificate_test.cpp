// Which files are taken as a certificate with its key, what is said of others, and when a new pair is read.
#include "certificate.hpp"
#include "pem_pair.hpp"

#include <kith/core/error.hpp>
#include <kith/gateway/tls.hpp>

#include <catch2/catch.hpp>

using namespace kith;
using namespace kith::gateway;
using Catch::Matchers::Contains;

namespace {

std::string refusal_of(std::string_view chain, std::string_view key) {
    try {
        (void)certificate(chain, key, config::tls_section{"cert.pem", "key.pem"});
    } catch (const error& failed) {
        CHECK(failed.code() == error_code::invalid);
        return failed.what();
    }
    return "taken";
}

/// Two looks after a change: the first sees that the files have changed, the second that they stay.
pair_look look_twice(const config::tls_section& paths, const pair_known& known) {
    const pair_look first = look_blocking(paths, known, false);
    CHECK(first.settling);
    CHECK_FALSE(first.fresh);
    CHECK(first.refused.empty());
    return look_blocking(paths, first.known, false);
}

pair_known known_of(const config::tls_section& paths) {
    return pair_known{stamp_of_blocking(paths), stamp_of_blocking(paths)};
}

}  // namespace

TEST_CASE("a pair is taken, and what is none is named") {
    const pem_pair::texts pair = pem_pair::make();
    const pem_pair::texts other = pem_pair::make();
    CHECK(refusal_of(pair.certificate, pair.key) == "taken");
    CHECK(refusal_of(pair.certificate + other.certificate, pair.key) == "taken");
    CHECK(refusal_of("some words\n" + pair.certificate + "more words", pair.key) == "taken");
    CHECK(refusal_of(other.certificate + pair.certificate, pair.key)
          == "tls.key: key.pem is not the key of the certificate in cert.pem");
    CHECK_THAT(refusal_of("", pair.key), Contains("tls.certificate: cert.pem holds no certificate in PEM"));
    CHECK_THAT(refusal_of(pair.key, pair.certificate), Contains("are the two files swapped?"));
    CHECK_THAT(refusal_of(pair.certificate, ""), Contains("tls.key: key.pem holds no private key in PEM"));
    CHECK_THAT(refusal_of(pair.certificate, pem_pair::make(86400, "pass").key), Contains("a passphrase"));
    const std::string half = pair.certificate.substr(0, pair.certificate.size() / 2);
    CHECK_THAT(refusal_of(half, pair.key), Contains("tls.certificate: cert.pem"));
    CHECK_THAT(refusal_of(pair.certificate + half, pair.key), Contains("that can't be read"));
}

TEST_CASE("a certificate that is over warns") {
    const auto now = timestamp(
        std::chrono::duration_cast<timestamp::duration>(std::chrono::system_clock::now().time_since_epoch()));
    const config::tls_section paths{"cert.pem", "key.pem"};
    const pem_pair::texts over = pem_pair::make(-10);
    CHECK_THAT(certificate(over.certificate, over.key, paths).warning(now), Contains("has expired at"));
    const pem_pair::texts good = pem_pair::make();
    const certificate made(good.certificate, good.key, paths);
    CHECK(made.warning(now).empty());
    CHECK(made.fingerprint().size() == 64);
    CHECK_THAT(made.warning(now - std::chrono::hours(48)), Contains("is not valid before"));
    CHECK_THAT(made.warning(now + std::chrono::hours(48)), Contains("has expired at"));
}

TEST_CASE("files that can't be read are named") {
    const pem_pair::folder here;
    config settings;
    settings.tls = here.paths;
    CHECK_THAT(check_tls_blocking(settings, timestamp()).error, Contains("cert.pem can't be opened"));
    here.put(pem_pair::make(-10));
    const auto now = timestamp(
        std::chrono::duration_cast<timestamp::duration>(std::chrono::system_clock::now().time_since_epoch()));
    CHECK(check_tls_blocking(settings, now).error.empty());
    CHECK_THAT(check_tls_blocking(settings, now).warning, Contains("expired"));
    settings.tls.key = here.paths.key.parent_path();
    CHECK_THAT(check_tls_blocking(settings, now).error, Contains("tls.key: "));
    settings.tls = config::tls_section();
    CHECK(check_tls_blocking(settings, now).error.empty());
}

TEST_CASE("a key that every user of the machine may touch warns") {
    const pem_pair::folder here;
    here.put(pem_pair::make());
    config settings;
    settings.tls = here.paths;
    const auto now = timestamp(
        std::chrono::duration_cast<timestamp::duration>(std::chrono::system_clock::now().time_since_epoch()));
    using std::filesystem::perms;
    const auto said = [&](perms others) {
        const perms owner_and_group = perms::owner_read | perms::owner_write | perms::group_read;
        std::filesystem::permissions(here.paths.key, owner_and_group | others);
        return check_tls_blocking(settings, now).warning;
    };
    CHECK(said(perms::none).empty());
    CHECK_THAT(said(perms::others_read), Contains("tls.key: ") && Contains("key.pem is open to every user"));
    CHECK_THAT(said(perms::others_write), Contains("is open to every user"));
}

TEST_CASE("a new pair is read once it stays as it is") {
    const pem_pair::folder here;
    here.put(pem_pair::make());
    const pair_known known = known_of(here.paths);
    const pair_look same = look_blocking(here.paths, known, false);
    CHECK_FALSE(same.settling);
    CHECK_FALSE(same.fresh);

    here.put(pem_pair::make());
    const pair_look changed = look_twice(here.paths, known);
    CHECK_FALSE(changed.settling);
    CHECK(changed.fresh);
    const pair_look after = look_blocking(here.paths, changed.known, false);
    CHECK_FALSE(after.fresh);
}

TEST_CASE("a pair that goes on changing is waited for") {
    const pem_pair::folder here;
    here.put(pem_pair::make());
    pair_known known = known_of(here.paths);
    for (int times = 0; times < 3; ++times) {
        here.put(pem_pair::make());
        const pair_look found = look_blocking(here.paths, known, false);
        CHECK(found.settling);
        CHECK_FALSE(found.fresh);
        known = found.known;
    }
    CHECK(look_blocking(here.paths, known, false).fresh);
}

TEST_CASE("a bad pair is told of once, and the next good one is taken") {
    const pem_pair::folder here;
    here.put(pem_pair::make());
    const pem_pair::texts following = pem_pair::make();
    const pair_known known = known_of(here.paths);
    here.put(here.paths.certificate, following.certificate);
    const pair_look half = look_twice(here.paths, known);
    CHECK_FALSE(half.fresh);
    CHECK_THAT(half.refused, Contains("is not the key of the certificate"));
    const pair_look again = look_blocking(here.paths, half.known, false);
    CHECK(again.refused.empty());
    CHECK_THAT(look_blocking(here.paths, again.known, true).refused, Contains("is not the key"));

    here.put(here.paths.key, following.key);
    CHECK(look_twice(here.paths, again.known).fresh);
}

TEST_CASE("who asks gets the files read at once") {
    const pem_pair::folder here;
    here.put(pem_pair::make());
    const pair_known known = known_of(here.paths);
    CHECK(look_blocking(here.paths, known, true).fresh);
    here.put(pem_pair::make());
    CHECK(look_blocking(here.paths, known, true).fresh);
    std::filesystem::remove(here.paths.key);
    CHECK_THAT(look_blocking(here.paths, known, true).refused, Contains("tls.key: "));
}
