#!/usr/bin/python3
"""F10: 1,000 sockets stop reading while 4,000 messages come for them. Each is closed with 4008 or cut, the
memory of the server stays bounded, the messages of others flow, the closed ones resume without a gap."""
import os
import threading
import time

import fault
from fault import kith

READERS = int(os.environ.get("KITH_READERS", "100"))
SOCKETS_EACH = 10             # as many as one user may have
# 4,000 messages of 32 KB: 40 for each reader make 1.25 MiB, more than the 1 MiB that may wait for a socket.
MESSAGES_EACH = 40
TEXT = "\U0001f98a" * 7990
# Frames are shared by the sockets of a user: READERS x 1 MiB wait in the ideal case. Three times that, and
# what a database and a thousand sockets need, is the most accepted; a copy for each socket would be ten.
RSS_GROWTH_MAX = READERS * (3 << 20) + (128 << 20)
OTHERS_MEDIAN_MAX_SECONDS = 0.25


class Pair(threading.Thread):
    """Two others who talk over their sockets all the while; `times`: how long each message took to arrive."""

    def __init__(self, url, one, two, conversation):
        super().__init__(daemon=True)
        self.url, self.one, self.two, self.conversation = url, one, two, conversation
        self.stopping = threading.Event()
        self.times, self.error = [], None

    def run(self):
        try:
            with kith.Socket(self.url, self.one) as sender, kith.Socket(self.url, self.two) as receiver:
                while not self.stopping.is_set():
                    message = kith.text_message("quick")
                    begin = time.monotonic()
                    sender.request("message.send", {"conversation": self.conversation, **message})
                    receiver.event("message.created", lambda d, m=message: d["client_id"] == m["client_id"])
                    self.times.append(time.monotonic() - begin)
                    sender.forget()
                    receiver.forget()
                    self.stopping.wait(0.02)
        except BaseException as error:
            self.error = error


def stalled_socket(server, person):
    """Signed in with the smallest window, and never read again."""
    tcp = kith.connect_tcp(server.url, receive_buffer=2048, max_segment=536)
    return kith.Socket(server.url, person, tcp=tcp)


def flood(server, sender, talks, peak):
    """Sends MESSAGES_EACH to every reader from several connections; notes the highest memory in peak[0]."""
    lock = threading.Lock()
    jobs = [conversation for _ in range(MESSAGES_EACH) for conversation in talks]
    failures = []

    def work():
        http = sender.http.clone()
        while not failures:
            with lock:
                if not jobs:
                    return
                conversation = jobs.pop()
                if len(jobs) % 50 == 0:
                    peak[0] = max(peak[0], server.rss_bytes())
            try:
                http.post(f"/conversations/{conversation}/messages", kith.text_message(TEXT))
            except BaseException as error:
                failures.append(error)
    workers = [threading.Thread(target=work, daemon=True) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(150)
    if failures:
        raise failures[0]
    fault.expect(not jobs, "the flood did not end in time")


def ended(ws, end):
    """Reads what still lies there; the close code, None when cut; raises when it is still open at the end."""
    while True:
        try:
            if not ws.poll(max(end - time.monotonic(), 0.01)):
                raise fault.Fail("a stalled socket was neither closed with 4008 nor cut")
        except kith.Closed as closed:
            return closed.code


def resumes_without_gap(server, person, conversation, cursor):
    """Resumed at the cursor from before the flood, every message of it comes, in order, once."""
    with kith.Socket(server.url, person, since=cursor) as ws:
        fault.expect(ws.hello["resumed"], f"no resume: {ws.hello.get('reason')}")
        ws.event("caught_up", timeout=30)
        seqs = [e["data"]["seq"] for e in ws.events if e["type"] == "message.created"
                and e["data"]["conversation"] == conversation]
    fault.expect(seqs == list(range(1, MESSAGES_EACH + 1)), f"the resumed socket got the seqs {seqs}")


def body(_seed):
    with kith.Server() as server:
        people = kith.people(server, READERS + 3)
        sender, one, two, readers = people[0], people[1], people[2], people[3:]
        talks = [sender.http.put(f"/direct/{reader.id}").body["id"] for reader in readers]
        pair = Pair(server.url, one, two, one.http.put(f"/direct/{two.id}").body["id"])
        sockets = []
        try:
            for reader in readers:
                sockets += [stalled_socket(server, reader) for _ in range(SOCKETS_EACH)]
            cursors = [{"epoch": ws.hello["epoch"], "pos": ws.hello["pos"]} for ws in sockets[::SOCKETS_EACH]]
            pair.start()
            kith.wait_until(lambda: len(pair.times) > 20 or pair.error, 15, "the pair talks")
            before = server.rss_bytes()
            peak, quiet = [before], len(pair.times)
            begin = time.monotonic()
            flood(server, sender, talks, peak)
            took = time.monotonic() - begin
            end = time.monotonic() + 60
            codes = [ended(ws, end) for ws in sockets]
            peak[0] = max(peak[0], server.rss_bytes())
            pair.stopping.set()
            pair.join(20)
        finally:
            pair.stopping.set()
            for ws in sockets:
                ws.cut()
        if pair.error:
            raise pair.error
        fault.expect(set(codes) <= {4008, None}, f"stalled sockets ended with {sorted(set(map(str, codes)))}")
        growth = peak[0] - before
        fault.expect(growth <= RSS_GROWTH_MAX,
                     f"memory grew by {growth >> 20} MiB, {RSS_GROWTH_MAX >> 20} are allowed")
        busy = sorted(pair.times[quiet:])
        fault.expect(len(busy) > 20, f"the pair exchanged only {len(busy)} messages in {took:.1f} s")
        median, worst = busy[len(busy) // 2], busy[-1]
        fault.expect(median <= OTHERS_MEDIAN_MAX_SECONDS, f"the others' messages took {median:.3f} s")
        for reader, talk, cursor in zip(readers, talks, cursors):
            resumes_without_gap(server, reader, talk, cursor)
        return (f"{len(sockets)} stalled sockets ({codes.count(4008)} got 4008, {codes.count(None)} cut), "
                f"{MESSAGES_EACH * READERS} messages in {took:.1f} s, memory +{growth >> 20} MiB, others' "
                f"messages {median * 1000:.1f} ms median, {worst * 1000:.0f} ms worst, all resumed, no gap")


if __name__ == "__main__":
    fault.main("F10 slow consumers", body, 300)
