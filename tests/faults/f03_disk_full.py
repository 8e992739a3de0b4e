#!/usr/bin/python3
"""F3: the disk is full: writes are refused as storage_full and never acked, /readyz says 503, reading, signing in
and signing out go on, and when there is space again all goes on without a restart."""
import os

import fault
from fault import kith


def send(http, conversation, size=2000):
    return http.post(f"/conversations/{conversation}/messages", kith.text_message("x" * size), check=False)


def fill_to_refusal(disk, http, conversation):
    """Fills the disk and sends until a send is refused; gives that answer."""
    for leave in (512 << 10, 64 << 10, 0):
        disk.fill(leave)
        for _ in range(400):
            answer = send(http, conversation, 7000)
            if answer.status >= 400:
                return answer
    raise fault.Fail(f"1,200 sends fitted on a disk with {disk.free_bytes()} bytes free")


def refusals(run):
    return [entry for client in run.clients for entry in list(client.log.entries)
            if entry["kind"] == "rejected"]


def while_full(disk, server, run, person, conversation):
    http = person.http
    answer = fill_to_refusal(disk, http, conversation)
    fault.expect((answer.status, answer.code) == (503, "storage_full"),
                 f"a send on a full disk: {answer.status} {answer.code}")
    fault.expect(answer.headers.get("Retry-After"), "the 503 has no Retry-After")
    kith.wait_until(lambda: fault.ready(server) == 503, 10, "/readyz is 503 on a full disk")
    refused = kith.wait_until(lambda: refusals(run), 20, "a client of the oracle is refused")
    codes = {entry["code"] for entry in refused}
    fault.expect(codes <= {"storage_full", "overloaded"}, f"on sockets sends were refused as {codes}")
    fault.expect(server.http().get("/healthz").status == 200, "/healthz does not answer")
    fault.expect(http.get(f"/conversations/{conversation}/messages").body["items"], "history is empty")
    fault.expect(http.get("/sync").body["conversations"], "sync does not answer")
    sign_in_and_out(server, person)


def sign_in_and_out(server, person):
    """People get in and out on a full disk, often enough to use up more than the free space itself."""
    for _ in range(30):
        answer = server.http().post("/sessions", {"username": person.username, "password": person.password,
                                                  "device": kith.device("full")}, check=False)
        fault.expect(answer.status == 201, f"sign-in on a full disk: {answer.status} {answer.code}")
        again = kith.Http(server.url, answer.body["access_token"])
        fault.expect(again.get("/users/me").body["id"] == person.id, "the new session does not work")
        fresh = server.http().post("/sessions/refresh", {"refresh_token": answer.body["refresh_token"]})
        again = kith.Http(server.url, fresh.body["access_token"])
        fault.expect(again.delete(f"/sessions/{answer.body['session']['id']}", check=False).status == 204,
                     "sign-out on a full disk")
        fault.expect(again.get("/users/me", check=False).status == 401, "the ended session still works")


def body(seed):
    with fault.Disk("tmpfs", 48) as disk, \
            kith.Server(data=os.path.join(disk.path, "data")) as server:
        owner = kith.set_up(server)
        with_whom = kith.register(server, "reader", owner.http.post("/invites", {"uses": 1}).body["code"])
        conversation = owner.http.put(f"/direct/{with_whom.id}").body["id"]
        # The test sends by itself too: its own conversation is none of the oracle's.
        good = False
        run = fault.Run(server, seed, clients=6, rate=200, body_size=1000)
        try:
            run.set_up(owner).start()
            run.wait_acked(200)
            before = server.pid
            while_full(disk, server, run, owner, conversation)
            disk.relieve()
            kith.wait_until(lambda: send(owner.http, conversation).status < 300, 20, "sends work again")
            kith.wait_until(lambda: fault.ready(server) == 200, 10, "/readyz is 200 again")
            run.wait_acked(200)
            fault.expect(server.alive() and server.pid == before, "the server ended")
            fault.all_rules(run)
            refused = len(refusals(run))
            good = True
        finally:
            run.close(keep=not good)
        fault.expect(server.stop() == 0, "SIGTERM did not end in 0")
        fault.database_is_whole(server.data)
        return f"{refused} sends refused, {run.acked()} acked, recovered without a restart"


if __name__ == "__main__":
    fault.main("F3 disk full", body, 150)
