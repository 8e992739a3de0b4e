#!/usr/bin/python3
"""F4: an fsync fails under load, or what goes to the disk before it: nothing that failed is acked, waiting sockets close unanswered, HTTP gets
503 outcome_unknown, /readyz says 503, writing stays off until a restart, and then all rules hold."""
import itertools
import os
import random
import time

import fault
from fault import kith

# In turn: the batch whose sync fails must be one whose sends HTTP waits for, and one whose sends sockets wait for. Where it is
# the sync of a checkpoint that fails, nobody waits: then there are more rounds.
LOADS = [{"clients": 0, "http_clients": 14}, {"clients": 14, "marks": False}, {"clients": 8, "http_clients": 6}]
SWEEP = [int(n) for n in os.environ.get("KITH_SWEEP", "1 2 7 40 150").split()]
ROUNDS_MAX = 3 * len(SWEEP)


def fresh_acks(run):
    """Acks of what was stored by just that request: (client, client_id, when it was asked)."""
    for client in run.clients:
        asked = {}
        for entry in list(client.log.entries):
            if entry["kind"] == "invoke":
                asked[entry["client_id"]] = entry["t"]
            elif entry["kind"] == "ack" and not entry["duplicate"]:
                yield client.name, entry["client_id"], asked[entry["client_id"]]


def after_the_failure(server, run, shim, mode):
    """The server in its stopped state: not ready, no ack any more, reading still there."""
    shim.wait_fired()
    kith.wait_until(lambda: fault.ready(server) == 503, 10, f"/readyz is 503 after a failed fsync ({mode})")
    stopped = time.monotonic()
    person, conversation = run.clients[0].person, run.clients[0].conversations[0]
    for _ in range(10):
        answer = person.http.clone().post(f"/conversations/{conversation}/messages", kith.text_message("no"),
                                          check=False)
        fault.expect(answer.status == 503, f"a send after the failed fsync: {answer.status} {answer.code}")
    fault.expect(person.http.clone().get(f"/conversations/{conversation}/messages").status == 200,
                 "history does not answer after the failed fsync")
    run.for_seconds(1)
    late = [name for name, client_id, t in fresh_acks(run) if t > stopped]
    fault.expect(not late, f"{len(late)} sends made after the failed fsync were acked: {late[:5]}")
    fault.expect(fault.ready(server) == 503, "/readyz went back to 200 without a restart")


def one(seed, count, mode, load):
    """One failure at the count-th sync; gives how the sends under way ended."""
    with fault.SyncShim() as shim, kith.Server(env=shim.env) as server, \
            fault.oracle_run(server, seed ^ count, rate=200, **load) as run:
        run.start()
        run.wait_acked(100)
        armed = time.monotonic()
        shim.arm(count, mode)
        after_the_failure(server, run, shim, mode)
        killed = time.monotonic()
        server.kill()
        shim.disarm()
        server.start()
        run.wait_acked(50)
        fault.all_rules(run)
        fault.expect(fault.ready(server) == 200, "/readyz is not 200 after the restart")
        codes = {code for client in run.clients if hasattr(client, "answers")
                 for t, status, code in client.answers if t >= armed and status == 503}
        cut = sum(1 for client in run.clients for entry in client.log.entries
                  if entry["kind"] == "unknown" and entry["why"] == "disconnect"
                  and armed <= entry["t"] < killed)
        server.stop()
        fault.database_is_whole(server.data)
        return codes, cut


def body(seed):
    rng = random.Random(seed ^ 4)
    codes, cut = set(), 0
    rounds = zip(itertools.cycle(SWEEP), itertools.cycle(LOADS))
    for number, (count, load) in enumerate(itertools.islice(rounds, ROUNDS_MAX)):
        if number >= len(SWEEP) and "outcome_unknown" in codes and cut > 0:
            break
        mode = rng.choice(["once", "always"])
        print(f"the sync number {count} fails, {mode}", flush=True)
        seen, closed = one(seed, count, mode, load)
        codes |= seen
        cut += closed
    print("a piece of a checkpoint fails, which the sync behind it would not tell", flush=True)
    one(seed, 1, "piece", LOADS[-1])
    codes = {str(code) for code in codes}
    fault.expect("outcome_unknown" in codes, f"HTTP never got outcome_unknown, only {sorted(codes)}")
    fault.expect(cut > 0, "no waiting socket was closed unanswered")
    return f"syncs {SWEEP}: HTTP 503 as {sorted(codes)}, {cut} sends left unanswered, none acked falsely"


if __name__ == "__main__":
    fault.main("F4 failing fsync", body, 240)
