#!/usr/bin/python3
"""F16: MariaDB's disk is full: writes are refused as storage_full and never acked, /readyz says 503, reading goes on and so do
people who sign in; when there is space again all goes on, without a restart and without a write that finds it out.

MariaDB 10.11 ends itself when a ROLLBACK finds no space. Then it is away; it is started again with space, and the disk filled
once more: nothing answered may be lost in this either."""
import os

import f03_disk_full as f03
import fault
from fault import kith

import mariadb

MEGABYTES = 160
ATTEMPTS = 6                 # about every third time MariaDB ends itself


def sign_in(server, person):
    """A few rows at most: they find room in what tables hold already. Nothing is kept back for more."""
    answer = server.http().post("/sessions", {"username": person.username, "password": person.password,
                                              "device": kith.device("full")}, check=False)
    fault.expect(answer.status == 201, f"sign-in on a full disk: {answer.status} {answer.code}")


def while_full(disk, server, run, person, conversation):
    answer = f03.fill_to_refusal(disk, person.http, conversation)
    fault.expect((answer.status, answer.code) == (503, "storage_full"), f"a send on a full disk: {answer.status} {answer.body}")
    fault.expect(answer.headers.get("Retry-After"), "the 503 has no Retry-After")
    kith.wait_until(lambda: fault.ready(server) == 503, 10, "/readyz is 503 on a full disk")
    told = server.http().get("/readyz", check=False).raw.decode()
    fault.expect("storage is full" in told, f"/readyz says {told}")
    refused = kith.wait_until(lambda: f03.refusals(run), 20, "a client of the oracle is refused")
    codes = {entry["code"] for entry in refused}
    fault.expect(codes <= {"storage_full", "overloaded"}, f"on sockets sends were refused as {codes}")
    fault.expect(server.http().get("/healthz").status == 200, "/healthz does not answer")
    fault.expect(person.http.get(f"/conversations/{conversation}/messages").body["items"], "history is empty")
    sign_in(server, person)
    run.for_seconds(3)                           # trials for space come and go
    fault.expect(fault.ready(server) == 503, "/readyz is not 503 after some seconds on a full disk")


def body(seed):
    why = mariadb.missing()
    fault.expect(not why, why)
    with fault.Disk("tmpfs", MEGABYTES) as disk:
        os.chmod(disk.folder, 0o755)             # mariadbd runs as another user
        with mariadb.Server(os.path.join(disk.path, "m"), ["--innodb-log-file-size=8M"]) as base, \
                kith.Server(settings=[f"database.url={base.make_database()}"]) as server:
            return on_disk(disk, base, server, seed)


def survives_full(base, disk, *others):
    """Whether MariaDB lived through it; when not, it lives again and has space."""
    try:
        while_full(disk, *others)
        return True
    except Exception:
        if base.process.poll() is None:
            raise
    disk.relieve()
    base.start()
    return False


def on_disk(disk, base, server, seed):
    owner = kith.set_up(server)
    with_whom = kith.register(server, "reader", owner.http.post("/invites", {"uses": 1}).body["code"])
    conversation = owner.http.put(f"/direct/{with_whom.id}").body["id"]
    fault.expect(f03.send(owner.http, conversation).status == 201, "a send while there is space")
    good = False
    # The test sends by itself too: its own conversation is none of the oracle's.
    run = fault.Run(server, seed, clients=6, rate=200, body_size=1000)
    try:
        run.set_up(owner).start()
        run.wait_acked(200)
        ended = 0
        while not survives_full(base, disk, server, run, owner, conversation):
            ended += 1
            fault.expect(ended < ATTEMPTS, f"MariaDB ended itself {ended} times")
            kith.wait_until(lambda: fault.ready(server) == 200, 20, "/readyz is 200 with MariaDB back")
            run.wait_acked(50)
        run.load(False)
        disk.relieve()
        kith.wait_until(lambda: fault.ready(server) == 200, 10, "/readyz is 200 again, though nobody writes")
        fault.expect(f03.send(owner.http, conversation).status == 201, "a send does not work again")
        run.load(True)
        run.wait_acked(200)
        fault.all_rules(run)
        good = True
    finally:
        run.close(keep=not good)
    fault.expect(server.stop() == 0, "SIGTERM did not end in 0")
    return (f"{len(f03.refusals(run))} sends refused, {run.acked()} acked, recovered without a restart of Kith, MariaDB ended "
            f"itself {ended} times")


if __name__ == "__main__":
    fault.main("F16 MariaDB's disk full", body, 150)
