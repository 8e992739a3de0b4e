#!/usr/bin/python3
"""A backup that was put back is other data to the clients: every cursor of before gets a reset."""
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kith


class Restoring(unittest.TestCase):
    def test_a_backup_put_back_resets_every_cursor(self):
        with kith.Server() as server:
            ada, bob = kith.people(server, 2)
            conversation = ada.http.put(f"/direct/{bob.id}").body["id"]

            def send(count):
                for number in range(count):
                    ada.http.clone().post(f"/conversations/{conversation}/messages", kith.text_message(str(number)))
            send(5)
            copy = os.path.join(os.path.dirname(server.data), "copy.db")
            code, told = server.command("backup", "--to", copy)
            self.assertEqual(code, 0, told)
            self.assertEqual(os.stat(copy).st_mode & 0o777, 0o600)
            send(5)
            before = ada.http.clone().get("/sync").body
            cursor = {"epoch": before["epoch"], "pos": before["pos"]}
            self.assertEqual(server.stop(), 0)
            for suffix in ("", "-wal", "-shm"):
                if os.path.exists(os.path.join(server.data, "kith.db" + suffix)):
                    os.unlink(os.path.join(server.data, "kith.db" + suffix))
            shutil.copy(copy, os.path.join(server.data, "kith.db"))
            server.start()
            send(8)   # past the old cursor's position
            with kith.Socket(server.url, ada, cursor) as socket:
                self.assertEqual((socket.hello["resumed"], socket.hello["reason"]), (False, "epoch_changed"))
                fresh = {"epoch": socket.hello["epoch"], "pos": socket.hello["pos"]}
            seqs = [item["seq"] for item in ada.http.clone().history(conversation)]
            self.assertEqual(seqs, list(range(1, 14)))
            # Another start goes on with the new epoch: only the copy was marked.
            self.assertEqual(server.stop(), 0)
            server.start()
            with kith.Socket(server.url, ada, fresh) as socket:
                self.assertTrue(socket.hello["resumed"])


if __name__ == "__main__":
    unittest.main()
