#!/usr/bin/python3
"""The checker's own test for groups: a good history in which members come and go passes, each way of spoiling one is caught
by its rule."""
import copy
import random

import fault
from oracle.checker import check
from oracle.history import History

GROUP = "10"
NAMES = {"1": "usher", "2": "c00", "3": "c01"}


class Maker:
    """A made-up server with one group: 1 owns it, 2 and 3 come and go. Everyone keeps the rules."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.logs = {name: [] for name in NAMES.values()}
        self.dump, self.pos = [], 0
        self.inside = {"1", "2"}
        for user in NAMES:
            self.log(user, "connected", conn=1, since=None, epoch="e", pos=0, resumed=False, reason="no_cursor")
            self.log(user, "connected", conn=2, since=0, epoch="e", pos=0, resumed=True, reason=None)

    def log(self, whose, kind, **fields):
        self.logs[NAMES[whose]].append({"kind": kind, "t": self.pos, **fields})

    def heard(self, by, kind, **fields):
        for user in sorted(by):
            self.log(user, kind, conn=2, pos=self.pos, conv=GROUP, **fields)

    def message(self, user):
        client_id, value = f"id{self.rng.getrandbits(64):x}", f"{self.rng.getrandbits(64):x}"
        self.log(user, "invoke", client_id=client_id, conv=GROUP, hash=value)
        if user not in self.inside:
            self.log(user, "rejected", client_id=client_id, code="not_found")
            return
        self.pos += 1
        seq = len(self.dump) + 1
        self.dump.append({"seq": seq, "pos": self.pos, "client_id": client_id, "sender": user, "hash": value})
        self.heard(self.inside, "delivered", seq=seq, client_id=client_id, sender=user, hash=value, via="live")
        self.log(user, "ack", client_id=client_id, conv=GROUP, seq=seq, pos=self.pos, duplicate=False)

    def change(self, user):
        self.pos += 1
        floor = len(self.dump)
        if user in self.inside:
            self.heard(self.inside, "left", user=user, via="live")
            self.inside.discard(user)
            self.log("1", "look", conv=GROUP, user=user, member=False, floor=floor, code="not_found", lowest=None)
        else:
            self.inside.add(user)
            self.heard(self.inside, "joined", user=user, first_seq=floor + 1)
            self.log("1", "look", conv=GROUP, user=user, member=True, floor=floor, code=None, lowest=None)

    def history(self):
        return History(self.logs, {name: user for user, name in NAMES.items()}, {name: [] for name in NAMES.values()},
                       {GROUP: self.dump}, {GROUP: len(self.dump)}, {}, {GROUP: ["1", "2"]})


def good_history(seed):
    """Both have come and gone, and 2 is there at the end."""
    maker = Maker(seed)
    for number in range(40):
        for _ in range(maker.rng.randint(1, 4)):
            maker.message(maker.rng.choice(sorted(NAMES)))
        maker.change("2" if number % 2 else "3")
    if "2" not in maker.inside:
        maker.change("2")
    for _ in range(3):
        maker.message("1")
    return maker.history()


def pick(history, rng, kind, where=lambda entry: True, name=None):
    places = [(entries, line) for client, entries in history.logs.items() if client == (name or client)
              for line, entry in enumerate(entries) if entry["kind"] == kind and where(entry)]
    return rng.choice(places)


def everywhere(history, pos, **fields):
    for entries in history.logs.values():
        for entry in entries:
            if entry.get("pos") == pos and entry["kind"] == "joined":
                entry.update(fields)


def from_the_beginning(history, rng):
    entries, line = pick(history, rng, "joined", lambda e: e["first_seq"] > 1)
    everywhere(history, entries[line]["pos"], first_seq=1)


def told_differently(history, rng):
    entries, line = pick(history, rng, "joined", lambda e: e["user"] == "3", "c01")
    entries[line]["first_seq"] += 1


def past_read(history, rng):
    entries, line = pick(history, rng, "look", lambda e: e["member"] and e["floor"] > 0)
    entries[line]["lowest"] = entries[line]["floor"]


def shut_out_reads(history, rng):
    entries, line = pick(history, rng, "look", lambda e: not e["member"])
    entries[line].update(code=None, lowest=1)


def change_unheard(history, rng):
    history.logs["usher"].append({"kind": "unheard", "t": 0, "conv": GROUP, "user": rng.choice("23"), "member": True})


def let_in_refused(history, rng):
    entries, line = pick(history, rng, "look", lambda e: e["member"])
    entries[line]["code"] = "not_found"


def hears_after_leaving(history, rng):
    """A message said while 3 was away reaches 3."""
    heard = {entry["pos"] for entry in history.logs["c01"] if entry["kind"] == "delivered"}
    away = [entry for entry in history.logs["usher"] if entry["kind"] == "delivered" and entry["pos"] not in heard]
    extra = rng.choice(away)
    entries = history.logs["c01"]
    line = next((n for n, entry in enumerate(entries) if entry.get("pos", 0) > extra["pos"]), len(entries))
    entries.insert(line, dict(extra))


def hears_of_others_after_leaving(history, rng):
    """3 hears of a change of 2 that fell into an absence of 3."""
    heard = {entry["pos"] for entry in history.logs["c01"] if "pos" in entry}
    away = [entry for entry in history.logs["usher"] if entry["kind"] in ("joined", "left") and entry["pos"] not in heard]
    extra = rng.choice(away)
    entries = history.logs["c01"]
    line = next((n for n, entry in enumerate(entries) if entry.get("pos", 0) > extra["pos"]), len(entries))
    entries.insert(line, dict(extra))


def missed_inside(history, rng):
    entries, line = pick(history, rng, "delivered", name="c00")
    del entries[line]


def missed_at_the_end(history, _rng):
    entries = history.logs["c00"]
    line = max(n for n, entry in enumerate(entries) if entry["kind"] == "delivered")
    del entries[line]


def twice(history, rng):
    entries, line = pick(history, rng, "delivered", lambda e: e["seq"] > 1, "usher")
    entries.append(dict(entries[line], pos=10**6))
    for message in history.dump[GROUP]:
        if message["seq"] == entries[line]["seq"]:
            entries[-1]["client_id"] = message["client_id"]


def posted_from_outside(history, rng):
    """A message of 3 that stands where 3 was away."""
    heard = {entry["pos"] for entry in history.logs["c01"] if entry["kind"] == "delivered"}
    message = rng.choice([one for one in history.dump[GROUP] if one["pos"] not in heard and one["sender"] == "1"])
    for entries in history.logs.values():
        for entry in entries:
            if entry["kind"] == "delivered" and entry["seq"] == message["seq"]:
                entry["sender"] = "3"
    sent = [entry for entry in history.logs["usher"] if entry.get("client_id") == message["client_id"]
            and entry["kind"] in ("invoke", "ack")]
    history.logs["usher"] = [entry for entry in history.logs["usher"] if entry not in sent]
    history.logs["c01"] += sent
    message["sender"] = "3"


def refused_inside(history, rng):
    entries, line = pick(history, rng, "ack", name="usher")
    client_id = entries[line]["client_id"]
    entries[line] = {"kind": "rejected", "t": 0, "client_id": client_id, "code": "not_found"}


SPOILT = {
    change_unheard: {"change_heard"}, from_the_beginning: {"joined_behind"}, told_differently: {"joined_alike"}, past_read: {"past_hidden"},
    shut_out_reads: {"gone_is_gone"}, let_in_refused: {"past_hidden"}, hears_after_leaving: {"heard_outside"},
    hears_of_others_after_leaving: {"heard_outside"}, missed_inside: {"receiver_order", "receiver_complete"},
    missed_at_the_end: {"receiver_complete"}, twice: {"receiver_order", "receiver_once"},
    posted_from_outside: {"posted_inside"}, refused_inside: {"rejected_reason", "rejected_absent"},
}


def body(seed):
    for round_number in range(20):
        good = good_history(seed + round_number)
        violation = check(good)
        fault.expect(violation is None, violation and violation.report(good, seed + round_number))
        for spoil, rules in SPOILT.items():
            bad = copy.deepcopy(good)
            spoil(bad, random.Random(seed + round_number))
            found = check(bad)
            fault.expect(found is not None, f"{spoil.__name__} of round {round_number} was not seen")
            fault.expect(found.rule in rules, f"{spoil.__name__}: expected {rules}, got {found.report(bad, seed)}")
    return f"20 good histories of groups pass, {len(SPOILT)} ways of spoiling each are caught by their rules"


if __name__ == "__main__":
    fault.main("the oracle's checker of groups", body, 60)
