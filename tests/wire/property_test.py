#!/usr/bin/python3
"""The property of the whole server: a client that holds an old snapshot and applies the events, live or
resumed at any point, holds what a fresh snapshot holds. Random operations from a printed seed, a small ring
and horizon, so that resumes from the ring, from the journal, and resets all happen. In groups members come, go and
come again; who has left hears nothing, and who is there nothing from before."""
import copy
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import kith  # noqa: E402  (its folder is put on the path above)
import verdict  # noqa: E402

SETTINGS = ["journal.ring=64", "journal.horizon_seconds=5", "journal.prune_seconds=1"]
SECONDS = float(os.environ.get("KITH_SECONDS", "45"))
AWAY_SECONDS = 8             # more than the horizon and a round of pruning
USERS = 4
CLIENTS_EACH = 2
LEFT_OUT = {"presence", "last_seen"}
GROUPS_AT_ONCE = 3           # operations go to the newest groups: one that nobody is left in stays dead
REFUSED = (403, 404)         # what an operation in a group may be told, whose members have changed meanwhile


class Differs(verdict.Fail):
    """What a client holds is not what a fresh snapshot holds."""


def without_presence(value):
    if isinstance(value, dict):
        return {name: without_presence(item) for name, item in value.items() if name not in LEFT_OUT}
    if isinstance(value, list):
        return [without_presence(item) for item in value]
    return value


class Counted:
    """An unread count that was told, and which messages it holds: those below a position or up to a number."""

    def __init__(self, unread, below_pos=0, up_to_seq=0):
        self.unread, self.below_pos, self.up_to_seq = unread, below_pos, up_to_seq

    def now(self, messages, me):
        return self.unread + sum(1 for message in messages.values() if message["sender"] != me
                                 and message["pos"] > self.below_pos and message["seq"] > self.up_to_seq)


def roster_of(http, group):
    """{user: (role, joined_at)} of a group; None for who is no member of it."""
    try:
        return {item["user"]["id"]: (item["role"], item["joined_at"])
                for item in http.all(f"/groups/{group}/members?limit=2")}
    except kith.Refused as error:
        verdict.expect(error.status == 404, f"the members were refused with {error.status}")
        return None


class State:
    """What a client holds: itself, its conversations, all their messages, the members of its groups (None while they
    are to be loaded). `apply` is all of its logic."""

    def __init__(self, me, conversations, messages, rosters):
        self.me = me
        self.rosters = rosters                   # {group: {user: (role, joined_at)}}
        self.left = set()                        # groups of which nothing more may come
        self.conversations = {item["id"]: item for item in conversations}
        self.messages = messages                 # {conversation: {seq: message}}
        self.counted = {item["id"]: Counted(item["unread"], up_to_seq=item["last_seq"]) for item in conversations}

    @staticmethod
    def fresh(http):
        """(epoch, pos, State) of a snapshot and the histories."""
        sync = without_presence(http.get("/sync").body)
        messages, rosters = {}, {}
        for item in sync["conversations"]:
            try:
                messages[item["id"]] = {m["seq"]: without_presence(m) for m in http.history(item["id"])}
            except kith.Refused as error:        # left meanwhile: the event of it is on its way
                verdict.expect((error.status, item["kind"]) == (404, "group"), f"a history was refused: {error}")
            if item["kind"] == "group":
                rosters[item["id"]] = roster_of(http, item["id"])
        return sync["epoch"], sync["pos"], State(sync["me"], sync["conversations"], messages, rosters)

    def apply(self, kind, data, pos):
        data = without_presence(data)
        family, what = kind.split(".")
        about = data.get("conversation") or data.get("id")
        own = family == "member" and data["member"]["user"]["id"] == self.me["id"]
        # One who came back and left again between two looks hears of the last leaving only.
        if about in self.left and not (own and what in ("joined", "left")):
            raise Differs(f"{kind} of {about}, which was left")
        if family == "message":
            here = self.conversations.get(about)
            if here and data["seq"] < here["first_seq"]:
                raise Differs(f"{kind} of seq {data['seq']}, which is below {here['first_seq']}")
            self.messages.setdefault(data["conversation"], {})[data["seq"]] = data
            here = self.conversations.get(data["conversation"])
            if here and data["seq"] > here["last_seq"]:
                here["last_seq"] = data["seq"]
                here["settings"]["hidden"] = False    # until the next message: also one that was recalled by now
        elif kind in ("conversation.created", "conversation.settings"):
            old = self.conversations.get(data["id"])
            if old and old["first_seq"] != data["first_seq"]:
                raise Differs(f"{kind} begins at {data['first_seq']}, held from {old['first_seq']} on, and nobody joined")
            self.counted[data["id"]] = Counted(data["unread"], up_to_seq=data["last_seq"])
            self.conversations[data["id"]] = self._merged(data)
        elif kind in ("conversation.read", "conversation.delivered"):
            self._mark(data, what, pos)
        elif kind == "conversation.updated":
            if data["id"] in self.conversations:
                self.conversations[data["id"]].update(data)
        elif family == "member":
            self._member(data, what, own)
        elif kind == "user.updated":
            self.me = data
        elif kind == "card.updated":
            self._card(data)
        elif kind != "session.revoked":
            raise verdict.Fail(f"an event of unknown type {kind}")

    def _member(self, data, what, own):
        group, member = data["conversation"], data["member"]
        verdict.expect((data["first_seq"] is None) == (what == "left"), f"first_seq in member.{what}: {data}")
        if own and what != "changed":            # a joining begins anew, a leaving ends all
            self.conversations.pop(group, None)
            self.messages.pop(group, None)
            self.counted.pop(group, None)
            self.rosters.pop(group, None)
            self.left.discard(group) if what == "joined" else self.left.add(group)
            if what == "joined":
                self.rosters[group] = None
            return
        roster = self.rosters.get(group)
        if roster is not None and what == "left":
            roster.pop(member["user"]["id"], None)
        elif roster is not None:
            roster[member["user"]["id"]] = (member["role"], member["joined_at"])
        if own and group in self.conversations:
            self.conversations[group]["group"]["role"] = member["role"]

    def _merged(self, data):
        old = self.conversations.get(data["id"])
        for name in ("read_seq", "delivered_seq", "peer_read_seq", "peer_delivered_seq", "last_seq"):
            if old and old[name] is not None and old[name] > data[name]:
                data[name] = old[name]
        return data

    def _mark(self, data, what, pos):
        here = self.conversations.get(data["conversation"])
        if here:
            user = data["user"]["id"] if isinstance(data["user"], dict) else data["user"]
            own_read = user == self.me["id"] and what == "read"
            verdict.expect(("unread" in data) == own_read, f"unread is told with one's own read mark alone: {data}")
            if own_read:
                self.counted[data["conversation"]] = Counted(data["unread"], below_pos=pos)
            name = ("" if user == self.me["id"] else "peer_") + what + "_seq"
            here[name] = max(here[name], data["seq"])

    def _card(self, data):
        for here in self.conversations.values():
            if here["peer"] and here["peer"]["id"] == data["id"]:
                if here["title"] == here["peer"]["nickname"] and "nickname" in data:
                    here["title"] = data["nickname"]
                here["peer"].update(data)

    def whole(self):
        """All of it as one plain value, with what a client derives from its messages."""
        conversations = copy.deepcopy(self.conversations)
        for name, here in conversations.items():
            messages = self.messages.get(name, {})
            here["last_seq"] = max(messages, default=here["first_seq"] - 1)
            here["last_message"] = messages.get(here["last_seq"])
            # What was told and counted on; a client that holds all messages could also count them by the mark.
            here["unread"] = self.counted[name].now(messages, self.me["id"])
        return {"me": self.me, "conversations": conversations, "rosters": self.rosters,
                "messages": {name: items for name, items in self.messages.items() if items}}


def difference(left, right, path=""):
    """The first place where two values differ, as text; None when equal."""
    if type(left) is not type(right):
        return f"{path}: held {left!r}, fresh {right!r}"
    if isinstance(left, dict):
        for name in sorted(set(left) | set(right), key=str):
            if name not in left or name not in right:
                return f"{path}/{name}: only {'held' if name in left else 'fresh'}"
            found = difference(left[name], right[name], f"{path}/{name}")
            if found:
                return found
        return None
    return None if left == right else f"{path}: held {left!r}, fresh {right!r}"


class Client:
    """One device: a session, a socket that comes and goes, a State and a cursor that stay."""

    def __init__(self, name, world, user, numbers):
        self.name, self.world, self.user, self.numbers = name, world, user, numbers
        self.person = kith.sign_in(world.server, user.username, user.password, name)
        self.ws, self.cursor, self.state = None, None, None
        self.trail = []                          # the last events, for the report
        self.left_at = 0.0

    def connect(self):
        """Resumes until it is caught up. A replay that pruning overtakes ends in a close: then once more."""
        for _ in range(3):
            if self.resume():
                return
            self.numbers["overtaken"] = self.numbers.get("overtaken", 0) + 1
        raise verdict.Fail(f"{self.name}: three resumes in a row were closed before they had caught up")

    def resume(self):
        """Resumes, or starts afresh where the server says so; the session is renewed when it was revoked.
        False when the connection was closed on the way."""
        try:
            self.ws = kith.Socket(self.world.server.url, self.person, since=self.cursor)
        except (kith.Closed, kith.Refused) as ended:
            verdict.expect(ended.code in (4001, "unauthenticated"), f"{self.name}: hello ended with {ended.code}")
            self.person = kith.sign_in(self.world.server, self.user.username, self.user.password, self.name)
            self.ws = kith.Socket(self.world.server.url, self.person, since=self.cursor)
        hello = self.ws.hello
        self.last_pos = self.cursor["pos"] if hello["resumed"] else hello["pos"]
        if hello["resumed"]:
            self.numbers["resumed"] += 1
            self.catching_up = True
            end = time.monotonic() + 10
            while self.catching_up:
                verdict.expect(time.monotonic() < end, f"{self.name}: not caught up within 10 s")
                if not self.pump(0.05):
                    return False
        else:
            reason = hello.get("reason")
            self.numbers[reason] = self.numbers.get(reason, 0) + 1
            self.trail = [f"reset: {reason}"]
            self.catching_up = False
            epoch, pos, self.state = State.fresh(self.person.http)
            self.cursor = {"epoch": epoch, "pos": pos}
        return True

    def disconnect(self):
        if self.ws:
            self.ws.cut()
            self.ws = None
            self.left_at = time.monotonic()

    def pump(self, timeout=0.0):
        """Applies what has come. False when the connection is over."""
        try:
            for frame in self.ws.poll(timeout):
                self.take(frame)
            return True
        except kith.Closed as closed:
            expected = closed.code == 4001 or self.catching_up
            verdict.expect(expected, f"{self.name}: closed with {closed.code}")
            self.disconnect()
            return False

    def take(self, frame):
        pos, kind = frame.get("pos"), frame["type"]
        if kind == "caught_up":
            self.catching_up = False
            self.cursor["pos"] = max(self.cursor["pos"], pos)
            return
        if pos is None:
            return
        verdict.expect(pos > self.last_pos, f"{self.name}: {kind} at pos {pos} after {self.last_pos}")
        self.last_pos = pos
        if pos <= self.cursor["pos"]:
            return                               # came while the snapshot was loaded, and is in it
        via = "resumed" if self.catching_up else "live"
        self.trail = self.trail[-11:] + [f"{pos} {kind} {via} {frame['data']}"]
        self.state.apply(kind, frame["data"], pos)
        for group, roster in self.state.rosters.items():
            if roster is None:
                self.state.rosters[group] = roster_of(self.user.http.clone(), group)
        self.cursor["pos"] = pos
        self.numbers["events"] += 1

    def until(self, condition, what, timeout=10):
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() >= end:   # an event that does not come is the plainest difference
                raise Differs(f"{self.name}: no {what} within {timeout} s")
            if not self.pump(0.05):
                raise verdict.Fail(f"{self.name}: the connection ended while waiting for {what}")

    def compare(self):
        """Held against fresh. The barrier is a draft of one's own: what came before it is applied by then."""
        if not self.ws or not self.pump():
            self.connect()
        token = f"barrier {self.world.rng.getrandbits(40):x}"
        place = min(name for name, here in self.state.conversations.items() if here["kind"] == "direct")
        self.user.http.patch(f"/conversations/{place}/settings", {"draft": token})
        self.until(lambda: self.state.conversations[place]["settings"]["draft"] == token, "draft's event")
        fresh = State.fresh(self.user.http)[2]
        held = self.state.whole()
        for name, item in fresh.conversations.items():
            last = max(fresh.messages[name], default=item["first_seq"] - 1)
            verdict.expect(item["last_seq"] == last, f"the history ends at {last}: {item}")
        now = {"me": fresh.me, "conversations": fresh.conversations, "rosters": fresh.rosters,
               "messages": {name: items for name, items in fresh.messages.items() if items}}
        found = difference(held, now)
        trail = "\n    ".join(self.trail)
        if found:
            raise Differs(f"{self.name}: {found}; its last events:\n    {trail}")
        self.numbers["compared"] += 1


class World:
    """The server, its users, and the random operations."""

    def __init__(self, server, seed, numbers):
        self.server, self.rng, self.numbers = server, random.Random(seed), numbers
        self.users = kith.people(server, USERS)
        self.talks = {}                          # conversation -> (user, user)
        for one, two in zip(self.users, self.users[1:]):
            self.open_direct(one, two)
        self.clients = [Client(f"{user.username}/{n}", self, user, numbers) for user in self.users
                        for n in range(CLIENTS_EACH)]
        self.sent = {}                           # conversation -> [(seq, sender)]
        self.groups = []
        for one in self.users[:GROUPS_AT_ONCE]:
            self.make_group(self.rng, one)

    def open_direct(self, one, two):
        conversation = one.http.put(f"/direct/{two.id}").body["id"]
        self.talks[conversation] = (one, two)

    def make_group(self, rng, owner):
        people = [user.id for user in rng.sample(self.users, rng.randint(0, USERS))]
        answer = owner.http.post("/groups", {"name": f"group {rng.getrandbits(20)}", "members": people})
        self.groups.append(answer.body["id"])

    def operation(self, rng):
        """One random operation through the public API."""
        if rng.random() < 0.5:
            self.operation_in_group(rng)
        else:
            self.operation_in_direct(rng)

    def operation_in_group(self, rng):
        """By anyone, member or not: what becomes of it is the server's to judge."""
        group, (user, other) = rng.choice(self.groups[-GROUPS_AT_ONCE:]), rng.sample(self.users, 2)
        here, path, sent = f"/conversations/{group}", f"/groups/{group}", self.sent.setdefault(group, [])
        kind = rng.choices(["group_send", "group_recall", "group_read", "group_settings", "invite", "leave_group",
                            "remove", "rename", "make_group"], [40, 8, 10, 8, 16, 5, 3, 3, 0.5])[0]
        answer = None
        if kind == "group_send":
            answer = user.http.post(here + "/messages", kith.text_message(f"text {rng.getrandbits(30)}", kith.uuid7(rng)),
                                    check=False)
            if answer.status == 201:
                sent.append((answer.body["seq"], user))
        elif kind == "group_recall" and sent:
            seq, sender = rng.choice(sent)
            answer = sender.http.delete(f"{here}/messages/{seq}", check=False)
        elif kind == "group_read" and sent:
            answer = user.http.put(f"{here}/{rng.choice(['read', 'delivered'])}", {"seq": rng.choice(sent)[0]}, check=False)
        elif kind == "group_settings":
            answer = user.http.patch(here + "/settings", rng.choice([
                {"pinned": rng.random() < 0.5}, {"draft": f"draft {rng.getrandbits(20)}"}, {"hidden": True}]), check=False)
        elif kind == "invite":
            answer = user.http.post(path + "/invitations", {"users": [other.id]}, check=False)
        elif kind == "leave_group":
            answer = user.http.post(path + "/leave", check=False)
        elif kind in ("remove", "rename"):       # one of them may be the owner
            for user in rng.sample(self.users, USERS):
                if kind == "rename":
                    answer = user.http.patch(path, {"name": f"name {rng.getrandbits(20)}"}, check=False)
                elif user is not other:
                    answer = user.http.delete(f"{path}/members/{other.id}", check=False)
                if answer and answer.status < 300:
                    break
        elif kind == "make_group":
            self.make_group(rng, user)
        good = answer is None or answer.status < 300
        verdict.expect(good or answer.status in REFUSED, f"{kind} ended with {answer and answer.status}")
        self.numbers[kind] = self.numbers.get(kind, 0) + (1 if good else 0)

    def operation_in_direct(self, rng):
        conversation = rng.choice(sorted(self.talks))
        user = rng.choice(self.talks[conversation])
        path, sent = f"/conversations/{conversation}", self.sent.setdefault(conversation, [])
        kind = rng.choices(["send", "recall", "read", "delivered", "settings", "profile", "open_direct"],
                           [40, 10, 12, 8, 12, 8, 3])[0]
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        if kind == "send":
            body = kith.text_message(f"text {rng.getrandbits(30)} · 你好", kith.uuid7(rng))
            sent.append((user.http.post(path + "/messages", body).body["seq"], user))
        elif kind == "recall" and sent:
            seq, sender = rng.choice(sent)
            sender.http.delete(f"{path}/messages/{seq}", check=False)   # twice is the server's to judge
        elif kind in ("read", "delivered") and sent:
            user.http.put(f"{path}/{kind}", {"seq": rng.choice(sent)[0]})
        elif kind == "settings":
            user.http.patch(path + "/settings", rng.choice([
                {"pinned": rng.random() < 0.5}, {"notify": rng.choice(["all", "mentions", "none"])},
                {"draft": f"draft {rng.getrandbits(20)}"}, {"hidden": rng.random() < 0.7},
                {"muted_until": rng.choice([None, "2031-05-06T07:08:09.000Z"])}]))
        elif kind == "profile":
            user.http.patch("/users/me", rng.choice([{"nickname": f"nick {rng.getrandbits(20)}"},
                                                     {"bio": f"bio {rng.getrandbits(20)}"}]))
        elif kind == "open_direct":
            self.open_direct(*rng.sample(self.users, 2))

    def burst(self, count):
        """Operations from another thread; the caller then calls what this gives, to join them."""
        rng, errors = random.Random(self.rng.getrandbits(64)), []

        def work():
            try:
                for _ in range(count):
                    self.operation(rng)
            except BaseException as error:
                errors.append(error)
        thread = threading.Thread(target=work, daemon=True)
        thread.start()

        def join():
            thread.join(30)
            if errors:
                raise errors[0]
            verdict.expect(not thread.is_alive(), "a burst did not end")
        return join

    def change_password(self):
        """All other sessions of the user end, and their sockets within a second."""
        user = self.rng.choice(self.users)
        new = f"another password {self.rng.getrandbits(30)}"
        user.http.put("/users/me/password", {"old": user.password, "new": new})
        user.password = new
        self.expect_closed([client for client in self.clients if client.user is user])
        self.numbers["password"] = self.numbers.get("password", 0) + 1

    def revoke_session(self):
        client = self.rng.choice(self.clients)
        client.user.http.delete(f"/sessions/{client.person.session['session']['id']}", check=False)
        self.expect_closed([client])
        self.numbers["revoked"] = self.numbers.get("revoked", 0) + 1

    @staticmethod
    def expect_closed(clients):
        end = time.monotonic() + 2
        for client in clients:
            while client.ws and client.pump(0.05):
                verdict.expect(time.monotonic() < end, f"{client.name}: revoked, and its socket is open")

    def step(self):
        rng = self.rng
        kind = rng.choices(["operation", "leave", "come", "compare", "storm", "password", "revoke"],
                           [70, 6, 6, 3, 2, 0.4, 0.8])[0]
        client = rng.choice(self.clients[:-1])   # the last one sleeps and wakes in body()
        if kind == "operation":
            self.operation(rng)
        elif kind == "leave":
            client.disconnect()
        elif kind == "come" and not client.ws:
            client.connect()
        elif kind == "compare" and (client.ws or time.monotonic() - client.left_at > 7 or rng.random() < 0.5):
            client.compare()
        elif kind == "storm":
            join = self.burst(40)
            for one in rng.sample(self.clients[:-1], 4):
                one.disconnect()
                one.connect()
            join()
        elif kind == "password":
            self.change_password()
        elif kind == "revoke":
            self.revoke_session()
        for one in self.clients:
            if one.ws:
                one.pump(0.0001)


def body(seed, seconds=SECONDS, settings=(), env=None):
    numbers = {"events": 0, "compared": 0, "resumed": 0}
    with kith.Server(settings=[*SETTINGS, *settings], env=env) as server:
        world = World(server, seed, numbers)
        for client in world.clients:
            client.connect()
        sleeper, end = world.clients[-1], time.monotonic() + seconds
        while time.monotonic() < end:
            world.step()
            if sleeper.ws and time.monotonic() < end - AWAY_SECONDS - 2:
                sleeper.disconnect()             # one is always away for long, so that the journal forgets it
            elif not sleeper.ws and time.monotonic() - sleeper.left_at > AWAY_SECONDS:
                sleeper.compare()
        for client in world.clients:
            client.compare()
        for client in world.clients:
            client.disconnect()
        verdict.expect(numbers.get("too_old"), f"no cursor was ever too old: {numbers}")
        enough = numbers["resumed"] and numbers["compared"] > len(world.clients)
        verdict.expect(enough, f"too little happened: {numbers}")
        verdict.expect(server.stop() == 0, "SIGTERM did not end in 0")
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items()))


if __name__ == "__main__":
    verdict.main("old snapshot + events = fresh snapshot", body, int(SECONDS) + 90)
