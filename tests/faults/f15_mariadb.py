#!/usr/bin/python3
"""F15: MariaDB killed, frozen and away under load, by the oracle: nothing answered is lost, doubled or out of order, in direct
conversations and in groups; while it is away writes are refused and /readyz says so; Kith goes on without a restart of its own."""
import os
import random

import fault
from fault import kith

import mariadb

ROUNDS = int(os.environ.get("KITH_ROUNDS", "5"))
AWAY_SECONDS = 4             # longer than a write waits for the server
FREEZE_SECONDS = (3, 12)     # shorter than a commit may take, and longer


def entries(run, kind):
    return [entry for client in run.clients for entry in list(client.log.entries) if entry["kind"] == kind]


def wait_ready(server, wanted):
    kith.wait_until(lambda: fault.ready(server) == wanted, 30, f"/readyz is {wanted}")


def kill(base, server, run):
    base.kill()
    wait_ready(server, 503)
    run.for_seconds(AWAY_SECONDS)
    base.start()
    wait_ready(server, 200)


def freeze(base, server, run, seconds):
    base.freeze()
    run.for_seconds(seconds)
    base.thaw()
    wait_ready(server, 200)


def body(seed):
    why = mariadb.missing()
    fault.expect(not why, why)
    rng = random.Random(seed ^ 15)
    with mariadb.Server() as base, kith.Server(settings=[f"database.url={base.make_database()}"]) as server, \
            fault.oracle_run(server, seed, clients=12, http_clients=2, groups=2) as run:
        run.start()
        for _ in range(ROUNDS):
            run.wait_acked(50)
            run.for_seconds(rng.uniform(0.1, 1.0))
            kill(base, server, run)
        for seconds in FREEZE_SECONDS:
            run.wait_acked(50, 60)
            freeze(base, server, run, seconds)
        run.wait_acked(50, 60)
        fault.all_rules(run)
        refused = entries(run, "rejected")
        fault.expect(refused, "nothing was refused while the database was away")
        unknown = [entry for entry in entries(run, "unknown") if entry["why"] == "outcome_unknown"]
        stopped = server.stop()
        fault.expect(stopped == 0, f"SIGTERM ended with {stopped}")
        return (f"{ROUNDS} kills, {len(FREEZE_SECONDS)} freezes, {run.acked()} acked, {len(refused)} refused, "
                f"{len(unknown)} of unknown outcome")


if __name__ == "__main__":
    fault.main("F15 MariaDB away", body, 300)
