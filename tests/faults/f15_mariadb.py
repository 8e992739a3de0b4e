#!/usr/bin/python3
"""F15: MariaDB killed, frozen and away under load. Nothing answered is lost or doubled; while it is away writes are refused
and /readyz says so; Kith goes on without a restart of its own."""
import os
import threading
import time

import fault
from fault import kith

import mariadb

ROUNDS = int(os.environ.get("KITH_ROUNDS", "5"))


class Sender(threading.Thread):
    """Sends without pause, each text until it is answered or refused for good; keeps what came of it."""

    def __init__(self, person, conversation):
        super().__init__(daemon=True)
        self.person, self.conversation = person, conversation
        self.sent, self.refused, self.codes, self.ending = [], 0, {}, False

    def run(self):
        number = 0
        while not self.ending:
            number += 1
            text = kith.text_message(f"{self.person.id} {number}")
            while not self.ending:
                try:
                    answer = self.person.http.post(f"/conversations/{self.conversation}/messages", text, check=False)
                except OSError:
                    time.sleep(0.05)
                    continue
                if answer.status in (200, 201):
                    self.sent.append((answer.body["seq"], text["client_id"]))
                    break
                self.refused += 1
                code = (answer.body or {}).get("code", answer.status)
                self.codes[code] = self.codes.get(code, 0) + 1
                time.sleep(0.02)


def history(person, conversation):
    items, after = [], 0
    while True:
        page = person.http.get(f"/conversations/{conversation}/messages?after={after}&limit=100").body["items"]
        if not page:
            return items
        items += page
        after = page[-1]["seq"]


def wait_ready(server, wanted, seconds=20):
    end = time.monotonic() + seconds
    while fault.ready(server) != wanted:
        fault.expect(time.monotonic() < end, f"/readyz did not become {wanted} within {seconds} s")
        time.sleep(0.1)


def body(seed):
    why = mariadb.missing()
    fault.expect(not why, why)
    with mariadb.Server() as base:
        url = base.make_database()
        with kith.Server(settings=[f"database.url={url}"]) as server:
            ada, bob = kith.people(server, 2)
            conversation = ada.http.put(f"/direct/{bob.id}").body["id"]
            senders = [Sender(who, conversation) for who in (ada, bob)]
            for sender in senders:
                sender.start()
            for _ in range(ROUNDS):
                wait_sent(senders, 30)
                base.kill()
                wait_ready(server, 503)
                time.sleep(4)   # longer than a write waits for the server
                base.start()
                wait_ready(server, 200)
            wait_sent(senders, 30)
            base.freeze()
            time.sleep(3)
            base.thaw()
            wait_ready(server, 200)
            wait_sent(senders, 30)
            for sender in senders:
                sender.ending = True
            for sender in senders:
                sender.join(30)
            check(senders, history(ada, conversation))
            stopped = server.stop()
            fault.expect(stopped == 0, f"SIGTERM ended with {stopped}")
            answered = sum(len(sender.sent) for sender in senders)
            refused = sum(sender.refused for sender in senders)
            codes = sorted({str(code) for sender in senders for code in sender.codes})
            fault.expect(refused > 0, "nothing was refused while the database was away")
            return f"{ROUNDS} kills and a freeze, {answered} answered, {refused} refused ({', '.join(codes)})"


def wait_sent(senders, more, seconds=60):
    goal = [len(sender.sent) + more for sender in senders]
    end = time.monotonic() + seconds
    while any(len(sender.sent) < wanted for sender, wanted in zip(senders, goal)):
        fault.expect(time.monotonic() < end, f"no {more} messages in {seconds} s")
        time.sleep(0.05)


def check(senders, items):
    """Each answered message stands once, at the number that was answered; numbers have no hole."""
    fault.expect([one["seq"] for one in items] == list(range(1, len(items) + 1)), "the numbers have a hole")
    stored = {}
    for one in items:
        key = (one["sender"], one["client_id"])
        fault.expect(key not in stored, f"{key} is stored twice")
        stored[key] = one["seq"]
    for sender in senders:
        for seq, client_id in sender.sent:
            fault.expect(stored.get((sender.person.id, client_id)) == seq, f"{seq} {client_id} is not where it was answered")


if __name__ == "__main__":
    fault.main("F15 MariaDB away", body, 300)
