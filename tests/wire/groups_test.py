#!/usr/bin/python3
"""Groups over both doors: who may, what is refused and by which name, members who come, go and come again, what each of
them sees and hears, the owner's leaving, paging, and requests repeated under an Idempotency-Key."""
import os
import sys

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
    """A server with five people; eve is in no group but those she is invited to."""

    def __init__(self, server):
        self.server = server
        self.ada, self.bob, self.cid, self.dot, self.eve = kith.people(server, 5)

    def group(self, owner, *members, name="a group"):
        return owner.http.post("/groups", {"name": name, "members": [one.id for one in members]}).body["id"]

    def socket(self, who, since=None):
        return kith.Socket(self.server.url, who, since=since)


def say(who, conversation, text):
    return who.http.post(f"/conversations/{conversation}/messages", kith.text_message(text)).body


def see(who, conversation):
    return who.http.get(f"/conversations/{conversation}").body


def texts(who, conversation):
    return [(item["seq"], (item["body"] or {}).get("text")) for item in who.http.history(conversation)]


def members(who, group):
    return [(item["user"]["id"], item["role"]) for item in who.http.all(f"/groups/{group}/members?limit=2")]


def invite(who, group, *people):
    return who.http.post(f"/groups/{group}/invitations", {"users": [one.id for one in people]}).body["items"]


def making(world):
    """The group, its conversation for each member, the events, the shape of both."""
    ada, bob, cid = world.ada, world.bob, world.cid
    with world.socket(ada) as first, world.socket(bob) as second, world.socket(world.eve) as other:
        answer = ada.http.post("/groups", {"name": "  the\u3000three ", "members": [bob.id, ada.id, cid.id, bob.id]})
        equal(answer.status, 201, "status")
        group = answer.body
        equal((group["id"], group["name"], group["role"], group["member_count"], group["avatar"]),
              (group["conversation"], "the\u3000three", "owner", 3, None), "the group")
        for socket, role in ((first, "owner"), (second, "member")):
            seen = socket.event("conversation.created")["data"]
            equal((seen["id"], seen["kind"], seen["title"], seen["group"]),
                  (group["id"], "group", "the\u3000three", {"id": group["id"], "role": role}), "the conversation")
            equal([seen[name] for name in ("peer", "peer_read_seq", "peer_delivered_seq", "last_message")], [None] * 4,
                  "what a group has not")
            equal((seen["first_seq"], seen["last_seq"], seen["unread"]), (1, 0, 0), "the numbers")
            joined = [item["data"] for item in socket.events if item["type"] == "member.joined"]
            equal([(item["conversation"], item["member"]["role"], item["first_seq"]) for item in joined],
                  [(group["id"], role, 1)], "one's own joining")
        say(bob, group["id"], "hello all")
        for socket in (first, second):
            equal(socket.event("message.created")["data"]["body"], {"text": "hello all"}, "the first message")
        second.request("message.typing", {"conversation": group["id"], "state": "typing"})
        equal(first.event("typing")["data"]["user"], bob.id, "typing")
        world.eve.http.patch("/users/me", {"bio": "barrier"})
        other.event("user.updated")
        equal([item["type"] for item in other.events if item["type"] != "user.updated"], [], "told to a stranger")
    equal(cid.http.get(f"/groups/{group['id']}").body, {**group, "role": "member"}, "as a member sees it")
    equal(members(cid, group["id"]), [(ada.id, "owner"), (bob.id, "member"), (cid.id, "member")], "the members")
    seen = see(cid, group["id"])
    equal((seen["unread"], seen["last_message"]["seq"], seen["group"]["role"]), (1, 1, "member"), "for cid")
    equal([item for item in cid.http.get("/sync").body["conversations"] if item["id"] == group["id"]], [seen], "in /sync")
    equal([item for item in cid.http.all("/conversations") if item["id"] == group["id"]], [seen], "in the list")


def bad_input(world):
    """What is refused, with the field that is wrong."""
    ada, http = world.ada, world.ada.http
    for name in ("", " \u3000", "x" * 65, "a\nb", "\u202ename", "\u200b", 7, None):
        refused(lambda n=name: http.post("/groups", {"name": n, "members": []}), "invalid", f"the name {name!r}", "/name")
    equal(http.post("/groups", {"name": "字" * 64, "members": []}).body["member_count"], 1, "a group of one")
    refused(lambda: http.post("/groups", {"name": "x"}), "invalid", "no members", "/members")
    refused(lambda: http.post("/groups", {"name": "x", "members": [world.bob.id, NOWHERE]}), "invalid",
            "an unknown person", "/members/1")
    refused(lambda: http.post("/groups", {"name": "x", "members": ["bob"]}), "invalid", "no id", "/members/0")
    refused(lambda: http.post("/groups", {"name": "x", "members": [world.bob.id] * 201}), "invalid", "201", "/members")
    refused(lambda: http.post("/groups", {"name": "x", "members": [], "owner": ada.id}), "invalid", "a field", "/owner")
    here = world.group(ada, world.bob)
    refused(lambda: http.patch(f"/groups/{here}", {"name": " "}), "invalid", "a blank name", "/name")
    refused(lambda: invite(ada, here), "invalid", "nobody", "/users")
    refused(lambda: http.post(f"/groups/{here}/invitations", {"users": [world.bob.id] * 201}), "invalid", "201", "/users")
    refused(lambda: http.post(f"/groups/{here}/invitations", {"users": [world.bob.id, NOWHERE]}), "invalid",
            "an unknown person", "/users/1")
    refused(lambda: http.delete(f"/groups/{here}/members/{ada.id}"), "invalid", "oneself", "/user")
    refused(lambda: http.delete(f"/groups/{here}/members/{world.eve.id}"), "not_found", "who is no member")
    for query in ("limit=0", "limit=101", "after=x", "after=1.5", "after=0.x", "after=2.-1", "after=3"):
        refused(lambda q=query: http.get(f"/groups/{here}/members?{q}"), "invalid", query,
                "/" + query.split("=", maxsplit=1)[0])
    direct = http.put(f"/direct/{world.bob.id}").body["id"]
    refused(lambda: http.get(f"/groups/{direct}"), "not_found", "a direct conversation is no group")
    refused(lambda: http.post(f"/groups/{direct}/leave"), "not_found", "leaving a direct conversation")
    refused(lambda: invite(ada, direct, world.cid), "not_found", "inviting into a direct conversation")


def doors_of(world, group):
    """All operations on a group, over HTTP and as frames."""
    other = world.bob.id
    return [("get", f"/groups/{group}", None), ("patch", f"/groups/{group}", {"name": "mine"}),
            ("get", f"/groups/{group}/members", None), ("post", f"/groups/{group}/invitations", {"users": [other]}),
            ("delete", f"/groups/{group}/members/{other}", None), ("post", f"/groups/{group}/leave", None),
            ("get", f"/conversations/{group}", None), ("get", f"/conversations/{group}/messages", None),
            ("post", f"/conversations/{group}/messages", kith.text_message("x")),
            ("delete", f"/conversations/{group}/messages/1", None), ("put", f"/conversations/{group}/read", {"seq": 1}),
            ("patch", f"/conversations/{group}/settings", {"pinned": True})], [
        ("group.get", {"group": group}), ("group.update", {"group": group, "name": "mine"}),
        ("group.members", {"group": group}), ("group.invite", {"group": group, "users": [other]}),
        ("group.remove_member", {"group": group, "user": other}), ("group.leave", {"group": group}),
        ("message.send", {"conversation": group, **kith.text_message("x")}), ("message.history", {"conversation": group}),
        ("message.typing", {"conversation": group, "state": "typing"})]


def strangers(world):
    """Who is no member, and who no longer is, finds nothing, over both doors; without a token nobody does anything."""
    here = world.group(world.ada, world.bob, world.dot, name="secret")
    say(world.ada, here, "for us")
    world.dot.http.post(f"/groups/{here}/leave")
    nobody = world.server.http()
    for method, path, body in doors_of(world, here)[0] + [("post", "/groups", {"name": "x", "members": []})]:
        refused(lambda m=method, p=path, b=body: nobody.request(m.upper(), p, b), "unauthenticated", f"{method} {path}")
    for who in (world.eve, world.dot):
        with world.socket(who) as socket:
            for place in (here, NOWHERE):
                requests, frames = doors_of(world, place)
                for method, path, body in requests:
                    refused(lambda m=method, p=path, b=body, w=who: w.http.request(m.upper(), p, b), "not_found",
                            f"a stranger's {method} {path}")
                for kind, data in frames:
                    refused(lambda k=kind, d=data, s=socket: s.request(k, d), "not_found", f"a stranger's {kind}")
        equal([item for item in who.http.get("/sync").body["conversations"] if item["id"] == here], [], "in /sync")
        equal([item for item in who.http.all("/conversations") if item["id"] == here], [], "in the list")
    for method, path, body in (("patch", f"/groups/{here}", {"name": "mine"}),
                               ("delete", f"/groups/{here}/members/{world.ada.id}", None)):
        refused(lambda m=method, p=path, b=body: world.bob.http.request(m.upper(), p, b), "forbidden", f"a member's {method}")
    equal(world.bob.http.get(f"/groups/{here}").body["name"], "secret", "the name")
    equal(members(world.bob, here), [(world.ada.id, "owner"), (world.bob.id, "member")], "the members")
    refused(lambda: world.bob.http.delete(f"/conversations/{here}/messages/1"), "forbidden", "another's message")


def coming_and_going(world):
    """What a member sees begins with the joining and ends with the leaving, live and by every look-up; a second joining
    begins anew; the others hear of each."""
    ada, dot = world.ada, world.dot
    here = world.group(ada, world.bob)
    say(ada, here, "one")
    with world.socket(ada) as owner, world.socket(dot) as guest:
        equal([item["user"]["id"] for item in invite(world.bob, here, dot, ada, dot)], [dot.id], "those who were added")
        for socket in (owner, guest):
            joined = socket.event("member.joined")["data"]
            equal((joined["conversation"], joined["member"]["user"]["id"], joined["member"]["role"], joined["first_seq"]),
                  (here, dot.id, "member", 2), "the joining")
        made = guest.event("conversation.created")["data"]
        equal((made["first_seq"], made["last_seq"], made["last_message"], made["unread"], made["read_seq"]),
              (2, 1, None, 0, 1), "the conversation of one who came later")
        equal(texts(dot, here), [], "what was said before")
        refused(lambda: dot.http.delete(f"/conversations/{here}/messages/1"), "not_found", "recalling what was before")
        say(ada, here, "two")
        equal(guest.event("message.created")["data"]["seq"], 2, "live for the new one")
        world.ada.http.delete(f"/conversations/{here}/messages/1")
        say(ada, here, "three")
        equal(guest.event("message.created")["data"]["seq"], 3, "live again")
        equal([item for item in guest.events if item["type"] == "message.recalled"], [], "a recall of what was before")
        dot.http.put(f"/conversations/{here}/read", {"seq": 3})
        dot.http.patch(f"/conversations/{here}/settings", {"draft": "not to be kept", "pinned": True})
        dot.http.post(f"/groups/{here}/leave")
        for socket in (owner, guest):
            left = socket.event("member.left")["data"]
            equal((left["conversation"], left["member"]["user"]["id"], left["member"]["role"], left["first_seq"]),
                  (here, dot.id, None, None), "the leaving")
        say(ada, here, "four, without dot")
        refused(lambda: guest.request("message.typing", {"conversation": here, "state": "typing"}), "not_found", "typing")
        refused(lambda: texts(dot, here), "not_found", "the history of one who left")
        equal([item["user"]["id"] for item in invite(ada, here, dot)], [dot.id], "invited again")
        made = guest.event("conversation.created")["data"]
        equal((made["first_seq"], made["unread"], made["settings"]["draft"], made["settings"]["pinned"]),
              (5, 0, "", False), "anew")
        say(ada, here, "five")
        equal(guest.event("message.created")["data"]["seq"], 5, "live after the second joining")
        equal(texts(dot, here), [(5, "five")], "the history after the second joining")
        heard = [item["data"]["seq"] for item in guest.events if item["type"] == "message.created"]
        equal(heard, [2, 3, 5], "messages that dot heard")
        equal([pos for pos in map(lambda item: item.get("pos"), guest.events) if pos],
              sorted({item["pos"] for item in guest.events if item.get("pos")}), "positions")


def resuming(world):
    """A resume over a leaving, a joining, and both gives what live ones give, and nothing of the time between."""
    ada, dot = world.ada, world.dot
    here = world.group(ada, dot, world.bob)
    say(ada, here, "one")
    with world.socket(dot) as guest:
        cursor = {"epoch": guest.hello["epoch"], "pos": guest.hello["pos"]}
    say(ada, here, "two, missed")
    ada.http.delete(f"/groups/{here}/members/{dot.id}")
    say(ada, here, "three, without dot")
    with world.socket(dot, cursor) as guest:
        equal(guest.hello["resumed"], True, "resumed")
        guest.event("caught_up")
        equal([(item["type"], item["data"]["conversation"], item["data"]["member"]["user"]["id"], item["data"]["first_seq"])
               for item in guest.events if item["type"] != "caught_up"], [("member.left", here, dot.id, None)],
              "what was missed before the removal is not delivered later")
    invite(ada, here, dot)
    ada.http.patch(f"/groups/{here}", {"name": "renamed before"})
    say(ada, here, "four")
    world.bob.http.post(f"/groups/{here}/leave")
    ada.http.delete(f"/conversations/{here}/messages/2")
    with world.socket(dot, cursor) as guest:
        guest.event("caught_up")
        told = [item for item in guest.events if item["type"] != "caught_up"]
        equal([item["type"] for item in told],
              ["member.joined", "conversation.created", "conversation.updated", "message.created", "member.left"],
              "what a second joining gives on a resume")
        equal((told[0]["data"]["first_seq"], told[1]["data"]["first_seq"], told[3]["data"]["seq"]), (4, 4, 4), "anew")
        equal(told[2]["data"], {"id": here, "title": "renamed before", "avatar": None}, "the name")
        equal(told[4]["data"]["member"]["user"]["id"], world.bob.id, "the other's leaving")


def rejoined_while_away(world):
    """One who came, went and came again while away hears of the last membership alone, from its joining on: what they set
    and marked on another device before belongs to one that ended."""
    ada, dot = world.ada, world.dot
    here = world.group(ada, dot)

    def stay():
        seq = say(ada, here, "to be marked")["seq"]
        dot.http.put(f"/conversations/{here}/delivered", {"seq": seq})
        dot.http.put(f"/conversations/{here}/read", {"seq": seq})
        dot.http.patch(f"/conversations/{here}/settings", {"draft": "of a membership that ends"})

    dot.http.post(f"/groups/{here}/leave")
    with world.socket(dot) as guest:
        cursors = [{"epoch": guest.hello["epoch"], "pos": guest.hello["pos"]}]
    invite(ada, here, dot)
    with world.socket(dot) as guest:
        cursors.append({"epoch": guest.hello["epoch"], "pos": guest.hello["pos"]})
    stay()
    ada.http.delete(f"/groups/{here}/members/{dot.id}")
    invite(ada, here, dot)
    stay()
    ada.http.post(f"/groups/{here}/leave")       # dot inherits: a change of the member that ends, too
    invite(dot, here, ada)
    dot.http.post(f"/groups/{here}/leave")
    invite(ada, here, dot)
    last = say(ada, here, "of now")["seq"]
    for cursor, whence in zip(cursors, ("from outside", "from inside")):
        with world.socket(dot, cursor) as guest:
            guest.event("caught_up")
            told = [item for item in guest.events if item["type"] != "caught_up"]
            equal([item["type"] for item in told], ["member.joined", "conversation.created", "message.created"], whence)
            equal((told[0]["data"]["first_seq"], told[1]["data"]["settings"]["draft"], told[2]["data"]["seq"]),
                  (last, "", last), f"the last membership, {whence}")


def newcomer_resumes(world):
    """One who was away while others came and went before the joining is not told of it."""
    ada, dot = world.ada, world.dot
    here = world.group(ada, world.bob, name="first name")
    with world.socket(dot) as guest:
        cursor = {"epoch": guest.hello["epoch"], "pos": guest.hello["pos"]}
    world.bob.http.post(f"/groups/{here}/leave")
    ada.http.patch(f"/groups/{here}", {"name": "second name"})
    invite(ada, here, dot)
    with world.socket(dot, cursor) as guest:
        guest.event("caught_up")
        told = [item for item in guest.events if item["type"] != "caught_up"]
        equal([(item["type"]) for item in told], ["member.joined", "conversation.created"], "told to the newcomer")
        equal(told[1]["data"]["title"], "second name", "the name")


def renaming(world):
    """By the owner alone; told once, and not when nothing changes."""
    here = world.group(world.ada, world.bob, name="old")
    with world.socket(world.bob) as socket:
        equal(world.ada.http.patch(f"/groups/{here}", {"name": " new "}).body["name"], "new", "the answer")
        equal(socket.event("conversation.updated")["data"], {"id": here, "title": "new", "avatar": None}, "the event")
        world.ada.http.patch(f"/groups/{here}", {"name": "new"})
        equal(world.ada.http.patch(f"/groups/{here}", {}).body["name"], "new", "no change at all")
        say(world.ada, here, "barrier")
        socket.event("message.created")
        equal(len([item for item in socket.events if item["type"] == "conversation.updated"]), 1, "told once")
    equal(see(world.bob, here)["title"], "new", "the title")


def owners(world):
    """The longest-standing member inherits; the last one may go; nobody is left then."""
    ada, bob, cid = world.ada, world.bob, world.cid
    here = world.group(ada, bob)
    invite(bob, here, cid)
    bob.http.post(f"/groups/{here}/leave")
    invite(ada, here, bob)
    with world.socket(bob) as socket:
        ada.http.post(f"/groups/{here}/leave")
        changed = socket.event("member.changed")["data"]
        equal((changed["member"]["user"]["id"], changed["member"]["role"]), (cid.id, "owner"), "the heir")
    equal(members(bob, here), [(cid.id, "owner"), (bob.id, "member")], "the members")
    equal(see(cid, here)["group"]["role"], "owner", "the heir's conversation")
    cid.http.delete(f"/groups/{here}/members/{bob.id}")
    equal(cid.http.get(f"/groups/{here}").body["member_count"], 1, "how many are left")
    equal(cid.http.post(f"/groups/{here}/leave").status, 204, "the last one leaves")
    for who in (ada, bob, cid):
        refused(lambda w=who: w.http.get(f"/groups/{here}"), "not_found", "a group of nobody")


def paging(world):
    """Members page by page, the owner first, then by joining, also while someone leaves between two pages."""
    people = [world.bob, world.cid, world.dot, world.eve]
    here = world.group(world.ada, *people)
    wanted = [(world.ada.id, "owner")] + [(one.id, "member") for one in people]
    for limit in (1, 2, 5, 100):
        found = world.bob.http.all(f"/groups/{here}/members?limit={limit}")
        equal([(item["user"]["id"], item["role"]) for item in found], wanted, f"pages of {limit}")
        verdict.expect(all(item["user"]["presence"] is None for item in found), "presence in a list of members")
    page = world.ada.http.get(f"/groups/{here}/members?limit=3").body
    world.dot.http.post(f"/groups/{here}/leave")
    rest = world.ada.http.get(f"/groups/{here}/members?limit=3&after={page['next']}").body
    equal(([item["user"]["id"] for item in rest["items"]], rest["next"]), ([world.eve.id], None), "after a leaving")


def marks(world):
    """Marks of a group are one's own: told to one's own devices, to nobody else."""
    here = world.group(world.ada, world.bob)
    say(world.ada, here, "one")
    with world.socket(world.ada) as ada, world.socket(world.bob) as bob:
        equal(bob.request("message.read", {"conversation": here, "seq": 1}), {"seq": 1, "unread": 0}, "the answer")
        told = bob.event("conversation.read")["data"]
        equal((told["user"], told["seq"], told["unread"]), (world.bob.id, 1, 0), "one's own mark")
        equal(bob.event("conversation.delivered")["data"]["seq"], 1, "what is read is delivered")
        say(world.bob, here, "barrier")
        ada.event("message.created")
        equal([item["type"] for item in ada.events if item["type"].startswith("conversation.")], [], "told to the other")


def idempotency(world):
    """The same key and input: one group, the first answer. Another input: conflict. Keys are each person's own."""
    http, members_now = world.ada.http, [world.bob.id]
    before = len(http.all("/conversations"))

    def create(name, key, who=http, **more):
        return who.post("/groups", {"name": name, "members": members_now}, headers={"Idempotency-Key": key}, **more)
    first = create("once", "key-1")
    http.patch(f"/groups/{first.body['id']}", {"name": "renamed since"})
    again = create("once", "key-1")
    equal((again.status, again.body), (201, first.body), "the repeated request")
    equal(len(http.all("/conversations")), before + 1, "groups made")
    refused(lambda: create("other", "key-1"), "conflict", "another input under the same key")
    equal(create("once", "key-1", world.bob.http).body["id"] != first.body["id"], True, "another person's key")
    equal(create("once", "key-2").body["id"] != first.body["id"], True, "another key")
    equal(create("k" * 10, "k" * 64).status, 201, "a key of 64 characters")
    for key in ("", "k" * 65, "two words", "k\u00e9y"):
        refused(lambda k=key: create("bad", k), "invalid", f"the key {key!r}")
    refused(lambda: create("", "key-3"), "invalid", "a bad name under a key", "/name")
    equal(create("good now", "key-3").status, 201, "errors are not remembered")
    client_id = kith.uuid7()
    say_it = {**kith.text_message("hi", client_id)}
    http.post(f"/conversations/{first.body['id']}/messages", say_it)
    refused(lambda: create("as a message", client_id), "conflict", "a key that named a message")


PARTS = [making, bad_input, strangers, coming_and_going, resuming, rejoined_while_away, newcomer_resumes, renaming, owners,
         paging, marks, idempotency]


def body(_seed):
    with kith.Server() as server:
        world = World(server)
        for part in PARTS:
            part(world)
            print(f"  {part.__name__}", flush=True)
        verdict.expect(server.stop() == 0, "SIGTERM did not end in 0")
    return f"{len(PARTS)} parts"


if __name__ == "__main__":
    verdict.main("groups over the wire", body, 180)
