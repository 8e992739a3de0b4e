"""The clients of the oracle: they send, listen, reconnect, resume and log. Each is one thread."""
import json
import threading
import time

import kith

from .history import body_hash

ANSWER_SECONDS = 15       # without an answer for so long the outcome is unknown and the connection dropped
RETRY_SECONDS = 0.03
# Errors that say the request was not carried out, and that asking again later may help.
RETRIED = {"overloaded", "too_many_requests", "storage_full"}
TROUBLE = (OSError, kith.Refused, kith.http.client.HTTPException)


def user_id(value):
    """The id of a user that may stand as an id or as a whole object."""
    return value["id"] if isinstance(value, dict) else value


class Message:
    """One message on its way: `low` is the highest seq known of its conversation before it was first sent."""

    def __init__(self, client_id, conversation, body, low):
        self.client_id, self.conversation, self.body, self.low = client_id, conversation, body, low
        self.again = False           # it was sent before, and that outcome is unknown


class Sender(threading.Thread):
    """What every client has: a log, conversations to send to, unknown outcomes to settle, a way to stop."""

    def __init__(self, name, person, conversations, rng, log, body_size, rate):
        super().__init__(name=name, daemon=True)
        self.person, self.conversations, self.rng, self.log = person, conversations, rng, log
        self.body_size, self.rate = body_size, rate
        self.next_send = 0.0
        self.held = dict.fromkeys(conversations, 0)          # the highest seq known of each conversation
        self.groups = set()                                  # those it is a member of, as far as it knows
        self.http = person.http.clone()
        self.sending = threading.Event()
        self.stopping = threading.Event()
        self.settled = False         # as its own thread saw it: the load is off and nothing is under way
        self.unknown = {}            # client_id -> Message
        self.number = 0
        self.acked = 0
        self.error = None

    def run(self):
        try:
            self.loop()
        except BaseException as error:  # a fault of the oracle itself: the run reports it
            self.error = error
            raise
        finally:
            self.log.close()
            self.http.close()

    def may_send(self):
        """Whether the load is on and the rate (messages a second) allows one more now."""
        now = time.monotonic()
        if not self.sending.is_set() or now < self.next_send:
            return False
        self.next_send = max(self.next_send + 1 / self.rate, now - 0.1)
        self.settled = False
        return True

    def settle(self):
        """Called by its own thread between two steps: only there can it know that nothing is half done."""
        self.settled = not self.sending.is_set() and not self.unknown and self.at_rest()

    def at_rest(self):
        """What more a kind of client needs to be settled."""
        return True

    def new_message(self):
        self.number += 1
        conversation = self.rng.choice(self.conversations + sorted(self.groups))
        text = f"{self.name} {self.number} " + "·" * self.rng.randint(0, self.body_size)
        return Message(kith.uuid7(self.rng), conversation, {"text": text}, self.held.get(conversation, 0))

    def invoke(self, message):
        self.log.add("invoke", client_id=message.client_id, conv=message.conversation,
                     hash=body_hash(message.body))

    def took(self, message, data):
        self.acked += 1
        held = self.held.get(message.conversation, 0)
        self.held[message.conversation] = max(held, self.known_from(data["seq"]))
        self.log.add("ack", client_id=message.client_id, conv=message.conversation, seq=data["seq"],
                     pos=data["pos"], duplicate=bool(data.get("duplicate")))

    def known_from(self, _seq):
        """What an ack tells about the seqs that this client holds: nothing for one that listens."""
        return 0

    def failed(self, message, code):
        """An error answer. Where an earlier try may have done it, it stays to be settled."""
        if code == "outcome_unknown":
            self.lost(message, code)
            return
        self.log.add("rejected", client_id=message.client_id, code=code)
        if message.again and code in RETRIED:
            self.unknown[message.client_id] = message

    def lost(self, message, why):
        self.log.add("unknown", client_id=message.client_id, why=why)
        message.again = True
        self.unknown[message.client_id] = message

    def probe(self, message):
        """How often the history holds an unknown one, before it is sent again. Who has been put out of a group finds no
        history: the resend tells."""
        try:
            items = self.http.history(message.conversation, after=message.low)
        except kith.Refused as refused:
            if refused.code == "not_found" and message.conversation not in self.conversations:
                return
            raise
        found = [item for item in items
                 if item["client_id"] == message.client_id and user_id(item["sender"]) == self.person.id]
        self.log.add("probe", client_id=message.client_id, conv=message.conversation, count=len(found),
                     seq=found[0]["seq"] if found else None)


class HttpClient(Sender):
    """Sends by HTTP, one request at a time. It keeps the status and code of every answer in `answers`."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.answers = []            # (time, status or None, code)

    def known_from(self, seq):
        return seq

    def loop(self):
        while not self.stopping.is_set():
            self.settle()
            if self.unknown:
                message = next(iter(self.unknown.values()))
                try:
                    self.probe(message)
                except TROUBLE:
                    self.stopping.wait(RETRY_SECONDS * 3)
                    continue
                del self.unknown[message.client_id]
                self.post(message)
            elif self.may_send():
                self.post(self.new_message())
            else:
                self.stopping.wait(RETRY_SECONDS / 10)

    def post(self, message):
        self.invoke(message)
        body = {"client_id": message.client_id, "kind": "text", "body": message.body}
        try:
            answer = self.http.post(f"/conversations/{message.conversation}/messages", body, check=False,
                                    timeout=ANSWER_SECONDS)
        except TROUBLE:
            self.answers.append((time.monotonic(), None, None))
            self.lost(message, "disconnect")
            self.stopping.wait(RETRY_SECONDS)
            return
        self.answers.append((time.monotonic(), answer.status, answer.code))
        if answer.status < 300:
            self.took(message, answer.body)
        else:
            self.failed(message, answer.code)
            self.stopping.wait(RETRY_SECONDS)


class SocketClient(Sender):
    """Sends and listens by WebSocket; after every break it resumes from its cursor. `hang_ups` and `read_backs` are chances:
    to go without hearing the answer to what was just sent, and to ask the history for what was just answered."""

    def __init__(self, *arguments, window=4, marks=True, hang_ups=0.0, read_backs=0.03):
        super().__init__(*arguments)
        self.window, self.marks, self.hang_ups, self.read_backs = window, marks, hang_ups, read_backs
        self.ws = None
        self.conn = 0
        self.cursor = None                                   # {"epoch", "pos"}
        self.pending = {}                                    # request id -> what it was
        self.via = "live"
        self.drop_below = 0
        self.caught_up = False
        self.limit_until = 0.0

    def at_rest(self):
        return self.ws is not None and self.caught_up and not self.pending

    def loop(self):
        while not self.stopping.is_set():
            self.settle()
            try:
                if self.ws is None:
                    self.connect()
                for frame in self.ws.poll(0.01):
                    self.take(frame)
                self.expire()
                if self.caught_up:
                    self.speak()
            except (kith.Closed, kith.Timeout, *TROUBLE) as error:
                self.drop(error)
                self.stopping.wait(RETRY_SECONDS)
        self.drop(None)

    def connect(self):
        ws = kith.Socket(self.person.url)
        try:
            hello = ws.say_hello(self.person, self.cursor)
        except BaseException:
            ws.cut()
            raise
        self.ws, self.conn = ws, self.conn + 1
        resumed = bool(hello["resumed"])
        self.log.add("connected", conn=self.conn, since=self.cursor["pos"] if self.cursor else None,
                     epoch=hello["epoch"], pos=hello["pos"], resumed=resumed, reason=hello.get("reason"))
        self.via = "sync" if resumed else "live"
        self.caught_up = not resumed
        self.drop_below = 0
        if not resumed:
            self.cursor = None
            self.load()

    def load(self):
        """The state afresh: the snapshot's position, then what the histories hold above what is known."""
        state = self.http.get("/sync").body
        self.groups = {item["id"] for item in state["conversations"] if item["kind"] == "group"}
        for conversation in self.conversations + sorted(self.groups):
            try:
                items = self.http.history(conversation, after=self.held.get(conversation, 0))
            except kith.Refused as refused:
                if refused.code != "not_found" or conversation in self.conversations:
                    raise
                continue                                     # put out meanwhile: the event of it is on its way
            for item in items:
                self.delivered(item, None, "history")
        self.drop_below = state["pos"]
        self.cursor = {"epoch": state["epoch"], "pos": state["pos"]}

    def drop(self, error):
        """The connection is over: what has no answer is unknown."""
        if self.ws is None:
            return
        self.ws.cut()
        self.ws = None
        self.caught_up = False
        self.log.add("closed", conn=self.conn, code=getattr(error, "code", None))
        for what in self.pending.values():
            if what[0] == "send":
                self.lost(what[1], "timeout" if isinstance(error, kith.Timeout) else "disconnect")
        self.pending = {}

    def expire(self):
        if self.pending:
            first = next(iter(self.pending.values()))
            if time.monotonic() - first[-1] > ANSWER_SECONDS:
                raise kith.Timeout("no answer")

    def speak(self):
        if self.unknown and time.monotonic() >= self.limit_until:
            for message in list(self.unknown.values()):
                self.probe(message)
                del self.unknown[message.client_id]
                self.send(message)
        elif time.monotonic() >= self.limit_until:
            while len(self.pending) < self.window and self.may_send():
                self.send(self.new_message())

    def send(self, message):
        self.invoke(message)
        try:
            number = self.ws.send("message.send", {"conversation": message.conversation, "kind": "text",
                                                   "client_id": message.client_id, "body": message.body})
        except kith.Closed:
            self.lost(message, "disconnect")
            raise
        self.pending[number] = ("send", message, time.monotonic())
        if self.rng.random() < self.hang_ups:
            self.ws.hang_up()
            raise kith.Closed(None, "by ourselves")

    def take(self, frame):
        if "id" in frame:
            self.answered(frame)
            return
        kind, pos, data = frame["type"], frame.get("pos"), frame.get("data")
        if kind == "caught_up":
            self.log.add("caught_up", conn=self.conn, pos=pos)
            self.cursor["pos"] = max(self.cursor["pos"], pos)
            self.via, self.caught_up = "live", True
            return
        if pos is None:
            return
        mine = pos > self.drop_below and kind == "message.created"
        if mine:
            self.delivered(data, pos, self.via)
        elif kind in ("conversation.read", "conversation.delivered"):
            self.log.add("mark", conn=self.conn, pos=pos, conv=data["conversation"],
                         user=user_id(data["user"]), what=kind.split(".")[1], seq=data["seq"])
        elif kind in ("member.joined", "member.left"):
            self.member(kind, pos, data)
        else:
            self.log.add("event", conn=self.conn, pos=pos, type=kind, conv=data.get("conversation") or data.get("id"))
        # What is held and the cursor move together; only then is anything sent, for that may find the socket closed.
        self.cursor["pos"] = max(self.cursor["pos"], pos)
        if mine:
            self.mark_it(data)

    def member(self, kind, pos, data):
        conversation, user = data["conversation"], user_id(data["member"]["user"])
        if kind == "member.left":
            self.log.add("left", conn=self.conn, pos=pos, conv=conversation, user=user, via=self.via)
        else:
            self.log.add("joined", conn=self.conn, pos=pos, conv=conversation, user=user, first_seq=data["first_seq"])
        if user == self.person.id and pos > self.drop_below:
            if kind == "member.left":
                self.groups.discard(conversation)
            else:
                self.groups.add(conversation)
                self.held[conversation] = data["first_seq"] - 1

    def delivered(self, item, pos, via):
        conversation, seq = item["conversation"], item["seq"]
        self.log.add("delivered", conn=self.conn, conv=conversation, seq=seq, pos=pos or item["pos"],
                     client_id=item["client_id"], sender=user_id(item["sender"]),
                     hash=body_hash(item["body"]), via=via)
        self.held[conversation] = max(self.held.get(conversation, 0), seq)

    def mark_it(self, item):
        chance = self.rng.random()
        if not self.marks or chance > 0.1 or not self.sending.is_set():
            return
        what = "read" if chance < 0.05 else "delivered"
        number = self.ws.send("message." + what, {"conversation": item["conversation"], "seq": item["seq"]})
        self.pending[number] = ("mark", item["conversation"], what, time.monotonic())

    def answered(self, frame):
        what = self.pending.pop(frame["id"], None)
        if what is None:
            raise AssertionError("an answer to nothing, or a second one: " + json.dumps(frame))
        ok, data = frame.get("ok"), frame.get("data")
        code = (frame.get("error") or {}).get("code")
        if what[0] == "mark":
            if ok:
                self.log.add("mark_ack", conv=what[1], what=what[2], seq=data["seq"])
        elif ok:
            self.took(what[1], data)
            if self.rng.random() < self.read_backs and what[1].conversation in self.conversations:
                self.read_back(what[1].client_id, what[1].conversation, data["seq"])
        else:
            self.failed(what[1], code)
            # A refused client waits a little, so that a full disk does not fill its log.
            self.limit_until = time.monotonic() + RETRY_SECONDS * 3

    def read_back(self, client_id, conversation, seq):
        """Read-your-writes: history asked for after the ack."""
        try:
            path = f"/conversations/{conversation}/messages?after={seq - 1}&limit=1"
            items = self.http.get(path).body["items"]
        except TROUBLE:
            return   # the server went away meanwhile: nothing was answered, nothing is known
        good = bool(items) and items[0]["seq"] == seq and items[0]["client_id"] == client_id
        self.log.add("read_back", client_id=client_id, conv=conversation, seq=seq, found=good)


class Usher(SocketClient):
    """The owner of all groups: lets clients in and puts them out, one change after another, and looks each time at what
    the one concerned can read. Hears everything, for an owner is always there."""

    SECONDS_BETWEEN = 0.05

    def __init__(self, *arguments, groups, guests, **more):
        super().__init__(*arguments, **more)
        self.groups = set(groups)
        self.inside = {group: set(began) for group, began in groups.items()}
        self.guests = guests                     # {user: person}
        self.acting = None                       # (group, user, joins, floor) until it was answered and heard
        self.answered_it = self.heard_it = False
        self.next_act = 0.0
        self.changes = 0

    def at_rest(self):
        return super().at_rest() and self.acting is None

    def speak(self):
        super().speak()
        if self.acting and self.answered_it and time.monotonic() > self.next_act + ANSWER_SECONDS:
            self.log.add("unheard", conv=self.acting[0], user=self.acting[1], member=self.acting[2])
            self.done(self.SECONDS_BETWEEN)
        if self.acting is None and self.sending.is_set() and time.monotonic() >= self.next_act:
            self.act()

    def act(self):
        group, user = self.rng.choice(sorted(self.inside)), self.rng.choice(sorted(self.guests))
        joins = user not in self.inside[group]
        self.acting = (group, user, joins, self.held.get(group, 0))
        self.answered_it = self.heard_it = self.settled = False
        if joins:
            number = self.ws.send("group.invite", {"group": group, "users": [user]})
        else:
            number = self.ws.send("group.remove_member", {"group": group, "user": user})
        self.pending[number] = ("usher", None, time.monotonic())

    def member(self, kind, pos, data):
        super().member(kind, pos, data)
        group, user, joins = data["conversation"], user_id(data["member"]["user"]), kind == "member.joined"
        if group in self.inside:
            self.inside[group].add(user) if joins else self.inside[group].discard(user)
            if self.acting and self.acting[:3] == (group, user, joins):
                self.heard_it = True
                self.finish_act()

    def answered(self, frame):
        if self.pending.get(frame["id"], (None,))[0] != "usher":
            super().answered(frame)
            return
        self.pending.pop(frame["id"])
        code = (frame.get("error") or {}).get("code")
        if code is None:
            self.answered_it = True
            self.finish_act()
        elif code in RETRIED or code == "outcome_unknown":
            self.done(RETRY_SECONDS * 3)
        else:
            raise AssertionError(f"the owner's {self.acting} was refused as {code}")

    def finish_act(self):
        if self.answered_it and self.heard_it:
            self.changes += 1
            self.look(*self.acting)
            self.done(self.SECONDS_BETWEEN)

    def done(self, pause):
        self.acting, self.next_act = None, time.monotonic() + pause

    def drop(self, error):
        self.acting = None                       # what became of it the next resume tells
        super().drop(error)

    def look(self, group, user, joins, floor):
        """What the one concerned can read now: nothing, or nothing from before the asking."""
        http = self.guests[user].http.clone()
        try:
            answer = http.get(f"/conversations/{group}/messages?after=0&limit=1", check=False)
        except TROUBLE:
            return                               # the server went away meanwhile
        finally:
            http.close()
        items = answer.body["items"] if answer.status == 200 else []
        if answer.status in (200, 404):
            self.log.add("look", conv=group, user=user, member=joins, floor=floor, code=answer.code,
                         lowest=items[0]["seq"] if items else None)
