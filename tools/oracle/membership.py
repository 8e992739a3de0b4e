"""The rules of groups whose members come and go: a member sees what was said from joining to leaving, and nothing else."""
import bisect
import collections

from .violation import Violation


class Window:
    """One membership: from the position of its joining to that of its leaving (None: there to the end)."""

    def __init__(self, begin, first_seq, end=None):
        self.begin, self.first_seq, self.end = begin, first_seq, end

    def holds(self, pos):
        """The joining and the leaving are its first and last change."""
        return self.begin <= pos and (self.end is None or pos <= self.end)


class Memberships:
    """Who was in which group when, from all that anybody was told of it."""

    def __init__(self, history):
        self.history = history
        changes = collections.defaultdict(dict)      # (group, user) -> {pos: first_seq, or None for a leaving}
        self.odd = []                                # two that were told differently of one change
        for client, entries in history.logs.items():
            for line, entry in enumerate(entries):
                if entry["kind"] in ("joined", "left"):
                    told = changes[entry["conv"], entry["user"]]
                    first_seq = entry.get("first_seq")
                    if told.setdefault(entry["pos"], first_seq) != first_seq:
                        self.odd.append((client, line))
        self.windows = collections.defaultdict(list)
        for group, began in history.groups.items():
            for user in began:
                self.windows[group, user].append(Window(0, 1))
        for key, told in changes.items():
            for pos in sorted(told):
                self._change(self.windows[key], pos, told[pos])
        self.positions = {group: [message["pos"] for message in history.dump[group]] for group in history.groups}

    @staticmethod
    def _change(windows, pos, first_seq):
        if windows and windows[-1].end is None:
            windows[-1].end = pos
        if first_seq is not None:
            windows.append(Window(pos, first_seq))

    def window(self, group, user, pos):
        """The number of the membership that holds the position; None when they were not there."""
        for number, one in enumerate(self.windows[group, user]):
            if one.holds(pos):
                return number
        return None

    def said_before(self, group, pos):
        """How many messages the group had at a position."""
        return bisect.bisect_left(self.positions[group], pos)


def rule_joinings(history, index):
    """All are told the same of a joining, and it begins behind everything that was said."""
    there = index.memberships
    for client, line in there.odd:
        yield Violation("joined_alike", "two were told differently of one change", client, line)
    for client, entries in history.logs.items():
        for line, entry in enumerate(entries):
            if entry["kind"] == "joined":
                said = there.said_before(entry["conv"], entry["pos"])
                if entry["first_seq"] != said + 1:
                    yield Violation("joined_behind", f"{entry['user']} may see from {entry['first_seq']} on, when "
                                    f"{said} were said", client, line)
            elif entry["kind"] == "unheard":
                yield Violation("change_heard", f"{entry['user']} came or went, and the owner did not hear of it", client,
                                line)
            elif entry["kind"] == "look":
                if entry["member"] and (entry["code"] or (entry["lowest"] or entry["floor"] + 1) <= entry["floor"]):
                    yield Violation("past_hidden", f"one who joined after {entry['floor']} got {entry['code']} or read "
                                    f"from {entry['lowest']} on", client, line)
                elif not entry["member"] and entry["code"] != "not_found":
                    yield Violation("gone_is_gone", f"one who was removed got {entry['code']} from the history", client,
                                    line)


def rule_posted_inside(history, index):
    """What stands in a group was sent by one who was a member then."""
    for group in history.groups:
        for message in history.dump[group]:
            if index.memberships.window(group, message["sender"], message["pos"]) is None:
                yield Violation("posted_inside", f"{group} seq {message['seq']} is of one who was no member")


def rule_inside(history, index):
    """Each heard of a group only what was said and changed while they were there: in order, each message once, and all
    of it up to a leaving that they heard live, or up to the end."""
    for client, entries in history.logs.items():
        yield from _Listener(history, index, client).violations(entries)


class _Listener:
    """One client's way through its log."""

    def __init__(self, history, index, client):
        self.history, self.index, self.client = history, index, client
        self.user, self.there = history.users[client], index.memberships
        self.seen = {}                               # (group, number of the membership) -> the highest seq
        self.loaded = set()

    def violations(self, entries):
        if self.client not in self.history.receives:
            return                                   # sends by HTTP and hears nothing
        for line, entry in enumerate(entries):
            if entry["kind"] == "connected" and not entry["resumed"]:
                self.loaded.add(entry["conn"])
            wrong = self._entry(entry) if entry.get("conv") in self.history.groups else None
            if wrong:
                yield Violation(wrong[0], f"{entry['conv']}: {wrong[1]}", self.client, line)
        for group in self.history.groups:
            for number, window in enumerate(self.there.windows[group, self.user]):
                last = len(self.history.dump[group])
                if window.end is None and self._seen(group, number) < last:
                    yield Violation("receiver_complete", f"{group}: saw up to {self._seen(group, number)} of {last}",
                                    self.client, len(entries) - 1)

    def _seen(self, group, number):
        return self.seen.get((group, number), self.there.windows[group, self.user][number].first_seq - 1)

    def _entry(self, entry):
        kind = entry["kind"]
        if kind not in ("delivered", "joined", "left", "event", "mark"):
            return None
        number = self.there.window(entry["conv"], self.user, entry["pos"])
        if number is None:
            return "heard_outside", f"{kind} at pos {entry['pos']}, when this one was no member"
        if kind == "delivered":
            return self._delivered(entry, number)
        ended = kind == "left" and entry["user"] == self.user and entry["via"] == "live"
        if ended and entry["conn"] not in self.loaded:
            said = self.there.said_before(entry["conv"], entry["pos"])
            if self._seen(entry["conv"], number) != said:
                return "receiver_complete", f"saw {self._seen(entry['conv'], number)} of {said} before leaving"
        return None

    def _delivered(self, entry, number):
        group, seq = entry["conv"], entry["seq"]
        window, seen = self.there.windows[group, self.user][number], self._seen(group, number)
        stored = self.index.at.get((group, seq))
        if stored is None:
            return "receiver_real", f"seq {seq} came, and is not stored"
        if seq < window.first_seq:
            return "heard_outside", f"seq {seq} came, below {window.first_seq}"
        if any(stored[name] != entry[name] for name in ("client_id", "sender", "pos")):
            return "receiver_order", f"seq {seq} is another message for the server"
        if stored["hash"] != entry["hash"]:
            return "body", f"seq {seq} came with another body"
        if seq > seen + 1:
            return "receiver_order", f"seq {seq} came after {seen}"
        if seq <= seen and entry["conn"] not in self.loaded:
            return "receiver_once", f"seq {seq} came again"
        self.seen[group, number] = max(seen, seq)
        return None
