#!/usr/bin/python3
"""Counts the instructions that a durable send and a delivery cost the release server, and compares them with those kept.

    instructions.py            measures and compares with instructions.json; exit code 1 when something grew too much
    instructions.py --renew    measures and keeps the new numbers: run it with the change that moves them, and say why

Seconds depend on the machine and its load; instructions do not, so a growth of a few percent is seen on any machine. The
server runs under callgrind, one message under way at a time, so that each is a batch of its own. Counted are the reactor
and the writer; the checkpoints run on a thread of their own, whenever they get to it, and are left out.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import kith

KEPT = os.path.join(HERE, "instructions.json")
# Enough to see the log begin anew several times, which the writer pays for: a part of such a turn must not show.
MESSAGES = 1600
WARM = 200
SOCKETS_PER_PERSON = 8
TEXT = "How a message of some eighty characters reads when it is said in a chat, about."
# Under callgrind everything takes some fifty times as long.
WAIT = 120


class Counter:
    """The instructions of the threads of a server under callgrind, asked for while it runs."""

    def __init__(self, server, folder):
        self.server, self.folder, self.looks = server, folder, 0

    def _ask(self, word):
        done = subprocess.run(["vgdb", f"--pid={self.server.pid}", f"--vgdb-prefix={self.folder}/vgdb", word],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=WAIT, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"vgdb {word}: {done.stdout}")

    def restart(self):
        """Counts from 0 again."""
        self._ask("zero")

    def read(self):
        """The instructions since restart() by thread, in order of their making. vgdb returns when all is written."""
        self._ask("dump")
        self.looks += 1
        counts = {}
        for name in os.listdir(self.folder):
            found = re.fullmatch(rf"counts\.{self.looks}-(\d+)", name)
            if found:
                with open(os.path.join(self.folder, name), encoding="ascii", errors="replace") as file:
                    counts[int(found[1])] = int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)[1])
        if not counts:
            raise RuntimeError(f"callgrind wrote no counts: {sorted(os.listdir(self.folder))}")
        return counts


class Pair:
    """Two people, their conversation, and the sockets that hear it; the first one sends."""

    def __init__(self, server):
        self.ada, self.bob = kith.people(server, 2)
        self.conversation = self.ada.http.put(f"/direct/{self.bob.id}", timeout=WAIT).body["id"]
        self.random = random.Random(1)
        self.sockets = []
        self.url = server.url

    def open(self, person):
        self.sockets.append(kith.Socket(self.url, person))

    def send(self, count):
        """One after another: the next message goes out when the one before has reached every socket."""
        for _ in range(count):
            body = {"conversation": self.conversation, **kith.text_message(TEXT, kith.uuid7(self.random))}
            seq = self.sockets[0].request("message.send", body, timeout=WAIT)["seq"]
            for socket in self.sockets:
                event = socket.event("message.created", timeout=WAIT)
                socket.forget()
                if event["data"]["seq"] != seq:
                    raise RuntimeError(f"message {seq} was due and {event['data']['seq']} came")


def cost_of(pair, counter, count):
    """Instructions for each message: of the reactor, which is the first thread, and of the writer, the busiest other."""
    pair.send(WARM)
    counter.restart()
    pair.send(count)
    counts = counter.read()
    reactor = counts.pop(1)
    return reactor / count, max(counts.values()) / count


def measure(count=MESSAGES):
    """A durable message with its answer and one delivery, by thread, and `delivery`: each further one."""
    with tempfile.TemporaryDirectory(prefix="kith-guard-") as folder:
        wrapper = ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={folder}/counts",
                   f"--vgdb-prefix={folder}/vgdb", "--vgdb=yes", "--separate-threads=yes"]
        # The index follows behind the commit by its own clock: how many messages one of its steps takes is no constant.
        settings = ["users.argon2_mib=19", "test.mutation=no_search_index"]
        with kith.Server(wrapper=wrapper, wait=WAIT, settings=settings, env={"KITH_TEST_UNSAFE": "1"}) as server:
            counter = Counter(server, folder)
            pair = Pair(server)
            pair.open(pair.ada)
            reactor, writer = cost_of(pair, counter, count)
            for _ in range(SOCKETS_PER_PERSON):
                pair.open(pair.bob)
            for _ in range(SOCKETS_PER_PERSON - 1):
                pair.open(pair.ada)
            wide, _ = cost_of(pair, counter, count // 2)
            more = len(pair.sockets) - 1
            for socket in pair.sockets:
                socket.cut()
    return {"send_reactor": round(reactor), "send_writer": round(writer), "delivery": round((wide - reactor) / more)}


def read_kept(path=KEPT):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def compare(measured, kept):
    """What is wrong, a line each; nothing when every number is near enough to the kept one."""
    wrong = []
    for name in sorted(set(measured) | set(kept["instructions"])):
        old, new = kept["instructions"].get(name), measured.get(name)
        if old is None or new is None:
            wrong.append(f"{name}: {'not kept' if old is None else 'not measured'}")
        elif new > old * (1 + kept["growth_percent_max"] / 100):
            wrong.append(f"{name}: {new:,} instructions, {100 * (new / old - 1):+.1f} %; kept are {old:,}")
    return wrong


def describe(measured, kept):
    for name, new in measured.items():
        old = kept["instructions"].get(name)
        change = f"{100 * (new / old - 1):+.1f} % of the kept {old:,}" if old else "not kept yet"
        print(f"{name}: {new:,} instructions, {change}")


def main():
    parser = argparse.ArgumentParser(description="Instructions of a send and of a delivery.")
    parser.add_argument("--renew", action="store_true", help="keep what is measured now")
    given = parser.parse_args()
    kept, measured = read_kept(), measure()
    describe(measured, kept)
    if given.renew:
        kept["instructions"] = measured
        with open(KEPT, "w", encoding="utf-8") as file:
            file.write(json.dumps(kept, indent=2) + "\n")
        return 0
    wrong = compare(measured, kept)
    for line in wrong:
        print("grew too much: " + line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
