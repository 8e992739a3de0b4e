"""What a run leaves: one append-only log a client, the dump of the server, and both as files."""
import hashlib
import json
import os
import time

# Kinds of log lines and their fields, beside `t` (seconds, monotonic) and `kind`:
#   connected  conn, since, epoch, pos, resumed, reason      closed     conn, code
#   invoke     client_id, conv, hash                         ack        client_id, conv, seq, pos, duplicate
#   rejected   client_id, code                               unknown    client_id, why
#   delivered  conn, conv, seq, pos, client_id, sender, hash, via = live | sync | history
#   event      conn, pos, type, conv                         caught_up  conn, pos
#   joined     conn, pos, conv, user, first_seq              left       conn, pos, conv, user, via = live | sync
#   look       conv, user, member, floor, code, lowest: what the history answered one just let in or shut out
#   unheard    conv, user, member: a change that was answered, and of which no event came
#   mark       conn, conv, user, what, seq                   mark_ack   conv, what, seq
#   probe      client_id, conv, count, seq                   read_back  client_id, conv, seq, found, hash


def body_hash(body):
    """The short hash of a message's body, the same for every writer of the same JSON."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Log:
    """The append-only log of one client; `entries` in memory, a line each in the file when there is one."""

    def __init__(self, name, user, folder=None):
        self.name, self.user = name, user
        self.entries = []
        self._file = open(os.path.join(folder, name + ".log"), "a", encoding="utf-8") if folder else None

    def add(self, kind, **fields):
        entry = {"kind": kind, "t": round(time.monotonic(), 6), **fields}
        self.entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def close(self):
        if self._file:
            self._file.close()
            self._file = None


class History:
    """All that the checker needs, without a server.

    logs      {client: [entry]}
    users     {client: user id}
    receives  {client: [conversation]}: where this client was a member, and listened, the whole time
    dump      {conversation: [{seq, pos, client_id, sender, hash}]} in the order the server gave it
    heads     {conversation: last_seq as the snapshot said it}
    marks     {conversation: {user: {"read": seq, "delivered": seq}}} as the snapshot said it
    groups    {conversation: [user]}: those that are groups, with their first members"""

    def __init__(self, logs, users, receives, dump, heads, marks, groups=None):
        self.groups = groups or {}
        self.logs, self.users, self.receives = logs, users, receives
        self.dump, self.heads, self.marks = dump, heads, marks

    def save(self, folder):
        rest = {"users": self.users, "receives": self.receives, "dump": self.dump, "heads": self.heads,
                "marks": self.marks, "groups": self.groups}
        with open(os.path.join(folder, "server.json"), "w", encoding="utf-8") as file:
            json.dump(rest, file)

    @staticmethod
    def load(folder):
        with open(os.path.join(folder, "server.json"), encoding="utf-8") as file:
            rest = json.load(file)
        logs = {}
        for client in rest["users"]:
            with open(os.path.join(folder, client + ".log"), encoding="utf-8") as file:
                logs[client] = [json.loads(line) for line in file]
        return History(logs, **rest)
