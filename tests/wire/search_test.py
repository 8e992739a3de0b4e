#!/usr/bin/python3
"""Searching over both doors: who finds what, operators, paging, marks, plain text that looks like a query language, what
a recall takes away, a rebuilt index, and kill -9 while indexing."""
import datetime
import os
import pathlib
import sqlite3
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import kith  # noqa: E402  (its folder is put on the path above)
import verdict  # noqa: E402

INDEX_SECONDS = 15


def equal(found, wanted, what):
    verdict.expect(found == wanted, f"{what}: {found!r}, expected {wanted!r}")


def refused(call, code, what, *pointers):
    """The call must end in the error `code`, naming the fields `pointers`."""
    try:
        answer = call()
    except kith.Refused as error:
        equal(error.code, code, what)
        named = {item["pointer"] for item in (error.body or {}).get("errors", [])}
        verdict.expect(set(pointers) <= named, f"{what}: names {named}, expected {pointers}")
        return
    raise verdict.Fail(f"{what}: was not refused but answered {getattr(answer, 'body', answer)}")


class World:
    """A server with ada, bob and eve; ada and bob have a conversation, ada and eve another."""

    def __init__(self, server):
        self.server = server
        self.ada, self.bob, self.eve = kith.people(server, 3)
        self.here = self.open(self.ada, self.bob)
        self.there = self.open(self.ada, self.eve)

    def start_again(self):
        """After a stop or a kill; the connections of before are dead."""
        self.server.start()
        for who in (self.ada, self.bob, self.eve):
            who.http.close()

    def open(self, one, other):
        return one.http.put(f"/direct/{other.id}").body["id"]


def say(who, conversation, text):
    return who.http.post(f"/conversations/{conversation}/messages", kith.text_message(text)).body


def wait_beyond(sent_at):
    """Until the clock shows another millisecond: two sends can share one."""
    def now():
        return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    kith.wait_until(lambda: now() > sent_at, 1, "the next millisecond")


def page(who, words, **more):
    fields = {"q": words, **{name: value for name, value in more.items() if value is not None}}
    return who.http.get("/messages/search?" + urllib.parse.urlencode(fields)).body


def texts(who, words, **more):
    return [hit["message"]["body"]["text"] for hit in page(who, words, **more)["items"]]


def indexed(world):
    """Waits until the index has seen everything that was sent."""
    mark = f"mark{time.monotonic_ns()}"
    say(world.bob, world.here, mark)
    kith.wait_until(lambda: texts(world.bob, mark) == [mark], INDEX_SECONDS, f"{mark} in the index")


def words(world):
    """Words of one, two and more characters, folded Latin ones, emoji; nothing else."""
    said = ["我在上海分析数据", "你好", "用Kith聊天", "Le Café est là", "party 🎉 tonight", "上面的海"]
    for text in said:
        say(world.ada, world.here, text)
    indexed(world)
    cases = {"上海": said[0], "分析": said[0], "上海分析": said[0], "好": said[1], "聊天": said[2], "kith": said[2],
             "用Kith聊天": said[2], "cafe": said[3], "CAFÉ": said[3], "caf": said[3], "🎉": said[4], "TONIGHT party": said[4]}
    for who in (world.ada, world.bob):
        for query, text in cases.items():
            equal(texts(who, query), [text], f"{query} of {who.username}")
    for query in ("海上", "af", "上海数据", "kith party", "🎊"):
        equal(texts(world.ada, query), [], query)
    hit = page(world.ada, "上海")["items"][0]
    equal(hit["excerpt"], {"text": said[0], "marks": [{"start": 2, "end": 4}]}, "excerpt")
    history = world.ada.http.get(f"/conversations/{world.here}/messages").body["items"]
    equal([hit["message"]], [item for item in history if item["seq"] == hit["message"]["seq"]], "the message of a hit")
    long = "草" * 400 + "针" + "草" * 400
    say(world.ada, world.here, long)
    indexed(world)
    cut = page(world.ada, "针")["items"][0]["excerpt"]
    verdict.expect(len(cut["text"]) <= 130, f"an excerpt of {len(cut['text'])} characters")
    equal([cut["text"][mark["start"]:mark["end"]] for mark in cut["marks"]], ["针"], "marks of a cut excerpt")


def strangers(world):
    """Who is no member finds nothing and may not ask for the conversation; nobody searches without a token."""
    say(world.ada, world.here, "the secret plover")
    indexed(world)
    equal(texts(world.ada, "plover"), ["the secret plover"], "a member")
    equal(texts(world.eve, "plover"), [], "a stranger")
    equal(texts(world.eve, "plover", sender=world.ada.id), [], "a stranger who knows the sender")
    for place in (world.here, "12345"):
        refused(lambda p=place: page(world.eve, "plover", conversation=p), "not_found", "a stranger's conversation")
    refused(lambda: world.server.http().get("/messages/search?q=plover"), "unauthenticated", "without a token")
    with kith.Socket(world.server.url, world.eve) as socket:
        equal(socket.request("message.search", {"q": "plover"})["items"], [], "a stranger's socket")
        refused(lambda: socket.request("message.search", {"q": "plover", "conversation": world.here}), "not_found",
                "a stranger's socket and conversation")
    with kith.Socket(world.server.url, world.bob) as socket:
        found = socket.request("message.search", {"q": "plover"})["items"]
        equal([hit["message"]["body"]["text"] for hit in found], ["the secret plover"], "a member's socket")


def bad_input(world):
    """Every refusal names its field."""
    cases = [({"q": ""}, "/q"), ({"q": "字" * 101}, "/q"), ({"q": "\ufdfa" * 100}, None), ({}, "/q"),
             ({"q": "x", "limit": 0}, "/limit"), ({"q": "x", "limit": 101}, "/limit"), ({"q": "x", "after": "-1"}, "/after"),
             ({"q": "x", "sender": "bob"}, "/sender"), ({"q": "x", "conversation": "0"}, "/conversation"),
             ({"q": "x", "kind": "picture"}, "/kind"), ({"q": "x", "since": "yesterday"}, "/since"),
             ({"q": "x", "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "/until"),
             ({"q": "x", "order": "oldest"}, "/order")]
    for fields, pointer in cases:
        path = "/messages/search?" + urllib.parse.urlencode(fields)
        if pointer:
            refused(lambda p=path: world.ada.http.get(p), "invalid", str(fields), pointer)
        else:
            equal(world.ada.http.get(path).body, {"items": [], "next": None}, str(fields)[:40])


def plain_text(world):
    """What means something to an index is text like any other."""
    said = ['say "hello" now', "this AND that", "NEAR the OR gate", "a*b star", "NOT (ever) words:x ^caret"]
    for text in said:
        say(world.ada, world.here, text)
    indexed(world)
    cases = {'"hello"': [said[0]], '"hello': [said[0]], "hello OR gate": [], "gate OR": [said[2]], "this AND that": [said[1]],
             "AND": [said[1]], "NEAR": [said[2]], "NEAR(gate, 2)": [], "star*": [said[3]], "a*b": [said[3]], "*": [], '"': [],
             '""" OR ""': [said[2]], "NOT": [said[4]], "words:x": [said[4]], "^caret": [said[4]], "-ever": [said[4]], "{ever}": [said[4]],
             "'; DROP TABLE search_messages; --": [], "ever) OR (gate": []}
    for query, wanted in cases.items():
        equal(texts(world.ada, query), wanted, f"the query {query}")


def operators(world):
    """Sender, conversation, kind, since and until narrow what is found, alone and together."""
    first = say(world.ada, world.here, "heron one")
    wait_beyond(first["sent_at"])
    second = say(world.bob, world.here, "heron two")
    wait_beyond(second["sent_at"])
    third = say(world.eve, world.there, "heron three")
    indexed(world)
    everything = ["heron three", "heron two", "heron one"]
    equal(texts(world.ada, "heron"), everything, "without operators")
    equal(texts(world.ada, "heron", sender=world.ada.id), ["heron one"], "sender")
    equal(texts(world.ada, "heron", sender="999"), [], "an unknown sender")
    equal(texts(world.ada, "heron", conversation=world.here), ["heron two", "heron one"], "conversation")
    equal(texts(world.ada, "heron", conversation=world.here, sender=world.eve.id), [], "both")
    equal(texts(world.ada, "heron", kind="text"), everything, "kind")
    equal(texts(world.bob, "heron"), ["heron two", "heron one"], "another member")
    history = {item["seq"]: item["sent_at"] for item in
               world.ada.http.get(f"/conversations/{world.here}/messages").body["items"]}
    third_at = world.ada.http.get(f"/conversations/{world.there}/messages").body["items"][-1]["sent_at"]
    verdict.expect(history[first["seq"]] < history[second["seq"]] < third_at and third["seq"], "three times")
    equal(texts(world.ada, "heron", since=history[second["seq"]]), ["heron three", "heron two"], "since")
    equal(texts(world.ada, "heron", until=history[first["seq"]]), [], "until")
    equal(texts(world.ada, "heron", since="2020-01-01T00:00:00Z", until="2099-01-01T00:00:00Z"), everything, "both times")
    equal(texts(world.ada, "heron", since="2099-01-01T00:00:00Z"), [], "the future")
    equal(texts(world.ada, "heron", until="2020-01-01T00:00:00Z"), [], "the past")


def paging(world):
    """Newest first, page by page, none twice and none left out."""
    said = [f"ibis number {number}" for number in range(23)]
    for text in said:
        say(world.ada, world.here, text)
    indexed(world)
    for limit in (1, 5, 23, 100):
        found, mark, pages = [], None, 0
        while True:
            one = page(world.bob, "ibis", limit=limit, after=mark)
            verdict.expect(len(one["items"]) <= limit, "a page beyond its limit")
            found += [hit["message"]["body"]["text"] for hit in one["items"]]
            mark, pages = one["next"], pages + 1
            if mark is None:
                break
        equal(found, list(reversed(said)), f"pages of {limit}")
        verdict.expect(pages <= 23 // limit + 1, f"{pages} pages of {limit}")


def groups(world):
    """In a group one finds what was said while one is there: not what came before, and nothing after leaving."""
    group = world.ada.http.post("/groups", {"name": "birders", "members": [world.bob.id]}).body["id"]
    say(world.ada, group, "redshank early")
    world.ada.http.post(f"/groups/{group}/invitations", {"users": [world.eve.id]})
    say(world.ada, group, "redshank late")
    indexed(world)
    both = ["redshank late", "redshank early"]
    equal(texts(world.bob, "redshank"), both, "one who was there from the beginning")
    equal(texts(world.eve, "redshank"), ["redshank late"], "one who joined later")
    equal(texts(world.eve, "redshank", conversation=group), ["redshank late"], "the same in the group")
    world.bob.http.post(f"/groups/{group}/leave")
    equal(texts(world.bob, "redshank"), [], "one who left")
    refused(lambda: page(world.bob, "redshank", conversation=group), "not_found", "the group of one who left")
    say(world.ada, group, "redshank alone")
    world.ada.http.post(f"/groups/{group}/invitations", {"users": [world.bob.id]})
    indexed(world)
    equal(texts(world.bob, "redshank"), [], "one who came back")
    equal(texts(world.ada, "redshank"), ["redshank alone", *both], "one who stayed")


def recall(world):
    """A recalled message is gone at once, and leaves the index."""
    sent = say(world.ada, world.here, "curlew to be recalled")
    indexed(world)
    equal(len(texts(world.bob, "curlew")), 1, "before the recall")
    world.ada.http.delete(f"/conversations/{world.here}/messages/{sent['seq']}")
    for who in (world.ada, world.bob):
        equal(texts(who, "curlew"), [], "after the recall")
    indexed(world)
    with sqlite3.connect(f"file:{world.server.data}/search.db?mode=ro", uri=True) as data:
        kept = data.execute("SELECT count(*) FROM search_messages WHERE words LIKE '%curlew%'").fetchone()[0]
        named = data.execute("SELECT count(*) FROM search_index('curlew')").fetchone()[0]
    equal((kept, named), (0, 0), "what the index keeps of it")


def wiped(world):
    """An index that was emptied is filled again by itself at the next start; the command does it too."""
    say(world.ada, world.here, "snipe before")
    indexed(world)
    verdict.expect(world.server.stop() == 0, "SIGTERM did not end in 0")
    with sqlite3.connect(f"{world.server.data}/search.db") as data:
        data.execute("DELETE FROM search_messages")
        data.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    world.start_again()
    kith.wait_until(lambda: texts(world.bob, "snipe") == ["snipe before"], INDEX_SECONDS, "the filled index")
    for damage in (os.unlink, lambda path: pathlib.Path(path).write_bytes(b"no database" * 1000)):
        verdict.expect(world.server.stop() == 0, "SIGTERM did not end in 0")
        damage(f"{world.server.data}/search.db")
        world.start_again()
        kith.wait_until(lambda: texts(world.bob, "snipe") == ["snipe before"], INDEX_SECONDS, "an index made anew")
    code, told = world.server.command("search", "rebuild")
    verdict.expect(code == 0, f"search rebuild on a running server: {told}")
    kith.wait_until(lambda: "rebuilt" not in world.server.command("search", "status")[1], INDEX_SECONDS, "the rebuild")
    equal(texts(world.bob, "snipe"), ["snipe before"], "after a rebuild by command")
    equal(world.server.http().get("/readyz").status, 200, "readiness")
    count = int(world.server.command("search", "status")[1].split()[0])
    verdict.expect(world.server.stop() == 0, "SIGTERM did not end in 0")
    code, told = world.server.command("search", "rebuild")
    verdict.expect(code == 0 and f"{count} messages" in told, f"search rebuild without a server: {code} {told}")
    world.start_again()
    equal(texts(world.bob, "snipe"), ["snipe before"], "after a rebuild without a server")


def killed(world):
    """kill -9 while the index follows loses nothing of it, and puts nothing in twice."""
    said = []
    for round_number in range(4):
        for number in range(60):
            text = f"dunlin {round_number} {number}"
            say(world.ada, world.here, text)
            said.append(text)
        world.server.kill()
        world.start_again()
    indexed(world)
    found, mark = [], None
    while True:
        one = page(world.bob, "dunlin", limit=100, after=mark)
        found += [hit["message"]["body"]["text"] for hit in one["items"]]
        mark = one["next"]
        if mark is None:
            break
    equal(found, list(reversed(said)), "what is found after four kills")


def metric(world):
    """How far the index is behind is told, and is nothing when it has caught up."""
    indexed(world)

    def behind():
        told = world.server.http().get("/metrics").raw.decode()
        return [line.split()[1] for line in told.splitlines() if line.startswith("kith_search_behind_positions ")]

    kith.wait_until(lambda: behind() == ["0"], INDEX_SECONDS, "the gauge at 0")


PARTS = [words, strangers, bad_input, plain_text, operators, paging, groups, recall, metric, wiped, killed]


def body(_seed):
    with kith.Server() as server:
        world = World(server)
        for part in PARTS:
            print(f"  {part.__name__}", flush=True)
            part(world)
        verdict.expect(server.stop() == 0, "SIGTERM did not end in 0")
    return f"{len(PARTS)} parts"


if __name__ == "__main__":
    verdict.main("searching over the wire", body, 200)
