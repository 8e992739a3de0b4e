"""The oracle's command line: `run` starts a server, loads, kills it at times, checks; `check` reads logs."""
import argparse
import random
import sys

from .checker import check, counts
from .history import History
from .run import Run, kith


def run(options):
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed ^ 0x6b697468)
    with kith.Server(settings=options.set) as server:
        one = Run(server, seed, options.clients, options.http_clients, options.window, options.rate,
                  folder=options.folder, groups=options.groups)
        good = False
        try:
            one.set_up().start()
            for _ in range(options.kills):
                one.for_seconds(rng.uniform(0.2, 2.0))
                server.kill()
                server.start()
            one.for_seconds(options.seconds)
            good = one.verdict(one.finish())
        finally:
            if not good:
                print(f"the logs are kept in {one.folder}")
            one.close(keep=not good)
    return 0 if good else 1


def check_folder(options):
    history = History.load(options.folder)
    violation = check(history)
    print(violation.report(history) if violation else f"all rules hold: {counts(history)}")
    return 1 if violation else 0


def main():
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("run", help="a fresh server, load, kill -9, the check")
    one.add_argument("--clients", type=int, default=20)
    one.add_argument("--http-clients", type=int, default=0)
    one.add_argument("--groups", type=int, default=2, help="groups whose members come and go")
    one.add_argument("--window", type=int, default=4, help="sends under way per client")
    one.add_argument("--rate", type=float, default=60, help="sends a second per client, at most")
    one.add_argument("--seconds", type=float, default=3, help="load after the last kill")
    one.add_argument("--kills", type=int, default=0)
    one.add_argument("--seed", type=int)
    one.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for the server")
    one.add_argument("--folder", help="where the logs go and stay")
    one.set_defaults(do=run)
    two = commands.add_parser("check", help="check the logs of an earlier run again")
    two.add_argument("folder")
    two.set_defaults(do=check_folder)
    options = parser.parse_args()
    return options.do(options)


if __name__ == "__main__":
    sys.exit(main())
