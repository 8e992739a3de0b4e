"""The frame of a test program: a seed, a limit of time, a verdict line, exit 0 (pass), 1 (fail), 77 (skip).

    import verdict
    def body(seed): verdict.expect(1 + 1 == 2, "sums"); return "what was seen"
    verdict.main("sums", body, limit_seconds=60)

The seed is the first argument, else $KITH_SEED, else by chance."""
import os
import random
import signal
import sys
import traceback


def seed_from():
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("KITH_SEED")
    text = given or str(random.SystemRandom().getrandbits(32))
    print(f"seed {text}", flush=True)
    return int(text)


class Skip(Exception):
    """This machine does not allow the test; the text says why."""


class Fail(Exception):
    """The promise under test does not hold; the text says which."""


def expect(condition, text):
    if not condition:
        raise Fail(text)


def main(name, body, limit_seconds):
    """Runs body(seed) within the limit; prints the verdict line; exits 0 (pass), 1 (fail) or 77 (skip)."""
    def ended(number, _frame):
        late = number == signal.SIGALRM
        raise Fail(f"not done within {limit_seconds} s" if late else f"got signal {number}")
    signal.signal(signal.SIGALRM, ended)
    signal.signal(signal.SIGTERM, ended)
    signal.alarm(limit_seconds)
    seed = seed_from()
    try:
        print(f"PASS {name} (seed {seed}): {body(seed)}", flush=True)
        code = 0
    except Skip as reason:
        print(f"SKIP {name}: {reason}", flush=True)
        code = 77
    except (Exception, KeyboardInterrupt) as error:  # every way to fail gets its line
        if not isinstance(error, Fail):
            traceback.print_exc()
        print(f"FAIL {name} (seed {seed}): {type(error).__name__}: {error}", flush=True)
        code = 1
    finally:
        signal.alarm(0)
    sys.stdout.flush()
    sys.exit(code)
