#!/usr/bin/python3
"""The oracle against a server that is wrong on purpose: each of four switches, open only with
KITH_TEST_UNSAFE=1, must turn a run red. (A fifth, synchronous=NORMAL, is the control of F2.)"""
import contextlib
import os
import sys
import time

import fault
from fault import kith

sys.path.insert(0, os.path.join(fault.ROOT, "tests", "wire"))

import property_test  # noqa: E402  (the line before put its folder on the path)
import stores  # noqa: E402

EXPECTED = {
    "ack_before_commit": {"acked_exists", "acked_place", "read_your_writes", "receiver_real",
                          "receiver_order", "unknown_after", "pos_grows"},
    "no_client_id_check": {"acked_once", "unknown_after", "stored_once", "rejected_reason"},
    "skip_fan_out": {"receiver_order", "receiver_complete"},
    "show_the_past": {"joined_behind", "past_hidden"},
}
# What each needs to be seen.
OPTIONS = {
    "ack_before_commit": {"read_backs": 1.0},
    "no_client_id_check": {"hang_ups": 0.1},
    "skip_fan_out": {},
    "show_the_past": {"groups": 2},
}


def refused_without_the_key():
    """Outside of tests the switch must not open."""
    for name in EXPECTED:
        server = kith.Server(settings=[f"test.mutation={name}"])
        try:
            server.start()
        except kith.Timeout:
            continue
        finally:
            server.close()
        raise fault.Fail(f"the server took test.mutation={name} without KITH_TEST_UNSAFE=1")


@contextlib.contextmanager
def held_commits(server, shim):
    """Within the `with` no COMMIT ends. The server must be dead at the end of it."""
    if stores.on_mariadb():
        with stores.held_commits(server.data):
            yield
        return
    shim.arm(1, "freeze")
    try:
        yield
    finally:
        shim.disarm()


def read_back_since(run, began):
    return any(entry["kind"] == "read_back" and entry["t"] > began
               for client in run.clients for entry in list(client.log.entries))


def killed_in_commit(server, shim, run):
    """Lasts until somebody has been told of a message that is not committed, and has looked for it. On MariaDB the kill undoes
    it too; SQLite's log is written before it is flushed, and lives through a kill."""
    run.load(False)
    run.wait_settled(20)                         # so that the COMMIT which hangs holds messages, and nothing else does
    with held_commits(server, shim):
        began = time.monotonic()
        run.load(True)
        kith.wait_until(lambda: run.healthy() and read_back_since(run, began), 30, "an answer before its COMMIT")
        server.kill()
    server.start()


def mutant(name, seed):
    """The violation that the run ended with."""
    with fault.SyncShim() as shim, kith.Server(env={**fault.UNSAFE, **shim.env}) as server, \
            fault.oracle_run(server, seed, clients=10, rate=200, **OPTIONS[name]) as run:
        server.stop()                # set up by a server that is right, then replaced by the mutant
        server.settings.append(f"test.mutation={name}")
        server.start()
        run.start()
        run.wait_acked(100)
        if name == "show_the_past":
            kith.wait_until(lambda: run.healthy() and run.usher.changes >= 20, 30, "members came and went")
        if name == "ack_before_commit":
            killed_in_commit(server, shim, run)
            run.wait_acked(100)
        violation = run.finish()
        fault.expect(violation is not None, f"{name}: every rule holds, the oracle is blind to it")
        print(f"{name} is caught: {violation.report(run.history, seed)}", flush=True)
        fault.expect(violation.rule in EXPECTED[name], f"{name} is caught by another rule, {violation.rule}")
        return violation.rule


def property_is_not_blind(seed):
    """The test of the property, too, must see a fan-out that was skipped."""
    try:
        property_test.body(seed, 20, ["test.mutation=skip_fan_out"], fault.UNSAFE)
    except property_test.Differs as red:
        print(f"skip_fan_out turns the property red: {str(red)[:200]}", flush=True)
        return
    raise fault.Fail("the property holds although fan-outs are skipped: its test is blind")


def body(seed):
    refused_without_the_key()
    if stores.runs_here("oracle_mutations.property_is_not_blind"):
        property_is_not_blind(seed)
    caught = {name: mutant(name, seed + number) for number, name in enumerate(EXPECTED)
              if stores.runs_here(f"oracle_mutations.{name}")}
    return "caught " + ", ".join(f"{name} by {rule}" for name, rule in caught.items())


if __name__ == "__main__":
    fault.main("the oracle's mutations", body, 600)
