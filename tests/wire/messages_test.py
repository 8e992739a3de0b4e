#!/usr/bin/python3
"""Direct conversations over both doors: who may, what is refused and by which name, order, paging, duplicates, unread,
marks, typing, settings, recall, a hidden one that comes back, the state of /sync."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import kith  # noqa: E402  (its folder is put on the path above)
import verdict  # noqa: E402

NOWHERE = "12345"


def equal(found, wanted, what):
    verdict.expect(found == wanted, f"{what}: {found!r}, expected {wanted!r}")


def refused(call, code, what, *pointers):
    """The call must end in the error `code`, naming the fields `pointers`. Works for both doors."""
    try:
        answer = call()
    except kith.Refused as error:
        equal(error.code, code, what)
        named = {item["pointer"] for item in (error.body or {}).get("errors", [])}
        verdict.expect(set(pointers) <= named, f"{what}: names {named}, expected {pointers}")
        return
    raise verdict.Fail(f"{what}: was not refused but answered {getattr(answer, 'body', answer)}")


class World:
    """A server with ada, bob and eve; ada and bob have a conversation, eve is a stranger to it."""

    def __init__(self, server):
        self.server = server
        self.ada, self.bob, self.eve = kith.people(server, 3)
        self.here = self.open(self.ada, self.bob)

    def open(self, one, other):
        return one.http.put(f"/direct/{other.id}").body["id"]

    def fresh(self, name):
        """A conversation of ada with a new person, for tests that count."""
        invite = self.ada.http.post("/invites", {"uses": 1}).body["code"]
        other = kith.register(self.server, name, invite)
        return other, self.open(self.ada, other)

    def socket(self, who):
        return kith.Socket(self.server.url, who)


def say(who, conversation, text, client_id=None):
    return who.http.post(f"/conversations/{conversation}/messages", kith.text_message(text, client_id)).body


def see(who, conversation):
    return who.http.get(f"/conversations/{conversation}").body


def opening(world):
    """Made once for both, also when both open it at once; both hear of it and follow it."""
    other, _ = world.fresh("opener")
    with world.socket(world.eve) as eve, world.socket(other) as peer:
        made, callers = [], [(world.eve, other), (other, world.eve)] * 3
        threads = [threading.Thread(target=lambda h=who.http.clone(), u=user.id: made.append(h.put(f"/direct/{u}").body["id"]))
                   for who, user in callers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        equal(len(made), 6, "answers to opening at once")
        equal(len(set(made)), 1, "conversations made at once")
        for socket, who in ((eve, other), (peer, world.eve)):
            event = socket.event("conversation.created")["data"]
            equal((event["id"], event["peer"]["id"], event["title"]), (made[0], who.id, who.username), "the event")
            equal(event["peer"]["presence"], "online", "presence in an event")
        say(other, made[0], "hello")
        for socket in (eve, peer):
            equal(socket.event("message.created")["data"]["body"], {"text": "hello"}, "the first message")
        created = [item for item in eve.events if item["type"] == "conversation.created"]
        equal(len(created), 1, "conversation.created events")
    again = world.eve.http.put(f"/direct/{other.id}", {})
    equal((again.status, again.body["id"]), (200, made[0]), "opening once more")
    refused(lambda: world.ada.http.put(f"/direct/{world.ada.id}"), "invalid", "oneself", "/user")
    refused(lambda: world.ada.http.put(f"/direct/{NOWHERE}"), "not_found", "an unknown person")
    refused(lambda: world.ada.http.put("/direct/bob"), "invalid", "a name instead of an id", "/user")


OPERATIONS = [
    ("get", "", None), ("patch", "/settings", {"pinned": True}), ("get", "/messages", None),
    ("post", "/messages", kith.text_message("x")), ("delete", "/messages/1", None),
    ("put", "/read", {"seq": 1}), ("put", "/delivered", {"seq": 1}),
]
FRAMES = [
    ("conversation.get", {}), ("conversation.settings", {"pinned": True}), ("message.history", {}),
    ("message.send", kith.text_message("x")), ("message.recall", {"seq": 1}), ("message.read", {"seq": 1}),
    ("message.delivered", {"seq": 1}), ("message.typing", {"state": "typing"}),
]


def strangers(world):
    """Who is no member finds nothing, over both doors; without a token nobody does anything."""
    say(world.ada, world.here, "for bob alone")
    nobody = world.server.http()
    lists = [("get", "/conversations", None), ("put", f"/direct/{world.bob.id}", None)]
    for method, tail, body in OPERATIONS + lists:
        path = tail if (method, tail, body) in lists else f"/conversations/{world.here}{tail}"
        refused(lambda m=method, p=path, b=body: nobody.request(m.upper(), p, b), "unauthenticated", f"{method} {path}")
    for place in (world.here, NOWHERE):
        for method, tail, body in OPERATIONS:
            path = f"/conversations/{place}{tail}"
            refused(lambda m=method, p=path, b=body: world.eve.http.request(m.upper(), p, b), "not_found",
                    f"a stranger's {method} {path}")
        with world.socket(world.eve) as socket:
            for kind, data in FRAMES:
                refused(lambda k=kind, d=data, p=place: socket.request(k, {"conversation": p, **d}), "not_found",
                        f"a stranger's {kind}")
    equal([item for item in world.eve.http.all("/conversations") if item["id"] == world.here], [], "a stranger's list")
    refused(lambda: world.bob.http.delete(f"/conversations/{world.here}/messages/1"), "forbidden", "another's message")
    refused(lambda: world.ada.http.post(f"/conversations/{world.here}/typing", {"state": "typing"}), "not_found",
            "typing over HTTP")
    forged = {**kith.text_message("as bob"), "sender": world.bob.id}
    refused(lambda: world.ada.http.post(f"/conversations/{world.here}/messages", forged), "invalid", "a sender", "/sender")


def bad_input(world):
    """Every refusal names its field, over both doors alike."""
    path, good = f"/conversations/{world.here}/messages", kith.text_message("fine")
    cases = [
        ("no UUID", {**good, "client_id": "seven"}, "/client_id"),
        ("no client_id", {name: good[name] for name in ("kind", "body")}, "/client_id"),
        ("unknown kind", {**good, "kind": "image"}, "/kind"),
        ("empty text", {**good, "body": {"text": ""}}, "/body/text"),
        ("blank text", {**good, "body": {"text": " \n\t "}}, "/body/text"),
        ("long text", {**good, "body": {"text": "你" * 8001}}, "/body/text"),
        ("NUL", {**good, "body": {"text": "a\x00b"}}, "/body/text"),
        ("escape", {**good, "body": {"text": "a\x1b[2J"}}, "/body/text"),
        ("no text", {**good, "body": {}}, "/body/text"),
        ("body is text", {**good, "body": "text"}, "/body"),
        ("more in the body", {**good, "body": {"text": "x", "html": "x"}}, "/body/html"),
    ] + [("later field " + name, {**good, name: value}, "/" + name)
         for name, value in (("reply_to", 1), ("mentions", []), ("expires_in", 5), ("send_at", "2031-01-01T00:00:00Z"))]
    with world.socket(world.ada) as socket:
        for what, body, pointer in cases:
            refused(lambda b=body: world.ada.http.post(path, b), "invalid", what, pointer)
            refused(lambda b=body: socket.request("message.send", {"conversation": world.here, **b}), "invalid", what, pointer)
    for query, pointer in (("limit=0", "/limit"), ("limit=101", "/limit"), ("limit=x", "/limit"), ("before=0", "/before"),
                           ("after=-1", "/after"), ("around=0", "/around"), ("before=5&after=1", "/after"),
                           ("around=5&after=1", "/around"), ("offset=3", "/offset")):
        refused(lambda q=query: world.ada.http.get(f"{path}?{q}"), "invalid", query, pointer)
    refused(lambda: world.ada.http.get("/conversations?after=x"), "invalid", "list after", "/after")
    refused(lambda: world.ada.http.get("/conversations?limit=0"), "invalid", "list limit", "/limit")
    for name in ("read", "delivered"):
        for body, pointer in (({"seq": -1}, "/seq"), ({"seq": "1"}, "/seq"), ({}, "/seq")):
            refused(lambda b=body, n=name: world.ada.http.put(f"/conversations/{world.here}/{n}", b), "invalid", name, pointer)
    for body, pointer in (({"draft": "x" * 8001}, "/draft"), ({"notify": "some"}, "/notify"), ({"pinned": "yes"}, "/pinned"),
                          ({"muted_until": "tomorrow"}, "/muted_until"), ({"color": 1}, "/color")):
        refused(lambda b=body: world.ada.http.patch(f"/conversations/{world.here}/settings", b), "invalid", "settings", pointer)
    lines = say(world.ada, world.here, "from\r\nWindows\t\r")["seq"]
    equal(world.bob.http.history(world.here, lines - 1)[0]["body"]["text"], "from\r\nWindows\t\r", "line ends as they are")
    most = say(world.ada, world.here, "🍵" * 8000)["seq"]
    equal(len(world.bob.http.history(world.here, most - 1)[0]["body"]["text"]), 8000, "the longest text")


def order(world):
    """Numbered in the order of sending, without gaps; every socket hears that order, the sender's own too."""
    other, here = world.fresh("orderly")
    with world.socket(world.ada) as ada, world.socket(other) as peer:
        requests = [(socket, socket.send("message.send", {"conversation": here, **kith.text_message(f"{name} {n}")}))
                    for n in range(30) for name, socket in (("ada", ada), ("peer", peer))]
        answers = [socket.answer(number) for socket, number in requests]
        equal(sorted(answer["seq"] for answer in answers), list(range(1, 61)), "numbers")
        for begin in (0, 1):
            own = [answer["seq"] for answer in answers[begin::2]]
            equal(own, sorted(own), "one socket's order")
        heard = []
        for socket in (ada, peer):
            events = [socket.event("message.created", lambda d, n=n: d["seq"] == n) for n in range(1, 61)]
            positions = [event["pos"] for event in events]
            equal(positions, sorted(positions), "positions")
            equal([event["data"]["pos"] for event in events], positions, "pos in the message")
            heard.append([event["data"] for event in events])
        equal(heard[0], heard[1], "what both heard")
        equal(other.http.history(here), heard[0], "history and events")
        by_seq = {message["seq"]: message for message in heard[0]}
        for answer in answers:
            message = by_seq[answer["seq"]]
            equal((message["pos"], message["sent_at"]), (answer["pos"], answer["sent_at"]), "answer and event")
    first = by_seq[1]
    equal(list(first), ["conversation", "seq", "pos", "client_id", "sender", "kind", "body", "reply_to", "mentions",
                        "reactions", "edited_at", "recalled_at", "recalled_by", "expires_at", "sent_at"], "the fields")
    equal((first["reply_to"], first["mentions"], first["reactions"], first["edited_at"], first["expires_at"]),
          (None, [], [], None, None), "fields of later")


def paging(world):
    """History in both directions and around a number; lists of conversations by cursor."""
    other, here = world.fresh("reader")
    for n in range(1, 24):
        say(world.ada, here, f"text {n}")
    path = f"/conversations/{here}/messages"
    equal([item["seq"] for item in other.http.get(path).body["items"]], list(range(1, 24)), "all of them")
    seen, mark = [], ""
    while mark is not None:
        page = other.http.get(f"{path}?limit=10{'&before=' + mark if mark else ''}").body
        seen = [item["seq"] for item in page["items"]] + seen
        mark = page["next"]
    equal(seen, list(range(1, 24)), "backwards")
    seen, mark = [], "0"
    while mark is not None:
        page = other.http.get(f"{path}?limit=10&after={mark}").body
        seen += [item["seq"] for item in page["items"]]
        mark = page["next"]
    equal(seen, list(range(1, 24)), "forwards")
    page = other.http.get(f"{path}?around=12&limit=5").body
    equal(([item["seq"] for item in page["items"]], page["next"]), ([10, 11, 12, 13, 14], "10"), "around")
    with world.socket(other) as socket:
        page = socket.request("message.history", {"conversation": here, "before": 4, "limit": 2})
        equal(([item["seq"] for item in page["items"]], page["next"]), ([2, 3], "2"), "over the socket")
    listed = []
    mark = ""
    while mark is not None:
        page = world.ada.http.get(f"/conversations?limit=1{'&after=' + mark if mark else ''}").body
        listed += [item["id"] for item in page["items"]]
        mark = page["next"]
    equal(listed, [item["id"] for item in world.ada.http.get("/sync").body["conversations"]], "list and sync")
    equal(listed[0], here, "the newest first")


def duplicates(world):
    """The same client_id gives the first answer over either door; another content is a conflict."""
    other, here = world.fresh("repeater")
    body = kith.text_message("once", kith.uuid7().upper())
    path = f"/conversations/{here}/messages"
    with world.socket(world.ada) as socket:
        first = world.ada.http.post(path, body)
        equal(first.status, 201, "status")
        verdict.expect("duplicate" not in first.body, f"the first answer says duplicate: {first.body}")
        again = {**first.body, "duplicate": True}
        equal(world.ada.http.post(path, body).body, again, "again over HTTP")
        equal(socket.request("message.send", {"conversation": here, **body}), again, "again over the socket")
        small = {**body, "client_id": body["client_id"].lower()}
        equal(world.ada.http.post(path, small).body, again, "in small letters")
        second = sorted([kith.uuid7()] * 8)
        numbers = [socket.send("message.send", {"conversation": here, **kith.text_message("at once", name)}) for name in second]
        answers = [socket.answer(number) for number in numbers]
        equal({answer["seq"] for answer in answers}, {2}, "repeats at once")
        equal(sum("duplicate" not in answer for answer in answers), 1, "first answers")
        for changed in ({**body, "body": {"text": "other"}}, {**body, "body": {"text": "once "}}):
            refused(lambda c=changed: world.ada.http.post(path, c), "conflict", "another text")
        refused(lambda: world.ada.http.post(f"/conversations/{world.here}/messages", body), "conflict", "another place")
    equal(say(other, here, "once", body["client_id"])["seq"], 3, "the same client_id of another person")
    equal([item["seq"] for item in other.http.history(here)], [1, 2, 3], "what there is")


def marks(world):
    """Unread counts, read and delivered marks: cumulative, clamped, told to both, `unread` to oneself alone."""
    other, here = world.fresh("marker")
    for n in range(5):
        say(world.ada, here, f"text {n}")
    say(other, here, "mine does not count")
    equal((see(other, here)["unread"], see(world.ada, here)["unread"]), (5, 1), "unread")
    with world.socket(world.ada) as ada, world.socket(other) as peer, world.socket(other) as second:
        equal(peer.request("message.delivered", {"conversation": here, "seq": 2}), {"seq": 2, "unread": 5}, "delivered")
        for socket in (ada, peer, second):
            equal(socket.event("conversation.delivered")["data"], {"conversation": here, "user": other.id, "seq": 2}, "event")
        answer = other.http.put(f"/conversations/{here}/read", {"seq": 4}).body
        equal(answer, {"seq": 4, "unread": 1}, "read")
        mark = {"conversation": here, "user": other.id, "seq": 4}
        equal(ada.event("conversation.read")["data"], mark, "the peer's event")
        for socket in (peer, second):
            equal(socket.event("conversation.read")["data"], {**mark, "unread": 1}, "one's own event")
        equal(peer.request("message.read", {"conversation": here, "seq": 1}), {"seq": 4, "unread": 1}, "back")
        equal(peer.request("message.read", {"conversation": here, "seq": 10**9}), {"seq": 6, "unread": 0}, "beyond")
        say(world.ada, here, "one more")
        peer.event("message.created", lambda d: d["seq"] == 7)
        ada.event("message.created", lambda d: d["seq"] == 7)
        second.event("message.created", lambda d: d["seq"] == 7)
        marks_heard(ada, here, [("delivered", 2, None), ("delivered", 4, None), ("read", 4, None), ("delivered", 6, None),
                                ("read", 6, None)])
        for socket in (peer, second):
            marks_heard(socket, here, [("delivered", 2, None), ("delivered", 4, None), ("read", 4, 1),
                                       ("delivered", 6, None), ("read", 6, 0)])
    mine, theirs = see(other, here), see(world.ada, here)
    equal((mine["read_seq"], mine["delivered_seq"], mine["unread"]), (6, 6, 1), "one's own view")
    equal((theirs["peer_read_seq"], theirs["peer_delivered_seq"]), (6, 6), "the peer's view")
    resumed_marks(world, other, here)


def marks_heard(socket, here, wanted):
    """Every mark that a socket heard of: kind, seq, unread; each once."""
    heard = [(item["type"].split(".")[1], item["data"]["seq"], item["data"].get("unread")) for item in socket.events
             if item["type"] in ("conversation.read", "conversation.delivered") and item["data"]["conversation"] == here]
    equal(heard, wanted, "the marks")


def resumed_marks(world, other, here):
    """A resume tells of one's own mark and the peer's, each once, and counts what the message events do not bring."""
    since = {}
    for who in (other, world.ada):
        state = who.http.get("/sync").body
        since[who.id] = {"epoch": state["epoch"], "pos": state["pos"]}
    for n in range(3):
        say(world.ada, here, f"away {n}")        # 8, 9, 10
    for seq in (7, 8):
        other.http.put(f"/conversations/{here}/read", {"seq": seq})
    world.ada.http.put(f"/conversations/{here}/read", {"seq": 6})
    say(world.ada, here, "after the mark")       # 11
    world.ada.http.delete(f"/conversations/{here}/messages/9")
    for who, read in ((other, [("read", 8, 2), ("read", 6, None)]), (world.ada, [("read", 8, None), ("read", 6, 0)])):
        with kith.Socket(world.server.url, who, since=since[who.id]) as socket:
            socket.event("caught_up")
            own = next(item for item in socket.events if item["type"] == "conversation.read" and "unread" in item["data"])
            later = [item["data"]["seq"] for item in socket.events if item["type"].startswith("message.")
                     and item["data"]["sender"] != who.id and item["data"]["pos"] > own["pos"]]
            equal(own["data"]["unread"] + len(later), see(who, here)["unread"], "unread counted on")
            delivered = {("delivered", seq, None) for _, seq, _ in read}
            heard = [(item["type"].split(".")[1], item["data"]["seq"], item["data"].get("unread")) for item in socket.events
                     if item["type"] in ("conversation.read", "conversation.delivered")]
            equal(sorted(heard, key=repr), sorted([*read, *delivered], key=repr), "marks on a resume")


def typing(world):
    """Told to the others at once, never to oneself, never stored."""
    with world.socket(world.ada) as ada, world.socket(world.bob) as bob, world.socket(world.eve) as eve:
        for state in ("typing", "recording", "none"):
            equal(ada.request("message.typing", {"conversation": world.here, "state": state}), {}, "the answer")
            event = bob.event("typing")
            equal(event, {"type": "typing", "data": {"conversation": world.here, "user": world.ada.id, "state": state}}, "event")
        refused(lambda: ada.request("message.typing", {"conversation": world.here, "state": "singing"}), "invalid",
                "another state", "/state")
        say(world.bob, world.here, "after it")
        ada.event("message.created", lambda d: d["body"] == {"text": "after it"})
        eve.request("user.me")
        for socket in (ada, eve):
            equal([item for item in socket.events if item["type"] == "typing"], [], "typing heard")


def settings(world):
    """One's own; told to one's own devices; only what changed; drafts and mutes can be cleared."""
    path = f"/conversations/{world.here}/settings"
    until = "2031-05-06T07:08:09.000Z"
    wanted = {"muted_until": until, "pinned": True, "notify": "mentions", "draft": "half a thought", "hidden": False}
    with world.socket(world.ada) as ada, world.socket(world.bob) as bob:
        equal(world.ada.http.patch(path, wanted).body["settings"], wanted, "the answer")
        event = ada.event("conversation.settings")["data"]
        equal((event["settings"], event["viewer"] if "viewer" in event else None), (wanted, None), "the event")
        equal(world.ada.http.patch(path, wanted).body["settings"], wanted, "again")
        equal(ada.request("conversation.settings", {"conversation": world.here})["settings"], wanted, "nothing")
        cleared = {**wanted, "muted_until": None, "draft": ""}
        equal(world.ada.http.patch(path, {"muted_until": None, "draft": None}).body["settings"], cleared, "cleared")
        equal(ada.event("conversation.settings")["data"]["settings"], cleared, "the next event")
        say(world.ada, world.here, "done")
        bob.event("message.created", lambda d: d["body"] == {"text": "done"})
        equal([item for item in bob.events if item["type"] == "conversation.settings"], [], "settings told to the peer")
    equal(see(world.bob, world.here)["settings"]["pinned"], False, "the peer's own")


def recall(world):
    """One's own alone; it keeps its place, loses its body everywhere, and once more is the same answer."""
    other, here = world.fresh("witness")
    for text in ("first", "second thoughts"):
        say(world.ada, here, text)
    path = f"/conversations/{here}/messages"
    with world.socket(other) as peer, world.socket(world.ada) as ada:
        gone = world.ada.http.delete(f"{path}/2").body
        equal((gone["body"], gone["recalled_by"], gone["seq"]), (None, world.ada.id, 2), "the answer")
        equal(peer.event("message.recalled")["data"], gone, "the event")
        equal(ada.request("message.recall", {"conversation": here, "seq": 2}), gone, "once more")
        refused(lambda: world.ada.http.delete(f"{path}/3"), "not_found", "a message that is not there")
        refused(lambda: peer.request("message.recall", {"conversation": here, "seq": 1}), "forbidden", "another's")
        say(world.ada, here, "third")
        peer.event("message.created", lambda d: d["seq"] == 3)
        equal(len([item for item in peer.events if item["type"] == "message.recalled"]), 1, "events of the recall")
    equal(other.http.history(here)[1], gone, "in the history")
    world.ada.http.delete(f"{path}/3")
    last = see(other, here)
    equal((last["last_message"]["seq"], last["last_message"]["body"], last["unread"]), (3, None, 3), "the last message")


def hidden(world):
    """A hidden conversation comes back with the next message, for the one who hid it."""
    other, here = world.fresh("hider")
    other.http.patch(f"/conversations/{here}/settings", {"hidden": True})
    equal(see(other, here)["settings"]["hidden"], True, "hidden")
    equal([item["settings"]["hidden"] for item in other.http.get("/sync").body["conversations"]], [True], "in sync")
    with world.socket(other) as peer, world.socket(world.ada) as ada:
        say(world.ada, here, "come back")
        equal(peer.event("message.created")["data"]["body"], {"text": "come back"}, "the event that brings it back")
        ada.event("message.created")
    equal(see(other, here)["settings"]["hidden"], False, "back")


def sync(world):
    """The state of /sync is what conversation.get gives, with presence for who is live, and resumes go on from its pos."""
    told = {item["peer"]["presence"] for item in world.eve.http.get("/sync").body["conversations"]}
    verdict.expect(told and told <= {"online", "offline"}, f"presence without a socket: {told}")
    with world.socket(world.bob), world.socket(world.ada):
        state = world.ada.http.get("/sync").body
        mine = {item["id"]: item for item in state["conversations"]}
        equal(mine[world.here]["peer"]["presence"], "online", "presence of a live peer")
        for name, item in mine.items():
            found = see(world.ada, name)
            for one in (item, found):
                one["peer"]["presence"] = one["peer"]["last_seen"] = None
            equal(item, found, "sync and get")
    say(world.bob, world.here, "while away")
    world.bob.http.put(f"/conversations/{world.here}/read", {"seq": 1})
    world.ada.http.patch(f"/conversations/{world.here}/settings", {"draft": "resumed"})
    since = {"epoch": state["epoch"], "pos": state["pos"]}
    with kith.Socket(world.server.url, world.ada, since=since) as socket:
        equal(socket.hello["resumed"], True, "resumed")
        equal(socket.hello["limits"]["text_code_points"], 8000, "the limit that clients are told")
        socket.event("caught_up")
        heard = {item["type"]: item["data"] for item in socket.events if item["type"] != "caught_up"}
        equal(heard["message.created"]["body"], {"text": "while away"}, "the message")
        equal(heard["conversation.read"], {"conversation": world.here, "user": world.bob.id, "seq": 1}, "the mark")
        equal(heard["conversation.settings"]["settings"]["draft"], "resumed", "the settings")


PARTS = [opening, strangers, bad_input, order, paging, duplicates, marks, typing, settings, recall, hidden, sync]


def body(_seed):
    with kith.Server() as server:
        world = World(server)
        for part in PARTS:
            print(f"  {part.__name__}", flush=True)
            part(world)
        verdict.expect(server.stop() == 0, "SIGTERM did not end in 0")
    return f"{len(PARTS)} parts"


if __name__ == "__main__":
    verdict.main("messages over the wire", body, 200)
