#!/usr/bin/python3
"""The checker's own test: a good history passes, each way of spoiling one is caught by its rule."""
import copy
import random

import fault
from oracle.checker import check
from oracle.history import History

CONVERSATIONS = {"10": ("1", "2"), "11": ("2", "3"), "12": ("3", "1")}
NAMES = {"1": "c00", "2": "c01", "3": "c02"}


class Maker:
    """A small made-up server and three clients on it, which keep all the rules."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.logs = {name: [] for name in NAMES.values()}
        self.dump = {conversation: [] for conversation in CONVERSATIONS}
        self.marks = {conversation: {user: {"read": 0, "delivered": 0} for user in members}
                      for conversation, members in CONVERSATIONS.items()}
        self.cursor = dict.fromkeys(NAMES, 0)
        self.missed = {user: [] for user in NAMES}
        self.conn = dict.fromkeys(NAMES, 0)
        self.pos = 0
        for user in NAMES:
            self.connect(user)

    def log(self, whose, kind, **fields):
        self.logs[NAMES[whose]].append({"kind": kind, "t": self.pos, **fields})

    def connect(self, user):
        self.conn[user] += 1
        first = self.conn[user] == 1
        self.log(user, "connected", conn=self.conn[user], since=None if first else self.cursor[user],
                 epoch="e", pos=self.pos, resumed=not first, reason="no_cursor" if first else None)
        for fields in self.missed[user]:
            self.log(user, **fields, conn=self.conn[user], via="sync")
            self.cursor[user] = fields["pos"]
        self.missed[user] = []
        if not first:
            self.log(user, "caught_up", conn=self.conn[user], pos=self.pos)
        self.cursor[user] = self.pos

    def message(self, user, conversation, outcome="ack", offline=()):
        """One send; outcome: ack, rejected, unknown_there (committed, answer lost) or unknown_lost."""
        client_id, value = f"id{self.pos}-{self.rng.getrandbits(32):x}", f"{self.rng.getrandbits(64):x}"
        self.log(user, "invoke", client_id=client_id, conv=conversation, hash=value)
        if outcome == "rejected":
            self.log(user, "rejected", client_id=client_id, code="storage_full")
            return
        if outcome.startswith("unknown"):
            self.log(user, "unknown", client_id=client_id, why="disconnect")
        if outcome == "unknown_lost":
            self.log(user, "probe", client_id=client_id, conv=conversation, count=0, seq=None)
            self.log(user, "invoke", client_id=client_id, conv=conversation, hash=value)
        self.pos += 1
        seq = len(self.dump[conversation]) + 1
        self.dump[conversation].append({"seq": seq, "pos": self.pos, "client_id": client_id, "sender": user,
                                        "hash": value})
        for member in CONVERSATIONS[conversation]:
            fields = {"kind": "delivered", "conv": conversation, "seq": seq, "pos": self.pos,
                      "client_id": client_id, "sender": user, "hash": value}
            if member in offline:
                self.missed[member].append(fields)
            else:
                self.log(member, **fields, conn=self.conn[member], via="live")
                self.cursor[member] = self.pos
        if outcome == "unknown_there":
            self.log(user, "probe", client_id=client_id, conv=conversation, count=1, seq=seq)
            self.log(user, "invoke", client_id=client_id, conv=conversation, hash=value)
        self.log(user, "ack", client_id=client_id, conv=conversation, seq=seq, pos=self.pos,
                 duplicate=outcome == "unknown_there")
        self.log(user, "read_back", client_id=client_id, conv=conversation, seq=seq, found=True)

    def read(self, user, conversation):
        seq = len(self.dump[conversation])
        if seq <= self.marks[conversation][user]["read"]:
            return
        self.pos += 1
        self.marks[conversation][user]["read"] = seq
        for member in CONVERSATIONS[conversation]:
            self.log(member, "mark", conn=self.conn[member], pos=self.pos, conv=conversation, user=user,
                     what="read", seq=seq)
            self.cursor[member] = self.pos
        self.log(user, "mark_ack", conv=conversation, what="read", seq=seq)

    def history(self):
        receives = {name: [c for c, members in CONVERSATIONS.items() if user in members]
                    for user, name in NAMES.items()}
        heads = {conversation: len(messages) for conversation, messages in self.dump.items()}
        return History(self.logs, {name: user for user, name in NAMES.items()}, receives, self.dump, heads,
                       self.marks)


def good_history(seed):
    maker = Maker(seed)
    for number in range(120):
        conversation = maker.rng.choice(list(CONVERSATIONS))
        sender, other = CONVERSATIONS[conversation]
        outcome = maker.rng.choice(["ack"] * 5 + ["rejected", "unknown_there", "unknown_lost"])
        offline = (other,) if number % 20 == 10 else ()
        maker.message(sender, conversation, outcome, offline)
        if offline:
            maker.connect(other)
        if number % 7 == 0:
            maker.read(other, conversation)
    return maker.history()


def pick(history, rng, kind, where=lambda entry: True):
    """A log line of that kind by chance: (client's entries, line)."""
    places = [(entries, line) for entries in history.logs.values() for line, entry in enumerate(entries)
              if entry["kind"] == kind and where(entry)]
    return rng.choice(places)


def acked_message(history, rng):
    """A stored message whose ack stands in a log, not the last of its conversation: (messages, index)."""
    messages = rng.choice([m for m in history.dump.values() if len(m) > 4])
    return messages, rng.randrange(1, len(messages) - 2)


def lost_ack(history, rng):
    messages, place = acked_message(history, rng)
    del messages[place]


def lost_tail(history, rng):
    conversation = rng.choice(list(history.dump))
    history.dump[conversation].pop()
    history.heads[conversation] -= 1


def doubled(history, rng):
    messages, place = acked_message(history, rng)
    copy_of = dict(messages[place], seq=len(messages) + 1, pos=10**6)
    messages.append(copy_of)


def hole(history, rng):
    """A gap in the numbers that every log agrees with."""
    conversation = rng.choice(list(history.dump))
    last = history.dump[conversation][-1]["seq"]
    places = [history.dump[conversation][-1]] + [e for log in history.logs.values() for e in log
                                                 if e.get("conv") == conversation and e.get("seq") == last]
    for entry in places:
        entry["seq"] += 1


def reordered(history, rng):
    """A receiver saw two neighbours of one conversation the other way round."""
    while True:
        entries, line = pick(history, rng, "delivered")
        later = [n for n in range(line + 1, len(entries)) if entries[n]["kind"] == "delivered"
                 and entries[n]["conv"] == entries[line]["conv"]]
        if later:
            break
    fields = ("seq", "client_id", "sender", "hash")
    one, two = entries[line], entries[later[0]]
    for field in fields:
        one[field], two[field] = two[field], one[field]


def pos_back(history, rng):
    entries, line = pick(history, rng, "delivered", lambda e: e["via"] == "live" and e["pos"] > 3)
    entries[line]["pos"] = 1


def below_cursor(history, rng):
    """What a resume brought lay at the cursor already."""
    places = [(entries, line) for entries in history.logs.values() for line, entry in enumerate(entries)
              if entry["kind"] == "connected" and entry["resumed"]
              and entries[line + 1]["kind"] == "delivered"]
    entries, line = rng.choice(places)
    entries[line]["since"] = entries[line + 1]["pos"]


def not_delivered(history, rng):
    entries, line = pick(history, rng, "delivered")
    del entries[line]


def last_not_delivered(history, rng):
    entries = rng.choice(list(history.logs.values()))
    line = max(n for n, entry in enumerate(entries) if entry["kind"] == "delivered")
    del entries[line]


def delivered_again(history, rng):
    entries, line = pick(history, rng, "delivered", lambda e: e["via"] == "sync")
    last = max(entry["conn"] for entry in entries if entry["kind"] == "connected")
    entries.append(dict(entries[line], pos=10**6, conn=last, via="live"))


def wrong_body_seen(history, rng):
    entries, line = pick(history, rng, "delivered")
    entries[line]["hash"] = "spoilt"


def wrong_body_stored(history, rng):
    messages, place = acked_message(history, rng)
    messages[place]["hash"] = "spoilt"


def rejected_there(history, rng):
    entries, line = pick(history, rng, "rejected")
    user = next(user for user, name in NAMES.items() if history.logs[name] is entries)
    sent = next(e for e in entries if e["kind"] == "invoke" and e["client_id"] == entries[line]["client_id"])
    messages = history.dump[sent["conv"]]
    messages.append({"seq": len(messages) + 1, "pos": 10**6, "client_id": sent["client_id"], "sender": user,
                     "hash": sent["hash"]})


def refused_without_reason(history, rng):
    entries, line = pick(history, rng, "rejected")
    entries[line]["code"] = "conflict"


def unknown_twice_before(history, rng):
    entries, line = pick(history, rng, "probe", lambda e: e["count"] == 1)
    entries[line]["count"] = 2


def unknown_forgotten(history, rng):
    entries, line = pick(history, rng, "unknown")
    client_id = entries[line]["client_id"]
    entries[:] = entries[:line + 1] + [e for e in entries[line + 1:] if e.get("client_id") != client_id
                                       or e["kind"] == "delivered"]


def unknown_moved(history, rng):
    entries, line = pick(history, rng, "probe", lambda e: e["count"] == 1)
    entries[line]["seq"] += 1


def other_seq_acked(history, rng):
    entries, line = pick(history, rng, "ack")
    entries[line]["seq"] += 1


def never_answered(history, rng):
    entries, line = pick(history, rng, "rejected")
    del entries[line]


def unread_write(history, rng):
    entries, line = pick(history, rng, "read_back")
    entries[line]["found"] = False


def stranger(history, rng):
    messages = history.dump[rng.choice(list(history.dump))]
    messages.append({"seq": len(messages) + 1, "pos": 10**6, "client_id": "nobody's", "sender": "1",
                     "hash": "h"})


def mark_back(history, rng):
    entries, line = pick(history, rng, "mark", lambda e: e["seq"] > 1)
    entries.append(dict(entries[line], seq=0, pos=10**6))


def mark_forgotten(history, _rng):
    for marks in history.marks.values():
        for mine in marks.values():
            mine["read"] = 0


def pos_against_seq(history, rng):
    conversation = rng.choice(list(history.dump))
    one, two = history.dump[conversation][3:5]
    for log in history.logs.values():
        for entry in log:
            if entry.get("conv") == conversation and entry["kind"] in ("ack", "delivered"):
                if entry["seq"] == one["seq"]:
                    entry["pos"] = two["pos"]
                elif entry["seq"] == two["seq"]:
                    entry["pos"] = one["pos"]
    one["pos"], two["pos"] = two["pos"], one["pos"]


SPOILT = {
    lost_ack: {"acked_exists"}, lost_tail: {"acked_exists"}, doubled: {"acked_once"},
    hole: {"seq_without_holes", "acked_place", "unknown_after"}, reordered: {"receiver_order"},
    pos_back: {"pos_grows"}, below_cursor: {"pos_grows"},
    not_delivered: {"receiver_order", "receiver_complete"}, last_not_delivered: {"receiver_complete"},
    delivered_again: {"receiver_once"}, wrong_body_seen: {"body"}, wrong_body_stored: {"body"},
    rejected_there: {"rejected_absent"}, refused_without_reason: {"rejected_reason"},
    unknown_twice_before: {"unknown_before"}, unknown_forgotten: {"unknown_resolved"},
    unknown_moved: {"unknown_after"}, other_seq_acked: {"acked_place"}, never_answered: {"one_outcome"},
    unread_write: {"read_your_writes"}, stranger: {"stored_was_sent"}, mark_back: {"marks_monotone"},
    mark_forgotten: {"marks_monotone"}, pos_against_seq: {"pos_grows_with_seq", "pos_grows"},
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
            report = found.report(bad, seed)
            fault.expect(found.rule in rules, f"{spoil.__name__}: expected {rules}, got {report}")
            fault.expect(str(seed) in report, "a report without its seed")
    return f"20 good histories pass, {len(SPOILT)} ways of spoiling each are caught by their rules"


if __name__ == "__main__":
    fault.main("the oracle's checker", body, 60)
