#!/usr/bin/python3
"""The WebSocket's own rules (protocol.md): hello, resume and reset, bounds, closing, renewal, the graceful stop."""
import os
import socket as tcp_socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith

SHORT_LIFE = 8  # seconds that an access token lives where its end is tested


def send(socket, conversation, text):
    body = {"conversation": conversation, **kith.text_message(text)}
    return socket.request("message.send", body)


class OneServer(unittest.TestCase):
    """A server with two people and their conversation for all tests of a class."""
    settings = []

    @classmethod
    def setUpClass(cls):
        cls.server = kith.Server(settings=cls.settings)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.ada, cls.bob = kith.people(cls.server, 2)
        cls.conversation = cls.ada.http.put(f"/direct/{cls.bob.id}").body["id"]

    def socket(self, who=None, **more):
        made = kith.Socket(self.server.url, who, **more)
        self.addCleanup(made.cut)
        return made


class Opening(OneServer):
    def test_hello_tells_where_things_stand(self):
        hello = self.socket(self.ada).hello
        self.assertEqual(hello["user"], self.ada.id)
        self.assertEqual(hello["session"], self.ada.session["session"]["id"])
        self.assertEqual((hello["resumed"], hello["reason"]), (False, "no_cursor"))
        self.assertEqual(hello["heartbeat_seconds"], 30)
        self.assertEqual(hello["limits"]["frame_bytes"], 65536)
        self.assertEqual(hello["limits"]["requests_in_flight"], 64)
        self.assertEqual(self.ada.http.get("/sync").body["epoch"], hello["epoch"])

    def test_anything_but_hello_first_is_1008(self):
        for frame in ({"id": 1, "type": "sync.state", "data": {}}, {"id": 1, "type": "message.send"}, {"type": "hello"}, []):
            with self.subTest(frame=frame):
                socket = self.socket()
                socket.send_json(frame)
                self.assertEqual(socket.wait_closed(5), 1008)

    def test_a_bad_token_is_refused_and_closed_with_4001(self):
        socket = self.socket()
        with self.assertRaises(kith.Refused) as refused:
            socket.say_hello("eyJhbGciOiJub25lIn0.e30.")
        self.assertEqual(refused.exception.code, "unauthenticated")
        self.assertEqual(socket.wait_closed(5), 4001)

    def test_a_wrong_hello_names_the_field(self):
        socket = self.socket()
        number = socket.send("hello", {"token": self.ada.token, "since": {"epoch": 1, "pos": "x"}, "extra": 1})
        with self.assertRaises(kith.Refused) as refused:
            socket.answer(number)
        self.assertEqual(refused.exception.code, "invalid")
        pointers = [item["pointer"] for item in refused.exception.body["errors"]]
        self.assertEqual(sorted(pointers), ["/extra", "/since/epoch", "/since/pos"])

    def test_a_hello_with_a_wrong_device_names_the_field(self):
        for device, pointer in (({"kind": "toaster", "name": "x"}, "/device/kind"),
                                ({"kind": "cli\0x", "name": "x"}, "/device/kind"),
                                ({"kind": "cli", "name": ""}, "/device/name"),
                                ({"kind": "cli", "name": "x" * 65}, "/device/name"),
                                ({"kind": "cli", "name": "a\nb"}, "/device/name")):
            socket = self.socket()
            number = socket.send("hello", {"token": self.ada.token, "device": device})
            with self.assertRaises(kith.Refused) as refused:
                socket.answer(number)
            self.assertEqual([item["pointer"] for item in refused.exception.body["errors"]], [pointer])
            self.assertEqual(socket.wait_closed(5), 1008)

    def test_hello_does_not_come_within_five_seconds(self):
        socket = self.socket()
        began = time.monotonic()
        self.assertEqual(socket.wait_closed(8), 1008)
        self.assertGreater(time.monotonic() - began, 4.5)

    def test_a_second_hello_is_a_conflict(self):
        socket = self.socket(self.ada)
        with self.assertRaises(kith.Refused) as refused:
            socket.say_hello(self.ada)
        self.assertEqual(refused.exception.code, "conflict")

    def test_the_eleventh_socket_of_a_user_closes_the_oldest(self):
        carl = kith.people(self.server, 1, prefix="many", owner=self.ada)[0]
        sockets = [self.socket(carl) for _ in range(11)]
        self.assertEqual(sockets[0].wait_closed(5), 4009)
        self.assertTrue(sockets[1].request("sync.state")["pos"] >= 0)

    def test_sockets_that_say_nothing_are_bounded_by_address(self):
        quiet = [self.socket() for _ in range(64)]
        with self.assertRaises(kith.Refused) as refused:
            self.socket()
        self.assertEqual(refused.exception.status, 429)
        for one in quiet:
            one.cut()
        kith.wait_until(lambda: self.opens(), 5, "a place for a new socket")

    def opens(self):
        try:
            self.socket(self.ada)
            return True
        except kith.Refused:
            return False


class Requests(OneServer):
    def test_unknown_types_and_fields_are_answered_not_closed(self):
        socket = self.socket(self.ada)
        for frame, code, pointer in (
                ({"id": 11, "type": "no.such", "data": {}}, "not_found", None),
                ({"id": 12, "type": "message.send", "data": {"conversation": "x"}}, "invalid", "/conversation"),
                ({"id": 13, "type": 5, "data": {}}, "invalid", "/type"),
                ({"id": 14, "type": "sync.state", "more": 1}, "invalid", "/more")):
            with self.subTest(frame=frame):
                socket.send_json(frame)
                with self.assertRaises(kith.Refused) as refused:
                    socket.answer(frame["id"])
                self.assertEqual(refused.exception.code, code)
                if pointer:
                    self.assertIn(pointer, [item["pointer"] for item in refused.exception.body["errors"]])

    def test_more_than_64_under_way_are_refused(self):
        socket = self.socket(self.ada)
        numbers = [socket.send("message.send", {"conversation": self.conversation, **kith.text_message(f"m{i}")})
                   for i in range(400)]
        answered, refused = [], 0
        for number in numbers:
            try:
                answered.append(socket.answer(number)["seq"])
            except kith.Refused as why:
                self.assertEqual(why.code, "too_many_requests")
                self.assertGreater(why.body["retry_after_ms"], 0)
                refused += 1
        self.assertEqual(len(answered) + refused, 400)
        self.assertEqual(answered, sorted(answered))  # numbered in the order they were sent

    def test_answer_and_own_event_have_one_position(self):
        with self.socket(self.ada) as socket:
            answer = send(socket, self.conversation, "to be found")
            event = socket.event("message.created", lambda data: data["seq"] == answer["seq"])
            self.assertEqual(event["pos"], answer["pos"])

    def test_positions_grow_strictly(self):
        with self.socket(self.bob) as socket:
            for i in range(30):
                self.ada.http.post(f"/conversations/{self.conversation}/messages", kith.text_message(f"n{i}"))
                self.bob.http.put(f"/conversations/{self.conversation}/read", {"seq": i})
            socket.event("message.created", lambda data: data["body"] == {"text": "n29"})
            positions = [event["pos"] for event in socket.events if "pos" in event]
            self.assertEqual(positions, sorted(set(positions)))


class Resuming(OneServer):
    settings = ["journal.ring=32"]

    def test_what_was_missed_comes_once_and_as_it_is_now(self):
        with self.socket(self.bob) as socket:
            since = {"epoch": socket.hello["epoch"], "pos": socket.hello["pos"]}
        seqs = [self.ada.http.post(f"/conversations/{self.conversation}/messages",
                                   kith.text_message(f"missed {i}")).body["seq"] for i in range(700)]
        self.ada.http.delete(f"/conversations/{self.conversation}/messages/{seqs[3]}")
        socket = self.socket(self.bob, since=since)
        self.assertTrue(socket.hello["resumed"])
        caught_up = socket.event("caught_up", timeout=20)
        got = [event for event in socket.events if event["type"].startswith("message.")]
        self.assertEqual(sorted(event["data"]["seq"] for event in got), seqs)
        recalled = [event for event in got if event["data"]["seq"] == seqs[3]]
        self.assertEqual([event["type"] for event in recalled], ["message.recalled"])
        self.assertIsNone(recalled[0]["data"]["body"])
        positions = [event["pos"] for event in got]
        self.assertEqual(positions, sorted(set(positions)))
        self.assertGreaterEqual(caught_up["pos"], positions[-1])

    def test_messages_that_flow_during_a_resume_leave_no_gap(self):
        with self.socket(self.bob) as socket:
            since = {"epoch": socket.hello["epoch"], "pos": socket.hello["pos"]}
        first = self.ada.http.post(f"/conversations/{self.conversation}/messages", kith.text_message("a")).body["seq"]
        stop, sent = threading.Event(), [first]

        def flow():
            with kith.Socket(self.server.url, self.ada) as sender:
                while not stop.is_set():
                    sent.append(send(sender, self.conversation, f"flow {len(sent)}")["seq"])
        sender = threading.Thread(target=flow)
        sender.start()
        try:
            for _ in range(12):
                kith.wait_until(lambda count=len(sent): len(sent) > count + 50, 20, "the flow of messages")
                socket = self.socket(self.bob, since=since)
                socket.event("caught_up", timeout=20)
                last = sent[-1]
                socket.event("message.created", lambda data, last=last: data["seq"] >= last, timeout=20)
                seqs = [event["data"]["seq"] for event in socket.events if event["type"] == "message.created"]
                self.assertEqual(seqs, list(range(first, seqs[-1] + 1)))
                socket.cut()
        finally:
            stop.set()
            sender.join(20)

    def test_resets_say_why(self):
        with self.socket(self.bob) as socket:
            epoch, pos = socket.hello["epoch"], socket.hello["pos"]
        for since, reason in (({"epoch": "other", "pos": pos}, "epoch_changed"),
                              ({"epoch": epoch, "pos": pos + 1_000_000}, "ahead"),
                              ({"epoch": epoch, "pos": 0}, "too_old")):
            with self.subTest(reason=reason):
                hello = self.socket(self.bob, since=since).hello
                self.assertEqual((hello["resumed"], hello.get("reason")), (False, reason))


class Unread(unittest.TestCase):
    def test_a_resume_that_is_not_read_is_given_up(self):
        with kith.Server() as server:
            ada, bob = kith.people(server, 2)
            conversation = ada.http.put(f"/direct/{bob.id}").body["id"]
            state = bob.http.get("/sync").body
            for _ in range(900):   # more than the kernel holds for a socket
                ada.http.post(f"/conversations/{conversation}/messages", kith.text_message("x" * 7900))
            host, port = server.url.split("//")[1].rsplit(":", 1)
            tcp = tcp_socket.socket()
            tcp.setsockopt(tcp_socket.SOL_SOCKET, tcp_socket.SO_RCVBUF, 4096)
            tcp.connect((host, int(port)))
            with kith.Socket(server.url, tcp=tcp) as socket:
                since = {"epoch": state["epoch"], "pos": state["pos"]}
                socket.send_json({"id": 1, "type": "hello", "data": {"token": bob.token, "since": since}})
                kith.wait_until(lambda: b"kith_sockets_closed_too_slow_total 1" in server.http().get("/metrics").raw, 60,
                                "the socket is closed as too slow", interval=0.5)
            with kith.Socket(server.url, bob, since) as socket:
                self.assertTrue(socket.hello["resumed"])
                socket.event("caught_up", timeout=20)


class Pruned(OneServer):
    settings = ["journal.horizon_seconds=1", "journal.prune_seconds=1"]

    def test_older_than_the_horizon_is_a_reset(self):
        with self.socket(self.bob) as socket:
            since = {"epoch": socket.hello["epoch"], "pos": socket.hello["pos"]}
        self.ada.http.post(f"/conversations/{self.conversation}/messages", kith.text_message("x"))

        def reset():
            with self.socket(self.bob, since=since) as socket:
                return not socket.hello["resumed"] and socket.hello["reason"] == "too_old"
        kith.wait_until(reset, 15, "the horizon to pass", interval=0.3)


class Ending(OneServer):
    settings = [f"users.access_seconds={SHORT_LIFE}"]

    def test_expiry_warns_then_closes_and_renewal_goes_on(self):
        fresh, began = kith.sign_in(self.server, self.ada.username), time.monotonic()
        ends, stays = self.socket(fresh), self.socket(fresh)
        self.assertLessEqual(stays.event("token.expiring", timeout=5)["data"]["expires_in"], SHORT_LIFE)
        kith.wait_until(lambda: time.monotonic() - began > SHORT_LIFE / 2, SHORT_LIFE, "half of the token's life")
        renewed = self.server.http().post("/sessions/refresh", {"refresh_token": fresh.session["refresh_token"]}).body
        self.assertGreater(stays.request("auth.renew", {"access_token": renewed["access_token"]})["expires_in"], 0)
        self.assertEqual(ends.wait_closed(SHORT_LIFE + 3), 4001)
        self.assertTrue(stays.request("sync.state")["epoch"])

    def test_another_session_cannot_renew_this_socket(self):
        one = kith.sign_in(self.server, self.ada.username)
        other = kith.sign_in(self.server, self.ada.username)
        socket = self.socket(one)
        with self.assertRaises(kith.Refused) as refused:
            socket.request("auth.renew", {"access_token": other.token})
        self.assertEqual(refused.exception.code, "forbidden")

    def test_signing_out_answers_first_and_then_closes(self):
        fresh = kith.sign_in(self.server, self.ada.username)
        socket = self.socket(fresh)
        began = time.monotonic()
        number = socket.send("session.revoke", {"id": fresh.session["session"]["id"]})
        self.assertEqual(socket.answer(number), {})
        self.assertEqual(socket.wait_closed(3), 4001)
        self.assertLess(time.monotonic() - began, 1.5)


class Stopping(unittest.TestCase):
    def test_a_stop_says_when_to_come_back_and_loses_nothing(self):
        with kith.Server() as server:
            ada, bob = kith.people(server, 2)
            conversation = ada.http.put(f"/direct/{bob.id}").body["id"]
            with kith.Socket(server.url, ada) as sender, kith.Socket(server.url, bob) as reader:
                numbers = [sender.send("message.send", {"conversation": conversation, **kith.text_message(str(i))})
                           for i in range(40)]
                seqs = [sender.answer(numbers[0])["seq"]]
                began = time.monotonic()
                self.assertEqual(server.stop(10), 0)
                self.assertLess(time.monotonic() - began, 10)
                for number in numbers[1:]:
                    try:
                        seqs.append(sender.answer(number)["seq"])
                    except (kith.Closed, kith.Refused):
                        break
                self.assertEqual(reader.wait_closed(5), 1001)
                closing = [event for event in reader.events if event["type"] == "server.closing"]
                self.assertEqual(closing[0]["data"]["code"], 1001)
                self.assertGreaterEqual(closing[0]["data"]["retry_after_ms"], 0)
            server.start()
            stored = [message["seq"] for message in kith.Http(server.url, ada.token).history(conversation)]
            self.assertEqual(stored, list(range(1, len(stored) + 1)))
            self.assertGreaterEqual(len(stored), len(seqs))


if __name__ == "__main__":
    unittest.main()
