#!/usr/bin/python3
"""F6: the disk does not answer: the reactor stays quick, sends end as unknown or refused, and writing goes on when the disk
does. A server that is stopped meanwhile ends in time, whatever still hangs, and what was answered is there."""
import concurrent.futures
import time

import fault
from fault import kith


def quick_health(server):
    began = time.monotonic()
    fault.expect(server.http().get("/healthz").status == 200, "/healthz does not answer")
    took = time.monotonic() - began
    fault.expect(took < 1, f"/healthz took {took:.2f} s")


def frozen_and_back(server, run, shim):
    # With the load off the commit that hangs holds one change alone, and it is known which.
    run.load(False)
    run.wait_settled(20)
    shim.arm(1, "freeze")
    hanging = run.clients[-1].person.http.clone()
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        frozen = beside.submit(hanging.patch, "/users/me", {"bio": "written into a frozen disk"}, check=False, timeout=30)
        shim.wait_fired()
        run.load(True)
        while_frozen(server, run)
        answer = frozen.result()
    fault.expect((answer.status, answer.code) == (503, "outcome_unknown"),
                 f"the change under way: {answer.status} {answer.code}")
    shim.disarm()
    kith.wait_until(lambda: fault.ready(server) == 200, 20, "/readyz is 200 again")
    fault.expect(hanging.get("/users/me").body["bio"] == "written into a frozen disk",
                 "the commit that ended after all has left nothing")
    run.wait_acked(50)


def while_frozen(server, run):
    for _ in range(20):
        quick_health(server)
    kith.wait_until(lambda: fault.ready(server) == 503, 20, "/readyz is 503 while the disk does not answer")
    person, conversation = run.clients[0].person, run.clients[0].conversations[0]
    answer = person.http.clone().post(f"/conversations/{conversation}/messages", kith.text_message("no"), check=False)
    fault.expect((answer.status, answer.code) == (503, "overloaded"),
                 f"a send meanwhile: {answer.status} {answer.code}")
    fault.expect(person.http.clone().get("/sync").status == 200, "reading does not go on")


def stopped_while_frozen(server, shim):
    shim.arm(1, "freeze")
    shim.wait_fired()
    began = time.monotonic()
    code = server.stop(9)
    took = time.monotonic() - began
    shim.disarm()
    fault.expect(code == 1, f"a stop that could not finish ended in {code}")
    fault.expect(took < 6, f"the stop took {took:.1f} s with a drain of 2")
    server.start()


def body(seed):
    with fault.SyncShim() as shim, kith.Server(env=shim.env, settings=["server.drain=2"]) as server, \
            fault.oracle_run(server, seed, clients=6, http_clients=4, rate=100) as run:
        run.start()
        run.wait_acked(100)
        frozen_and_back(server, run, shim)
        stopped_while_frozen(server, shim)
        run.wait_acked(50)
        fault.all_rules(run)
        fault.expect(server.stop() == 0, "SIGTERM did not end in 0")
        fault.database_is_whole(server.data)
        return f"{run.acked()} acked through a frozen disk and a stop"


if __name__ == "__main__":
    fault.main("F6 frozen disk", body, 240)
