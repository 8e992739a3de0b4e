#!/usr/bin/python3
"""F2: the power is cut under load: with the shipped setting nothing acked is lost; with synchronous=NORMAL,
the control, the test must see a loss, else it could not see one at all."""
import os
import random

import fault
from fault import kith

ROUNDS = int(os.environ.get("KITH_ROUNDS", "3"))
LOSSES = {"acked_exists", "acked_place", "unknown_after", "receiver_real", "receiver_order", "marks_monotone",
          "read_your_writes"}


def cut(disk, server):
    """Without power nothing runs, so the server stands still first. Were it running, ext4 could tell a sync that is under way
    while the file system is shut down that all is well, and the server would answer what no disk holds. So no cut falls into
    a sync here: each one is done or not begun."""
    server.freeze()
    disk.power_cut()
    server.kill()
    disk.power_on()
    server.start()


def shipped(seed):
    rng = random.Random(seed ^ 2)
    with fault.Disk("ext4", 256) as disk, \
            kith.Server(data=os.path.join(disk.path, "data")) as server, \
            fault.oracle_run(server, seed, clients=12) as run:
        run.start()
        for _ in range(ROUNDS):
            run.wait_acked(100)
            run.for_seconds(rng.uniform(0.2, 1.5))
            cut(disk, server)
        run.wait_acked(100)
        fault.all_rules(run)
        server.stop()
        fault.database_is_whole(server.data)
        return run.acked()


def control(seed):
    """The rule that saw the loss. The accounts are synced before the load: only messages can be lost."""
    with fault.Disk("ext4", 256) as disk, \
            kith.Server(data=os.path.join(disk.path, "data"), settings=["database.synchronous=NORMAL"],
                        env=fault.UNSAFE) as server, \
            fault.oracle_run(server, seed, clients=12) as run:
        disk.sync()
        run.start()
        run.wait_acked(300)
        cut(disk, server)
        violation = run.finish()
        fault.expect(violation is not None, "the control lost nothing: this test is blind")
        print("the control lost, as it must: " + violation.report(run.history, seed))
        fault.expect(violation.rule in LOSSES, f"the control failed by another rule: {violation.rule}")
        server.kill()
        return violation.rule


def body(seed):
    acked = shipped(seed)
    rule = control(seed)
    return f"{ROUNDS} power cuts, {acked} acked, none lost; the control with NORMAL was caught by rule {rule}"


if __name__ == "__main__":
    fault.main("F2 power cut", body, 240)
