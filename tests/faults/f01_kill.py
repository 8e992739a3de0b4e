#!/usr/bin/python3
"""F1: kill -9 under load, 20 rounds at random moments, while some clients hang up without hearing an answer; nothing acked
is lost, doubled or out of order, and in groups whose members come and go each sees what was said while they were there."""
import os
import random

import fault
from fault import kith

ROUNDS = int(os.environ.get("KITH_ROUNDS", "20"))


def body(seed):
    rng = random.Random(seed ^ 1)
    with kith.Server() as server, fault.oracle_run(server, seed, clients=20, http_clients=2, groups=3, hang_ups=0.01) as run:
        run.start()
        for _ in range(ROUNDS):
            run.wait_acked(50)
            run.for_seconds(rng.uniform(0.2, 2.0))
            server.kill()
            server.start()
        run.wait_acked(50)
        fault.all_rules(run)
        stopped = server.stop()
        fault.expect(stopped == 0, f"SIGTERM ended with {stopped}")
        return f"{ROUNDS} kills, {run.acked()} acked"


if __name__ == "__main__":
    fault.main("F1 kill -9", body, 300)
