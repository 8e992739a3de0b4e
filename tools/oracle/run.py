"""A run: a fresh server set up by the public API, clients under load, a fault from outside, the check."""
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "support"))

import kith  # noqa: E402  (its folder is put on the path above)

from .checker import check, counts  # noqa: E402
from .client import HttpClient, SocketClient, Usher, user_id  # noqa: E402
from .history import History, Log, body_hash  # noqa: E402


class Run:
    """Clients on one server. Use: set_up, start, any faults, finish (gives a Violation or None)."""

    def __init__(self, server, seed, clients=20, http_clients=0, window=4, rate=60, body_size=60,
                 folder=None, groups=0, **client_options):
        self.server, self.seed = server, seed
        self.rng = random.Random(seed)
        self.count, self.http_count = clients, http_clients
        self.client_options = {"window": window, **client_options}   # of a SocketClient
        self.rate, self.body_size = rate, body_size
        self.folder = folder or tempfile.mkdtemp(prefix="kith-oracle-")
        self._own_folder = folder is None
        self.clients = []
        self.group_count, self.groups = groups, {}   # {conversation: the first members}
        self.usher = None
        self.history = None

    def set_up(self, owner=None):
        """Accounts by the set-up link and an invite; a ring of direct conversations, one more each by chance.
        With an `owner` that exists already, the others are made by an invite of his, and he is no client."""
        total = self.count + self.http_count + (1 if owner else 0) + (1 if self.group_count else 0)
        people = kith.people(self.server, total, prefix="client", owner=owner)[1 if owner else 0:]
        host = people.pop() if self.group_count else None
        talks = {person.id: set() for person in people}
        for number, person in enumerate(people):
            others = {people[(number + 1) % len(people)].id, self.rng.choice(people).id} - {person.id}
            for other in sorted(others):
                conversation = person.http.put(f"/direct/{other}").body["id"]
                talks[person.id].add(conversation)
                talks[other].add(conversation)
        for number, person in enumerate(people):
            name = f"c{number:02}"
            log = Log(name, person.id, self.folder)
            rng = random.Random(self.rng.getrandbits(64))
            shared = (name, person, sorted(talks[person.id]), rng, log, self.body_size,
                      self.rate)
            if number < self.count:
                self.clients.append(SocketClient(*shared, **self.client_options))
            else:
                self.clients.append(HttpClient(*shared))
        if host:
            self._set_up_groups(host, people[:self.count])
        return self

    def _set_up_groups(self, host, guests):
        """Groups of a host of their own, who has a direct conversation too, with half of the clients in each."""
        for number in range(self.group_count):
            began = sorted(one.id for one in self.rng.sample(guests, len(guests) // 2))
            made = host.http.post("/groups", {"name": f"group {number}", "members": began}).body["id"]
            self.groups[made] = [host.id, *began]
        for client in self.clients[:self.count]:
            client.groups = {group for group, began in self.groups.items() if client.person.id in began}
        first = host.http.put(f"/direct/{guests[0].id}").body["id"]
        self.clients[0].conversations.append(first)
        self.clients[0].held[first] = 0
        # Who hangs up leaves a request that still runs; the usher must know what became of the last change before the next.
        options = {**self.client_options, "hang_ups": 0.0}
        self.usher = Usher("usher", host, [first], random.Random(self.rng.getrandbits(64)),
                           Log("usher", host.id, self.folder), self.body_size, self.rate, **options,
                           groups=self.groups, guests={one.id: one for one in guests})
        self.clients.append(self.usher)

    def start(self, timeout=30):
        for client in self.clients:
            client.start()
        self.wait_settled(timeout)
        self.load(True)
        return self

    def load(self, on):
        for client in self.clients:
            if on:
                client.sending.set()
            else:
                client.sending.clear()

    def acked(self):
        return sum(client.acked for client in self.clients)

    def wait_acked(self, more, timeout=30):
        """Waits until that many more sends were answered."""
        goal = self.acked() + more
        kith.wait_until(lambda: self.healthy() and self.acked() >= goal, timeout, f"{more} more answers")

    def healthy(self):
        for client in self.clients:
            if client.error is not None:
                raise client.error
        return True

    def wait_settled(self, timeout):
        """Waits until every client is connected and caught up and has no open or unknown request."""
        def unsettled():
            self.healthy()
            return [client.name for client in self.clients if not client.settled]
        try:
            kith.wait_until(lambda: not unsettled(), timeout, "clients settle")
        except kith.Timeout as late:
            raise kith.Timeout(f"{late}: {', '.join(unsettled())}") from None

    def for_seconds(self, seconds):
        """Lets the load run: a time that is part of the fault's plan, not a wait for something."""
        end = time.monotonic() + seconds
        kith.wait_until(lambda: self.healthy() and time.monotonic() >= end, seconds + 5, "time passes")

    def finish(self, timeout=60):
        """Stops the load, lets everyone sync to the head, dumps the server, checks. Closes the clients."""
        try:
            self.load(False)
            self.wait_settled(timeout)
            self._wait_heads(15)
            dump, heads, marks = self._dump()
        finally:
            self.close_clients()
        receives = {c.name: c.conversations for c in self.clients if isinstance(c, SocketClient)}
        self.history = History({c.name: c.log.entries for c in self.clients},
                               {c.name: c.person.id for c in self.clients}, receives, dump, heads, marks,
                               self.groups)
        self.history.save(self.folder)
        return check(self.history)

    def _wait_heads(self, timeout):
        """Everyone at the head, as the server says it. Who does not get there, the checker reports."""
        heads = []                                   # (client, conversation, last_seq)
        for client in self.clients:
            if isinstance(client, SocketClient):
                for item in client.http.clone().get("/sync").body["conversations"]:
                    heads.append((client, item["id"], item["last_seq"]))
        try:
            kith.wait_until(lambda: all(client.held.get(conversation, 0) >= seq for client, conversation, seq in heads),
                            timeout, "the head")
        except kith.Timeout:
            pass

    def _dump(self):
        dump, heads, marks = {}, {}, {}
        for client in self.clients:
            http = client.person.http.clone()
            for item in http.get("/sync").body["conversations"]:
                conversation = item["id"]
                if item["kind"] == "group" and client is not self.usher:
                    marks.setdefault(conversation, {})[client.person.id] = {
                        "read": item["read_seq"], "delivered": item["delivered_seq"]}
                    continue                         # all of it is the owner's to show
                heads[conversation] = item["last_seq"]
                here = marks.setdefault(conversation, {})
                here[client.person.id] = {"read": item["read_seq"], "delivered": item["delivered_seq"]}
                if item["peer"]:
                    here.setdefault(item["peer"]["id"], {"read": item["peer_read_seq"],
                                                         "delivered": item["peer_delivered_seq"]})
                if conversation not in dump:
                    dump[conversation] = [
                        {"seq": message["seq"], "pos": message["pos"], "client_id": message["client_id"],
                         "sender": user_id(message["sender"]), "hash": body_hash(message["body"])}
                        for message in http.history(conversation)]
            http.close()
        return dump, heads, marks

    def close_clients(self):
        for client in self.clients:
            client.stopping.set()
        for client in self.clients:
            if client.is_alive():
                client.join(20)

    def close(self, keep=False):
        self.close_clients()
        if self._own_folder and not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def verdict(self, violation):
        """Prints the outcome in one line, or the violation with its log lines; True when all rules hold."""
        numbers = counts(self.history)
        if violation is None:
            text = ", ".join(f"{kind} {number}" for kind, number in sorted(numbers.items()))
            print(f"seed {self.seed}: all rules hold: {text}")
            return True
        print(violation.report(self.history, self.seed))
        return False
