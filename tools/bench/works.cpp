// The works that the bench knows.
#include "works.hpp"

#include "benches.hpp"

namespace kith::bench {

// A work has a file of its own, bench_<name>.cpp, a declaration in benches.hpp and a row here.
const std::vector<work>& all_works() {
    static const std::vector<work> works{
        {"start", true, bench_start, "from exec to the first good answer, and the memory then"},
        {"http", true, bench_http, "requests on connections that stay"},
        {"fanout", true, bench_fanout, "what a delivery costs the server"},
        {"send", true, bench_send, "durable messages: how many, and how soon they are answered"},
        {"database", true, bench_database,
         "the same on a MariaDB of its own, beside SQLite and MariaDB alone", check_database},
        {"storm", true, bench_storm, "all sockets resume at once while messages flow"},
        {"signin", true, bench_signin, "many sign-ins at once while messages flow"},
        {"history", false, bench_history, "pages of stored messages; needs --data"},
        {"search", false, bench_search, "words among stored messages; needs --data"},
        {"idle", true, bench_idle, "what 10,000 sockets cost while nothing happens"},
    };
    return works;
}

}  // namespace kith::bench
