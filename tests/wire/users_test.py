#!/usr/bin/python3
"""Accounts over the wire: who may call what, sign-in and its limits, rotation, set-up, invites, revocation, profiles."""
import os
import re
import statistics
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith  # noqa: E402

PASSWORD = "correct horse battery 9"
WEB = {"kind": "web", "name": "Firefox"}
BROWSER = {"Sec-Fetch-Site": "same-origin"}
NO_ONE = "1"

# Every operation of `users` that needs a session: it is refused without one, with a forged one and with an ended one.
SIGNED_IN = [
    ("GET", "/sessions", None), ("DELETE", f"/sessions/{NO_ONE}", None), ("DELETE", "/sessions", None),
    ("GET", "/users/me", None), ("PATCH", "/users/me", {"nickname": "x"}),
    ("PUT", "/users/me/password", {"old": PASSWORD, "new": "another long password"}),
    ("GET", f"/users/{NO_ONE}", None), ("GET", "/users?q=a", None),
    ("GET", "/invites", None), ("POST", "/invites", {}), ("DELETE", f"/invites/{NO_ONE}", None),
]


def sign_in_body(username, password=PASSWORD, device=None):
    return {"username": username, "password": password, "device": device or kith.device()}


def pointers(answer):
    return sorted(one["pointer"] for one in answer.body.get("errors", []))


def refreshed(server, token):
    return server.http().post("/sessions/refresh", {"refresh_token": token}, check=False)


class Shared(unittest.TestCase):
    """Tests on one server with fast limits and an owner, ada and bob."""

    @classmethod
    def setUpClass(cls):
        cls.server = kith.Server()
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.owner, cls.ada, cls.bob = kith.people(cls.server, 3)

    def again(self, who):
        return kith.sign_in(self.server, who.username)

    def invite(self, **more):
        return self.owner.http.post("/invites", more).body

    def newcomer(self, name):
        return kith.register(self.server, name, self.invite()["code"])


class CallersTest(Shared):
    """Who may call what."""

    def test_no_one_is_refused(self):
        ended = self.again(self.bob)
        ended.http.delete(f"/sessions/{ended.session['session']['id']}")
        forged = self.ada.token[:-2] + ("AA" if not self.ada.token.endswith("AA") else "BB")
        for method, path, body in SIGNED_IN:
            for token in (None, forged, "nonsense", ended.token):
                with self.subTest(method=method, path=path, token=token and token[:8]):
                    answer = self.server.http(token).request(method, path, body, check=False)
                    self.assertEqual((answer.status, answer.code), (401, "unauthenticated"))

    def test_the_door_to_others_is_shut(self):
        session = self.ada.session["session"]["id"]
        invite = self.ada.http.post("/invites", {}).body["id"]
        for path in (f"/sessions/{session}", f"/invites/{invite}"):
            answer = self.bob.http.delete(path, check=False)
            self.assertEqual((answer.status, answer.code), (404, "not_found"))
        self.assertEqual(self.ada.http.get("/users/me").status, 200)
        self.assertIn(invite, [one["id"] for one in self.ada.http.all("/invites")])
        self.assertNotIn(invite, [one["id"] for one in self.bob.http.all("/invites")])
        self.assertIn(invite, [one["id"] for one in self.owner.http.all("/invites")])
        self.owner.http.delete(f"/invites/{invite}")

    def test_nobody_promotes_oneself(self):
        for field in ("role", "id", "state", "username"):
            answer = self.ada.http.patch("/users/me", {field: "owner"}, check=False)
            self.assertEqual((answer.status, pointers(answer)), (400, [f"/{field}"]))
        self.assertEqual(self.ada.http.get("/users/me").body["role"], "user")

    def test_both_doors_are_the_same(self):
        with kith.Socket(self.server.url, self.ada) as ws:
            mine = ws.request("user.me")
            self.assertEqual(mine["id"], self.ada.id)
            self.assertEqual(ws.request("user.get", {"user": self.bob.id})["username"], self.bob.username)
            told = ws.request("server.info")
            self.assertEqual(told, self.server.http().get("/server").body)
            self.assertEqual(told["limits"]["text_code_points"], ws.hello["limits"]["text_code_points"])
            for name, data in (("session.create", sign_in_body("ada")), ("session.refresh", {}), ("no.such", {})):
                with self.assertRaises(kith.Refused) as refused:
                    ws.request(name, data)
                self.assertEqual(refused.exception.code, "not_found", f"{name} is of HTTP alone")

    def test_no_answer_is_cached(self):
        answer = self.ada.http.get("/users/me")
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store")


class InputTest(Shared):
    """Bad input names its fields."""

    def wrong(self, method, path, body, expected, who=None):
        http = who.http if who else self.server.http()
        answer = http.request(method, path, body, check=False)
        with self.subTest(path=path, body=body):
            self.assertEqual((answer.status, answer.code), (400, "invalid"))
            self.assertEqual(pointers(answer), sorted(expected))

    def test_accounts(self):
        good = {"username": "carol", "password": PASSWORD, "device": kith.device()}
        self.wrong("POST", "/accounts", {}, ["/password", "/username"])
        for name in ("a b", "_abc", "\u3164\u3164\u3164", "\u0301\u0301\u0301", "abc\u200d"):
            self.wrong("POST", "/accounts", {**good, "username": name}, ["/username"])
        self.wrong("POST", "/accounts", {**good, "nickname": "\u3164\ufe0f"}, ["/nickname"])
        self.wrong("POST", "/accounts", {**good, "username": "ab", "password": "short"}, ["/password", "/username"])
        self.wrong("POST", "/accounts", {**good, "password": "Password123"}, ["/password"])
        self.wrong("POST", "/accounts", {**good, "nickname": "a\u0007b"}, ["/nickname"])
        self.wrong("POST", "/accounts", {**good, "device": {"kind": "toaster", "name": "x"}}, ["/device/kind"])
        self.wrong("POST", "/accounts", {**good, "device": {"kind": "cli", "name": ""}}, ["/device/name"])
        self.wrong("POST", "/accounts", {**good, "role": "owner"}, ["/role"])
        self.wrong("POST", "/accounts", good, ["/invite"])
        self.wrong("POST", "/accounts", {**good, "invite": "guess"}, ["/invite"])

    def test_sessions(self):
        self.wrong("POST", "/sessions", {}, ["/device", "/password", "/username"])
        self.wrong("POST", "/sessions", sign_in_body("ada", "x" * 2000), ["/password"])
        self.wrong("GET", "/sessions?limit=0", None, ["/limit"], self.ada)
        self.wrong("GET", "/sessions?after=x", None, ["/after"], self.ada)

    def test_people(self):
        self.wrong("PATCH", "/users/me", {"nickname": None}, ["/nickname"], self.ada)
        self.wrong("PATCH", "/users/me", {"nickname": "  ", "bio": "x" * 501}, ["/bio", "/nickname"], self.ada)
        self.wrong("GET", "/users?q=", None, ["/q"], self.ada)
        self.wrong("GET", "/users?q=a&limit=101", None, ["/limit"], self.ada)
        self.wrong("GET", "/users?q=a&after=!", None, ["/after"], self.ada)
        self.wrong("PUT", "/users/me/password", {"old": PASSWORD, "new": "short"}, ["/new"], self.ada)

    def test_invites(self):
        self.wrong("POST", "/invites", {"uses": 0}, ["/uses"], self.owner)
        self.wrong("POST", "/invites", {"uses": 1001}, ["/uses"], self.owner)
        self.wrong("POST", "/invites", {"expires_at": "2001-01-01T00:00:00Z"}, ["/expires_at"], self.owner)
        self.wrong("POST", "/invites", {"expires_at": "soon"}, ["/expires_at"], self.owner)


class SessionTest(Shared):
    """Sessions: what they hold, rotation, reuse, ends."""

    def test_shape(self):
        body = self.server.http().post("/sessions", sign_in_body(self.ada.username)).body
        self.assertEqual(set(body), {"user", "session", "access_token", "expires_in", "refresh_token"})
        self.assertEqual(set(body["session"]), {"id", "device", "created_at"})
        self.assertEqual(set(body["user"]), {"id", "username", "nickname", "avatar", "bio", "role", "presence",
                                             "last_seen", "created_at"})
        self.assertEqual(body["expires_in"], 900)
        item = next(one for one in self.ada.http.all("/sessions") if one["id"] == body["session"]["id"])
        self.assertEqual(set(item), {"id", "device", "address", "created_at", "last_seen", "current"})
        self.assertFalse(item["current"])
        self.assertEqual(sum(one["current"] for one in self.ada.http.all("/sessions")), 1)

    def test_two_refreshes_at_once_agree(self):
        person = self.newcomer("rotating")
        spent = person.session["refresh_token"]
        one, two = refreshed(self.server, spent), refreshed(self.server, spent)
        self.assertEqual((one.status, two.status), (200, 200))
        self.assertEqual(one.body["refresh_token"], two.body["refresh_token"])
        self.assertNotEqual(one.body["refresh_token"], spent)
        self.assertEqual(one.body["session"]["id"], person.session["session"]["id"])

    def test_reuse_of_an_old_token_ends_the_session(self):
        person = self.newcomer("robbed")
        other = self.again(person)
        oldest = person.session["refresh_token"]
        token = oldest
        for _ in range(3):
            token = refreshed(self.server, token).body["refresh_token"]
        with kith.Socket(self.server.url, person) as ws:
            self.assertEqual(refreshed(self.server, oldest).status, 401)
            self.assertEqual(ws.wait_closed(1), 4001)
        self.assertEqual(refreshed(self.server, token).status, 401)
        self.assertEqual(person.http.get("/users/me", check=False).status, 401)
        self.assertEqual(other.http.get("/users/me").status, 200)

    def test_a_web_device_has_a_cookie_and_no_token_in_the_body(self):
        http = self.server.http()
        answer = http.post("/sessions", sign_in_body(self.ada.username, device=WEB), headers=BROWSER)
        self.assertNotIn("refresh_token", answer.body)
        cookie = answer.headers["Set-Cookie"]
        for part in ("__Host-kith_refresh=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
            self.assertIn(part, cookie)
        pair = {"Cookie": cookie.split(";")[0]}
        again = http.post("/sessions/refresh", {}, headers={**pair, **BROWSER})
        self.assertNotIn("refresh_token", again.body)
        self.assertIn("__Host-kith_refresh=", again.headers["Set-Cookie"])
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            answer = http.post("/sessions/refresh", {}, headers={**pair, **headers}, check=False)
            self.assertIn(answer.status, (401, 403))
        out = self.server.http(again.body["access_token"]).delete(f"/sessions/{again.body['session']['id']}")
        self.assertEqual(out.status, 204)
        self.assertIn("Max-Age=0", out.headers["Set-Cookie"])

    def test_revoking_closes_sockets_within_a_second(self):
        first = self.newcomer("manydevices")
        second, third = self.again(first), self.again(first)
        with kith.Socket(self.server.url, second) as ws, kith.Socket(self.server.url, third) as other, \
                kith.Socket(self.server.url, first) as own:
            first.http.delete(f"/sessions/{second.session['session']['id']}")
            self.assertEqual(ws.wait_closed(1), 4001)
            own.event("session.revoked", lambda data: data["session"] == second.session["session"]["id"], 2)
            first.http.delete("/sessions")
            self.assertEqual(other.wait_closed(1), 4001)
            self.assertEqual(own.request("user.me")["id"], first.id)
        for one in (second, third):
            self.assertEqual(one.http.get("/users/me", check=False).status, 401)
            self.assertEqual(refreshed(self.server, one.session["refresh_token"]).status, 401)
            with self.assertRaises((kith.Refused, kith.Closed)):
                kith.Socket(self.server.url, one)

    def test_a_change_of_password_ends_the_other_sessions(self):
        first = self.newcomer("changing")
        second = self.again(first)
        fresh = "another long password"
        answer = first.http.put("/users/me/password", {"old": "not it at all", "new": fresh}, check=False)
        self.assertEqual((answer.status, pointers(answer)), (403, ["/old"]))
        with kith.Socket(self.server.url, second) as ws, kith.Socket(self.server.url, first) as own:
            answer = first.http.put("/users/me/password", {"old": PASSWORD, "new": fresh})
            self.assertEqual(answer.status, 204)
            self.assertEqual(ws.wait_closed(1), 4001)
            self.assertEqual(own.request("user.me")["id"], first.id)
        self.assertEqual(second.http.get("/users/me", check=False).status, 401)
        self.assertEqual(self.server.http().post("/sessions", sign_in_body("changing"), check=False).status, 401)
        kith.sign_in(self.server, "changing", fresh)


class ProfileTest(Shared):
    """Profiles and the search for people."""

    def test_a_change_reaches_the_own_devices(self):
        other = self.again(self.ada)
        with kith.Socket(self.server.url, other) as ws:
            after = self.ada.http.patch("/users/me", {"nickname": "Ada L.", "bio": "two\nlines"}).body
            self.assertEqual((after["nickname"], after["bio"]), ("Ada L.", "two\nlines"))
            event = ws.event("user.updated", timeout=5)
            self.assertEqual(event["data"]["nickname"], "Ada L.")
        seen = self.bob.http.get(f"/users/{self.ada.id}").body
        self.assertEqual(seen["nickname"], "Ada L.")
        self.assertEqual(self.ada.http.patch("/users/me", {"bio": None}).body["bio"], "")
        self.assertEqual(self.ada.http.get("/sync").body["me"]["nickname"], "Ada L.")

    def test_search_pages(self):
        for number in range(5):
            self.newcomer(f"zoe{number}")
        found = self.ada.http.all("/users?q=ZOE&limit=2")
        self.assertEqual([one["username"] for one in found], [f"zoe{number}" for number in range(5)])
        self.assertEqual(self.ada.http.get("/users?q=%25%25").body, {"items": [], "next": None})
        for limit in (51, 100):
            self.assertEqual(len(self.ada.http.get(f"/users?q=zoe&limit={limit}").body["items"]), 5)

    def test_presence_is_for_those_who_share_a_conversation(self):
        watched, watcher = self.newcomer("watched"), self.newcomer("watcher")

        def seen():
            """What the watcher, who has no socket, is told of the presence of the other, place by place."""
            found = watcher.http.get("/users?q=watched").body["items"]
            self.assertEqual([one["id"] for one in found], [watched.id])
            listed = [*found, watcher.http.get(f"/users/{watched.id}").body,
                      *(one["peer"] for one in watcher.http.get("/sync").body["conversations"]),
                      *(one["peer"] for one in watcher.http.all("/conversations"))]
            return {(one["presence"], one["last_seen"] is not None) for one in listed}

        with kith.Socket(self.server.url, watched):
            self.assertEqual(seen(), {(None, False)}, "a stranger")
        opened = watcher.http.put(f"/direct/{watched.id}").body
        with kith.Socket(self.server.url, watched) as ws:
            kith.wait_until(lambda: seen() == {("online", False)}, 5, "the presence of a peer")
            one = watcher.http.get(f"/conversations/{opened['id']}").body
            self.assertEqual((one["peer"]["presence"], one["peer"]["last_seen"]), ("online", None))
            self.assertEqual(ws.request("user.get", {"user": watcher.id})["presence"], "offline")
        self.assertEqual(self.bob.http.get(f"/users/{watched.id}").body["presence"], None)
        found = self.bob.http.get("/users?q=watched").body["items"]
        self.assertEqual([one["presence"] for one in found], [None])

    def test_live_events_carry_presence(self):
        told, peer = self.newcomer("toldof"), self.newcomer("peering")
        with kith.Socket(self.server.url, told) as own, kith.Socket(self.server.url, peer) as ws:
            told.http.put(f"/direct/{peer.id}")
            for socket, other in ((ws, told), (own, peer)):
                event = socket.event("conversation.created")["data"]
                self.assertEqual((event["peer"]["id"], event["peer"]["presence"]), (other.id, "online"))
            told.http.patch("/users/me", {"nickname": "New"})
            for socket, kind in ((ws, "card.updated"), (own, "user.updated")):
                event = socket.event(kind)["data"]
                self.assertEqual((event["nickname"], event["presence"], event["last_seen"]), ("New", "online", None))

    def test_names_that_look_alike_are_one(self):
        self.newcomer("Paypal")
        code = self.invite(uses=5)["code"]
        for name in ("paypal", "PAYPAL", "pаypаl", "Ｐaypal"):
            body = {"username": name, "password": PASSWORD, "invite": code, "device": kith.device()}
            answer = self.server.http().post("/accounts", body, check=False)
            self.assertEqual((answer.status, pointers(answer)), (409, ["/username"]))
        for one, other in (("alina", "aIina"), ("bill", "biIl"), ("visit1", "visitI"), ("robot", "r0b0t")):
            self.newcomer(one)
            body = {"username": other, "password": PASSWORD, "invite": code, "device": kith.device()}
            answer = self.server.http().post("/accounts", body, check=False)
            self.assertEqual((answer.status, pointers(answer)), (409, ["/username"]), f"{one} and {other}")


class InviteTest(Shared):
    """Invites: uses, revocation, the link."""

    def try_code(self, code, name):
        body = {"username": name, "password": PASSWORD, "invite": code, "device": kith.device()}
        return self.server.http().post("/accounts", body, check=False)

    def test_uses_and_revocation(self):
        invite = self.invite(uses=2)
        self.assertEqual(set(invite), {"id", "code", "url", "uses", "used", "expires_at", "created_at"})
        self.assertTrue(invite["url"].endswith("/invite#code=" + invite["code"]))
        self.assertRegex(invite["code"], r"\A[A-Za-z0-9_-]{22}\Z")
        self.assertEqual([self.try_code(invite["code"], f"guest{n}").status for n in range(3)], [201, 201, 400])
        listed = next(one for one in self.owner.http.all("/invites") if one["id"] == invite["id"])
        self.assertEqual((listed["used"], listed["url"]), (2, invite["url"]))
        other = self.invite(uses=2)
        self.assertEqual(self.owner.http.delete(f"/invites/{other['id']}").status, 204)
        self.assertEqual(pointers(self.try_code(other["code"], "late")), ["/invite"])


class OwnServerTest(unittest.TestCase):
    """What needs a server of its own: first start, modes, limits."""

    def server(self, **more):
        made = kith.Server(**more)
        self.addCleanup(made.close)
        return made.start()

    def test_set_up_once(self):
        server = self.server()
        token = server.setup_token()
        self.assertTrue(server.http().get("/server").body["setup_required"])
        body = {"setup_token": token, "username": "owner", "password": PASSWORD, "device": kith.device()}
        wrong = server.http().post("/setup", {**body, "setup_token": "guess"}, check=False)
        self.assertEqual((wrong.status, wrong.code), (403, "forbidden"))
        made = server.http().post("/setup", body)
        self.assertEqual((made.status, made.body["user"]["role"]), (201, "owner"))
        again = server.http().post("/setup", {**body, "username": "second"}, check=False)
        self.assertEqual((again.status, again.code), (410, "gone"))
        self.assertFalse(server.http().get("/server").body["setup_required"])
        server.stop()
        server.start()
        self.assertFalse(server.http().get("/server").body["setup_required"])
        self.assertFalse([line for line in server.lines if "/setup#token=" in line])

    def test_each_start_has_its_own_set_up_link(self):
        server = self.server()
        old = server.setup_token()
        server.kill()
        server.start()
        self.assertNotEqual(server.setup_token(), old)
        body = {"setup_token": old, "username": "owner", "password": PASSWORD, "device": kith.device()}
        self.assertEqual(server.http().post("/setup", body, check=False).status, 403)

    def test_modes(self):
        closed = self.server(settings=["users.registration=closed"])
        kith.set_up(closed)
        body = {"username": "ada", "password": PASSWORD, "device": kith.device()}
        self.assertEqual(closed.http().post("/accounts", body, check=False).status, 403)
        self.assertEqual(closed.http().get("/server").body["registration"], "closed")
        opened = self.server(settings=["users.registration=open", "users.members_may_invite=false"])
        kith.set_up(opened)
        member = kith.register(opened, "ada")
        self.assertEqual(member.http.post("/invites", {}, check=False).status, 403)

    def test_lock_out(self):
        # Tries count 1.6 a minute by account at this scale: two failures, then a wait; the door itself is wide open.
        server = self.server(scale=0.4)
        kith.set_up(server)
        http = server.http()
        statuses = [http.post("/sessions", sign_in_body(name, "wrong password"), check=False)
                    for name in ("owner", "owner", "owner", "nobody", "nobody", "nobody")]
        self.assertEqual([one.status for one in statuses[:3]], [401, 401, 429])
        self.assertEqual([one.status for one in statuses[3:]], [401, 401, 429])
        self.assertEqual(statuses[0].body["detail"], statuses[3].body["detail"])
        self.assertRegex(statuses[2].headers["Retry-After"], r"\A[1-9]\d*\Z")
        self.assertEqual(http.post("/sessions", sign_in_body("owner"), check=False).status, 429)
        server.kill()
        server.start()
        self.assertEqual(server.http().post("/sessions", sign_in_body("owner"), check=False).status, 429)

    def test_time_tells_nothing(self):
        server = self.server(settings=["users.argon2_mib=19"])
        kith.set_up(server)
        http = server.http()
        spent = {"owner": [], "nobody": []}
        for _ in range(40):
            for name, times in spent.items():
                begun = time.perf_counter()
                self.assertEqual(http.post("/sessions", sign_in_body(name, "wrong password"), check=False).status, 401)
                times.append(time.perf_counter() - begun)
        known, unknown = (statistics.median(times) for times in spent.values())
        self.assertLess(abs(known - unknown), 0.35 * max(known, unknown), "one of them skips the hash")

    def test_secrets_stay_out_of_the_log_and_the_key_is_private(self):
        server = self.server()
        owner = kith.set_up(server)
        refreshed(server, owner.session["refresh_token"])
        server.http().post("/sessions", sign_in_body("owner", "a wrong password of mine"), check=False)
        server.stop()
        with open(server.log_path, encoding="utf-8") as file:
            log = re.sub(r"setup#token=\S+", "", file.read())
        for secret in (owner.token, owner.session["refresh_token"], PASSWORD, "a wrong password of mine"):
            self.assertNotIn(secret, log)
        self.assertEqual(os.stat(os.path.join(server.data, "token.key")).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
