"""The checker: rules over a History, pure functions. `check` gives the first violated rule, or None."""
import collections

from .membership import Memberships, rule_inside, rule_joinings, rule_posted_inside
from .violation import Violation


class Index:
    """Look-ups over a history that several rules share."""

    def __init__(self, history):
        self.history = history
        self.stored = collections.defaultdict(list)   # (user, client_id) -> [(conversation, message)]
        for conversation, messages in history.dump.items():
            for message in messages:
                self.stored[message["sender"], message["client_id"]].append((conversation, message))
        self.at = {(conversation, message["seq"]): message
                   for conversation, messages in history.dump.items() for message in messages}
        self.memberships = Memberships(history)
        self.attempts = {}                            # (client, client_id) -> [(line, entry)] of outcomes
        self.invoked = {}                             # (user, client_id) -> (client, line, entry), the first
        for client, line, entry in self.lines("invoke", "ack", "rejected", "unknown"):
            key = (client, entry["client_id"])
            if entry["kind"] == "invoke":
                self.invoked.setdefault((history.users[client], entry["client_id"]), (client, line, entry))
                self.attempts.setdefault(key, [])
            else:
                self.attempts.setdefault(key, []).append((line, entry))

    def lines(self, *kinds):
        for client, entries in self.history.logs.items():
            for line, entry in enumerate(entries):
                if entry["kind"] in kinds:
                    yield client, line, entry


def rule_numbered(history, _index):
    """seq is 1..n without holes, pos grows with it, and the snapshot's last_seq is n."""
    for conversation, messages in history.dump.items():
        pos = 0
        for expected, message in enumerate(messages, 1):
            if message["seq"] != expected:
                yield Violation("seq_without_holes",
                                f"conversation {conversation} has {message['seq']} where {expected} belongs")
                return
            if message["pos"] <= pos:
                yield Violation("pos_grows_with_seq", f"conversation {conversation}, seq {expected}: "
                                f"pos {message['pos']} after {pos}")
            pos = message["pos"]
        if history.heads.get(conversation, len(messages)) != len(messages):
            yield Violation("seq_without_holes", f"conversation {conversation} holds {len(messages)}, its "
                            f"snapshot says {history.heads[conversation]}")


def rule_one_outcome(history, _index):
    """Every invoke of a client_id has exactly one outcome before the next one."""
    for client, entries in history.logs.items():
        open_ones = {}
        for line, entry in enumerate(entries):
            if entry["kind"] == "invoke":
                if entry["client_id"] in open_ones:
                    yield Violation("one_outcome", "invoked again before its outcome", client, line)
                open_ones[entry["client_id"]] = line
            elif entry["kind"] in ("ack", "rejected", "unknown"):
                if open_ones.pop(entry["client_id"], None) is None:
                    yield Violation("one_outcome", "a second outcome, or one of nothing", client, line)
        for line in open_ones.values():
            yield Violation("one_outcome", "never had an outcome", client, line)


def rule_acked(history, index):
    """Every acked message exists exactly once, with the acked seq and pos, where and as it was sent."""
    for client, line, entry in index.lines("ack"):
        user = history.users[client]
        found = index.stored.get((user, entry["client_id"]), [])
        if not found:
            yield Violation("acked_exists", f"{entry['client_id']} was acked and is lost", client, line)
        elif len(found) > 1:
            yield Violation("acked_once", f"message {entry['client_id']} stands there {len(found)} times: "
                            + ", ".join(f"{c} seq {m['seq']}" for c, m in found), client, line)
        else:
            conversation, message = found[0]
            sent = index.invoked.get((user, entry["client_id"]))
            place = (conversation, message["seq"], message["pos"])
            if place != (entry["conv"], entry["seq"], entry["pos"]):
                acked = (entry["conv"], entry["seq"], entry["pos"])
                yield Violation("acked_place", f"acked as {acked}, stored as {place}", client, line)
            elif sent is None or message["hash"] != sent[2]["hash"]:
                yield Violation("body", f"seq {message['seq']} is not what was sent", client, line)


def rule_rejected(history, index):
    """What was only ever rejected is absent; the reasons are those of a server in trouble."""
    for client, line, entry in index.lines("rejected"):
        if not _may_be_refused(history, index, history.users[client], entry):
            yield Violation("rejected_reason", f"a good message was refused as {entry['code']}", client, line)
    for (client, client_id), outcomes in index.attempts.items():
        if outcomes and all(entry["kind"] == "rejected" for _, entry in outcomes):
            if index.stored.get((history.users[client], client_id)):
                yield Violation("rejected_absent", f"{client_id} was rejected and is there", client,
                                outcomes[-1][0])


def _may_be_refused(history, index, user, entry):
    """Servers in trouble refuse, and groups whose sender is not a member all the time."""
    sent = index.invoked.get((user, entry["client_id"]))
    if entry["code"] == "not_found" and sent and sent[2]["conv"] in history.groups:
        windows = index.memberships.windows[sent[2]["conv"], user]
        return len(windows) != 1 or windows[0].begin > 0 or windows[0].end is not None
    return entry["code"] in ("overloaded", "too_many_requests", "storage_full")


def rule_unknown(history, index):
    """An unknown one is there 0 or 1 times before the resend, exactly once after; none stays unknown."""
    probed = {}
    for client, line, entry in index.lines("probe"):
        probed[client, entry["client_id"]] = entry
        if entry["count"] > 1:
            yield Violation("unknown_before", f"there {entry['count']} times before the resend", client, line)
    for (client, client_id), outcomes in index.attempts.items():
        if not any(entry["kind"] == "unknown" for _, entry in outcomes):
            continue
        line, last = outcomes[-1]
        count = len(index.stored.get((history.users[client], client_id), []))
        if last["kind"] == "unknown":
            yield Violation("unknown_resolved", f"{client_id} was never resent to an answer", client, line)
        elif last["kind"] == "rejected" and last["code"] == "not_found" and count:
            # The answer that is remembered goes before the look at the membership.
            yield Violation("rejected_absent", f"{client_id} is there, and its resend was refused", client, line)
        elif count > 1 or (last["kind"] == "ack" and count != 1):
            yield Violation("unknown_after", f"there {count} times after the resend", client, line)
        found = probed.get((client, client_id))
        if last["kind"] == "ack" and found and found["count"] == 1 and found["seq"] != last["seq"]:
            yield Violation("unknown_after", f"seen as seq {found['seq']} before the resend, answered as "
                            f"{last['seq']}", client, line)


def rule_known(history, index):
    """Nothing is stored that nobody sent, nothing twice, and bodies are as sent."""
    for (sender, client_id), found in index.stored.items():
        if len(found) > 1:
            yield Violation("stored_once", f"{client_id} of {sender} is there {len(found)} times")
        sent = index.invoked.get((sender, client_id))
        if sent is None:
            yield Violation("stored_was_sent", f"{client_id} of {sender} was sent by nobody")
        elif sent[2]["conv"] != found[0][0] or sent[2]["hash"] != found[0][1]["hash"]:
            yield Violation("body", f"{client_id} is stored with another body or elsewhere", sent[0], sent[1])


def rule_positions(history, _index):
    """Within a connection durable events come in strictly growing pos, none at or below the cursor."""
    for client, entries in history.logs.items():
        last = {}
        for line, entry in enumerate(entries):
            kind = entry["kind"]
            if kind == "connected":
                last[entry["conn"]] = entry["since"] if entry["resumed"] else entry["pos"]
                if entry["resumed"] and entry["pos"] < entry["since"]:
                    yield Violation("pos_grows", "resumed at a pos below its cursor", client, line)
            elif kind in ("delivered", "event", "mark", "joined", "left") and entry.get("via") != "history":
                before, last[entry["conn"]] = last[entry["conn"]], entry["pos"]
                if entry["pos"] <= before:
                    yield Violation("pos_grows", f"pos {entry['pos']} after {before}", client, line)
            elif kind == "caught_up" and entry["pos"] < last[entry["conn"]]:
                last_pos = last[entry["conn"]]
                yield Violation("pos_grows", f"caught up at {entry['pos']}, after {last_pos}", client, line)


def rule_receivers(history, index):
    """Every receiver saw every seq, in order, each once after dedup, as the server now shows it."""
    for client, conversations in history.receives.items():
        held = dict.fromkeys(conversations, 0)
        loaded = set()   # connections that loaded instead of resuming: an event may repeat what was loaded
        for line, entry in enumerate(history.logs[client]):
            if entry["kind"] == "connected" and not entry["resumed"]:
                loaded.add(entry["conn"])
            if entry["kind"] != "delivered" or entry["conv"] in history.groups:
                continue
            wrong = _delivery(entry, held, loaded, index)
            if wrong:
                rule, text = wrong
                yield Violation(rule, f"{entry['conv']} seq {entry['seq']}: {text}", client, line)
            held[entry["conv"]] = max(held.get(entry["conv"], 0), entry["seq"])
        for conversation in conversations:
            seen, stored = held[conversation], len(history.dump[conversation])
            if seen != stored:
                yield Violation("receiver_complete", f"conversation {conversation}: saw {seen} of {stored}",
                                client, len(history.logs[client]) - 1)


def _delivery(entry, held, loaded, index):
    """What is wrong with one delivery, as (rule, text), or None."""
    conversation, seq = entry["conv"], entry["seq"]
    stored = index.at.get((conversation, seq))
    if conversation not in held:
        return "receiver_member", "came to one who is no member"
    if seq > held[conversation] + 1:
        return "receiver_order", f"came after {held[conversation]}"
    if seq <= held[conversation] and entry["conn"] not in loaded:
        return "receiver_once", "came again"
    if stored is None:
        return "receiver_real", "came, and is not stored"
    if (stored["client_id"], stored["sender"]) != (entry["client_id"], entry["sender"]):
        return "receiver_order", "is another message for the server"
    if stored["hash"] != entry["hash"]:
        return "body", "came with another body"
    if stored["pos"] != entry["pos"]:
        return "acked_place", f"came at pos {entry['pos']}, is stored at {stored['pos']}"
    return None


def rule_read_your_writes(_history, index):
    """History asked for after an ack holds the message."""
    for client, line, entry in index.lines("read_back"):
        if not entry["found"]:
            yield Violation("read_your_writes", "it was acked, and history did not show it", client, line)


def rule_marks(history, index):
    """Marks never move back, never pass last_seq, and an answered one is still there."""
    seen = {}
    for client, line, entry in index.lines("mark", "mark_ack"):
        user = entry.get("user", history.users[client])
        key = (client, entry["kind"], entry["conv"], user, entry["what"])
        if entry["seq"] < seen.get(key, 0):
            yield Violation("marks_monotone", f"{entry['what']} went back from {seen[key]}", client, line)
        seen[key] = entry["seq"]
        if entry["conv"] in history.dump and entry["seq"] > len(history.dump[entry["conv"]]):
            yield Violation("marks_bounded", f"{entry['what']} passes the last message", client, line)
        now = history.marks.get(entry["conv"], {}).get(user, {}).get(entry["what"])
        if now is not None and now < entry["seq"]:
            yield Violation("marks_monotone", f"{entry['what']} of {user} is {now} at the end", client, line)


RULES = [rule_one_outcome, rule_read_your_writes, rule_acked, rule_unknown, rule_rejected, rule_known,
         rule_numbered, rule_positions, rule_joinings, rule_posted_inside, rule_inside, rule_receivers, rule_marks]


def check(history):
    """The first violation, or None when all rules hold."""
    index = Index(history)
    for rule in RULES:
        for violation in rule(history, index):
            return violation
    return None


def counts(history):
    """What the logs hold, in numbers: a run that saw nothing proves nothing."""
    number = collections.Counter(entry["kind"] for entries in history.logs.values() for entry in entries)
    number["stored"] = sum(len(messages) for messages in history.dump.values())
    number["resumed"] = sum(1 for entries in history.logs.values() for entry in entries
                            if entry["kind"] == "connected" and entry["resumed"])
    return dict(number)
