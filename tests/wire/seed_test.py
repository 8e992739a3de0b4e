#!/usr/bin/python3
"""What `bench seed` writes is data of the real server: it starts on it, and the wire tells what was asked for."""
import collections
import concurrent.futures
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith

BUILD = os.environ.get("KITH_BUILD") or os.path.join(kith.ROOT, "build", "release")
PASSWORD = "a password of seeded people"
MESSAGES = 20_000


def seed(folder, *more):
    """Runs `bench seed` and gives the note that it leaves."""
    command = [os.path.join(BUILD, "bench"), "seed", "--kith", kith.binary(), "--data", folder,
               "--messages", str(MESSAGES), *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}")
    with open(os.path.join(folder, "bench-seed.json"), encoding="utf-8") as file:
        return json.load(file)


def rows(folder, query):
    with sqlite3.connect(f"file:{folder}/kith.db?mode=ro", uri=True) as base:
        return base.execute(query).fetchall()


class Seeded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="kith-seed-")
        cls.folder = os.path.join(cls.scratch.name, "data")
        cls.note = seed(cls.folder, "--seed", "8")  # makes a group within the journal
        names = [name for (name,) in rows(cls.folder, "SELECT username FROM users ORDER BY id")]
        cls.server = kith.Server(data=cls.folder).start()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            cls.people = list(pool.map(lambda name: kith.sign_in(cls.server, name, PASSWORD), names))
        cls.by_id = {person.id: person for person in cls.people}
        cls.sync = {person.id: person.http.get("/sync").body for person in cls.people}

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.server.close()
        cls.scratch.cleanup()
        assert code == 0, code

    def conversations(self):
        """Every conversation, with its members' views by person."""
        found = collections.defaultdict(dict)
        for person, state in self.sync.items():
            for conversation in state["conversations"]:
                found[conversation["id"]][person] = conversation
        return found

    def history(self, person, view, after=0):
        """What a person sees of a conversation, up to its end at the beginning of the tests."""
        items = self.by_id[person].http.clone().history(view["id"], after)
        return [item for item in items if item["seq"] <= view["last_seq"]]

    def test_there_are_as_many_people_conversations_and_messages_as_asked_for(self):
        found = self.conversations()
        self.assertEqual(len(self.people), self.note["people"])
        self.assertEqual(len(found), self.note["conversations"])
        total = 0
        for views in found.values():
            last = {view["last_seq"] for view in views.values()}
            self.assertEqual(len(last), 1)
            kinds = {view["kind"] for view in views.values()}
            self.assertEqual(kinds, {"direct"} if len(views) == 2 else {"group"})
            total += last.pop()
        self.assertEqual(total, self.note["messages"])
        self.assertEqual(self.note["messages"], MESSAGES)
        self.assertEqual([person.user["role"] for person in self.people].count("owner"), 1)

    def groups(self):
        return {group: views for group, views in self.conversations().items()
                if next(iter(views.values()))["kind"] == "group"}

    def test_groups_have_their_members_one_owner_and_a_name(self):
        groups = self.groups()
        self.assertEqual(len(groups), self.note["groups"])
        sizes = sorted(len(views) for views in groups.values())
        self.assertGreaterEqual(sizes[0], 3)
        self.assertGreater(sizes[-1], 40)
        for group, views in groups.items():
            person, view = next(iter(views.items()))
            http = self.by_id[person].http
            shown = http.get(f"/groups/{group}").body
            self.assertEqual((shown["name"], shown["member_count"]), (view["title"], len(views)))
            self.assertTrue(view["title"].strip())
            members = http.all(f"/groups/{group}/members?limit=7")
            roles = {member["user"]["id"]: member["role"] for member in members}
            self.assertEqual(len(members), len(views))
            self.assertEqual(roles, {one: seen["group"]["role"] for one, seen in views.items()})
            self.assertEqual([member["role"] for member in members], ["owner"] + ["member"] * (len(views) - 1))
            self.assertEqual({seen["first_seq"] for seen in views.values()}, {1})

    def test_a_group_goes_on_as_any_other(self):
        group, views = max(self.groups().items(), key=lambda item: len(item[1]))
        owner = next(self.by_id[one] for one, seen in views.items() if seen["group"]["role"] == "owner")
        member = next(self.by_id[one] for one in views if one != owner.id)
        outsider = next(person for person in self.people if person.id not in views)
        with kith.Socket(self.server.url, member) as socket:
            for name in ("another name", views[member.id]["title"]):
                owner.http.patch(f"/groups/{group}", {"name": name})
                self.assertEqual(socket.event("conversation.updated", timeout=10)["data"]["title"], name)
            owner.http.post(f"/groups/{group}/invitations", {"users": [outsider.id]})
            joined = socket.event("member.joined", timeout=10)["data"]
            self.assertEqual((joined["member"]["user"]["id"], joined["first_seq"]),
                             (outsider.id, views[member.id]["last_seq"] + 1))
            self.assertEqual(owner.http.get(f"/groups/{group}").body["member_count"], len(views) + 1)
            last = owner.http.all(f"/groups/{group}/members?limit=100")[-1]
            self.assertEqual(last["user"]["id"], outsider.id)  # the seed's positions lie below those given now
            owner.http.delete(f"/groups/{group}/members/{outsider.id}")
            left = socket.event("member.left", timeout=10)["data"]["member"]["user"]["id"]
            self.assertEqual(left, outsider.id)
        self.assertEqual(owner.http.get(f"/groups/{group}").body["member_count"], len(views))

    def test_a_member_resumes_from_before_a_group_was_made(self):
        ((horizon,),) = rows(self.folder, "SELECT horizon FROM journal_head")
        made = rows(self.folder, "SELECT conversation, user, joined_pos FROM messages_members "
                                 f"WHERE joined_pos > {horizon} ORDER BY joined_pos")
        self.assertTrue(made)
        conversation, user, joined = made[0]
        person = self.by_id[str(user)]
        since = {"epoch": self.sync[person.id]["epoch"], "pos": joined - 1}
        with kith.Socket(self.server.url, person, since) as socket:
            self.assertTrue(socket.hello["resumed"])
            socket.event("caught_up", timeout=10)
            kinds = [event["type"] for event in socket.events if str(conversation) in json.dumps(event)]
        self.assertIn("conversation.created", kinds)
        self.assertIn("member.joined", kinds)

    def test_few_conversations_are_large_and_many_are_small(self):
        sizes = sorted((max(view["last_seq"] for view in views.values())
                        for views in self.conversations().values()), reverse=True)
        self.assertGreater(sum(sizes[:len(sizes) // 10]), MESSAGES / 3)
        self.assertLess(sizes[len(sizes) // 2], MESSAGES / len(sizes))

    def test_history_tells_each_message_once_in_order(self):
        whole = 0
        for conversation, views in list(self.conversations().items())[::7]:
            person, view = next(iter(views.items()))
            items = self.history(person, view)
            whole += len(items)
            self.assertEqual([item["seq"] for item in items], list(range(1, view["last_seq"] + 1)))
            positions = [item["pos"] for item in items]
            self.assertEqual(positions, sorted(set(positions)))
            times = [item["sent_at"] for item in items]
            self.assertEqual(times, sorted(times))
            for item in items:
                self.assertIn(item["sender"], views)
                self.assertEqual(item["conversation"], conversation)
                self.assertTrue(item["body"]["text"].strip())
            if items:
                self.assertEqual(view["last_message"], items[-1])
        self.assertGreater(whole, 500)

    def test_unread_counts_what_others_wrote_above_the_mark(self):
        counted = 0
        for views in self.conversations().values():
            for person, view in views.items():
                self.assertLessEqual(view["read_seq"], view["delivered_seq"])
                if view["unread"] == 0 or counted > 20:
                    continue
                above = self.history(person, view, after=view["read_seq"])
                expected = sum(1 for item in above if item["sender"] != person)
                self.assertEqual(view["unread"], expected)
                counted += 1
        self.assertGreater(counted, 5)

    def recent(self):
        """The newest message of all, as its sender's person and the message."""
        newest = max((view["last_message"] for views in self.conversations().values() for view in views.values()
                      if view["last_message"]), key=lambda message: message["pos"])
        return self.by_id[newest["sender"]], newest

    def test_a_repeated_client_id_gets_its_first_answer(self):
        person, message = self.recent()
        path = f"/conversations/{message['conversation']}/messages"
        again = person.http.post(path, kith.text_message(message["body"]["text"], message["client_id"])).body
        self.assertEqual(again, {"seq": message["seq"], "pos": message["pos"], "sent_at": message["sent_at"],
                                 "duplicate": True})
        other = person.http.post(path, kith.text_message("another text", message["client_id"]), check=False)
        self.assertEqual(other.code, "conflict")

    def test_a_client_resumes_within_the_seeded_journal(self):
        person, message = self.recent()
        state = self.sync[person.id]
        since = {"epoch": state["epoch"], "pos": message["pos"] - 1}
        with kith.Socket(self.server.url, person, since) as socket:
            self.assertTrue(socket.hello["resumed"])
            event = socket.event("message.created", lambda e: e["pos"] == message["pos"], timeout=10)
            self.assertEqual(event["data"], message)
            socket.event("caught_up", timeout=10)
        ((horizon,),) = rows(self.folder, "SELECT horizon FROM journal_head")
        self.assertGreater(horizon, MESSAGES / 2)
        with kith.Socket(self.server.url, person, {"epoch": state["epoch"], "pos": horizon - 1}) as socket:
            self.assertFalse(socket.hello["resumed"])

    def test_a_new_message_takes_the_next_number_and_is_heard(self):
        conversation, views = max(self.conversations().items(),
                                  key=lambda item: max(view["last_seq"] for view in item[1].values()))
        writer, hearer = [self.by_id[person] for person in list(views)[:2]]
        last = writer.http.get(f"/conversations/{conversation}").body["last_seq"]
        with kith.Socket(self.server.url, hearer) as socket:
            sent = writer.http.post(f"/conversations/{conversation}/messages", kith.text_message("one more")).body
            event = socket.event("message.created", timeout=10)
        self.assertEqual(sent["seq"], last + 1)
        self.assertEqual((event["data"]["seq"], event["data"]["body"]["text"]), (sent["seq"], "one more"))
        self.assertGreater(sent["pos"], self.sync[writer.id]["pos"])

    def test_no_seeded_name_can_be_taken_in_another_spelling(self):
        owner = next(person for person in self.people if person.user["role"] == "owner")
        invite = owner.http.post("/invites", {"uses": 2}).body["code"]
        for name in (self.people[3].username.upper(), self.people[4].username.replace("a", "а")):  # a Cyrillic one
            with self.assertRaises(kith.Refused) as refused:
                kith.register(self.server, name, invite)
            self.assertEqual(refused.exception.code, "conflict", name)


class Files(unittest.TestCase):
    def test_the_file_is_sound_and_the_same_from_the_same_seed(self):
        with tempfile.TemporaryDirectory(prefix="kith-seed-") as scratch:
            texts = []
            for name, number in (("a", "3"), ("b", "3"), ("c", "4")):
                folder = os.path.join(scratch, name)
                note = seed(folder, "--seed", number, "--until", "1780000000")
                self.assertEqual(note["seed"], int(number))
                self.assertEqual(rows(folder, "PRAGMA integrity_check"), [("ok",)])
                self.assertEqual(rows(folder, "PRAGMA foreign_key_check"), [])
                texts.append([rows(folder, query) for query in (
                    "SELECT conversation, seq, pos, sender, client_id, sent_at, body FROM messages",
                    "SELECT * FROM messages_members", "SELECT * FROM groups_groups",
                    "SELECT pos, topic, change_name, thing, seq FROM journal_notes")])
            self.assertEqual(texts[0], texts[1])
            self.assertNotEqual(texts[0], texts[2])

    def test_a_folder_that_holds_something_is_left_alone(self):
        with tempfile.TemporaryDirectory(prefix="kith-seed-") as scratch:
            with open(os.path.join(scratch, "kith.db"), "w", encoding="ascii") as file:
                file.write("mine")
            with self.assertRaises(AssertionError) as refused:
                seed(scratch)
            self.assertIn("is not empty", str(refused.exception))
            self.assertEqual(os.listdir(scratch), ["kith.db"])


if __name__ == "__main__":
    unittest.main()
