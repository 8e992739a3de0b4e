#!/usr/bin/python3
"""Searching with the messages in a MariaDB: the same parts as on SQLite, for the index is the same file beside both."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import kith  # noqa: E402  (its folder is put on the path above)
import mariadb  # noqa: E402
import search_test  # noqa: E402
import verdict  # noqa: E402

PARTS = [search_test.words, search_test.strangers, search_test.plain_text, search_test.operators, search_test.paging,
         search_test.groups, search_test.metric]


def body(_seed):
    why_not = mariadb.missing()
    verdict.expect(not why_not, why_not)
    with mariadb.Server(durable=False) as database, \
            kith.Server(settings=[f"database.url={database.make_database()}"]) as server:
        world = search_test.World(server)
        for part in PARTS:
            print(f"  {part.__name__}", flush=True)
            part(world)
        verdict.expect(server.stop() == 0, "SIGTERM did not end in 0")
    return f"{len(PARTS)} parts"


if __name__ == "__main__":
    verdict.main("searching beside a MariaDB", body, 200)
