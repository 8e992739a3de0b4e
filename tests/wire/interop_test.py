#!/usr/bin/python3
"""Clients that nobody here wrote: npm's `ws` beside Debian's python3-websockets, which every other wire test uses."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import kith


class Interop(unittest.TestCase):
    def test_npm_ws(self):
        with tempfile.TemporaryDirectory(prefix="kith-interop-") as folder:
            for name in ("package.json", "package-lock.json", "ws_client.mjs"):
                shutil.copy(os.path.join(HERE, "interop", name), folder)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL, timeout=120)
            with kith.Server() as server:
                ada, bob = kith.people(server, 2)
                conversation = ada.http.put(f"/direct/{bob.id}").body["id"]
                url = server.url.replace("http", "ws", 1) + kith.PREFIX + "/socket"
                done = subprocess.run(["node", "ws_client.mjs", url, ada.token, conversation], cwd=folder, timeout=60,
                                      capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout.strip()), (0, "ok"), done.stderr)


if __name__ == "__main__":
    unittest.main()
