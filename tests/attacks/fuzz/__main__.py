"""`make attack`: hostile requests and messages at a stack of its own."""

import argparse
import random
import sys
from functools import partial

from rich.console import Console

from local.processes import running_stack
from tests.attacks.fuzz.run import fuzz


def main() -> int:
    """Run it; return 0 if no promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--messages", type=int, default=500)
    wanted = parser.parse_args()
    say = partial(Console(soft_wrap=True, highlight=False).print, markup=False)
    say(f"seed {wanted.seed}")
    with running_stack() as stack:
        report = fuzz(stack, wanted.seed, wanted.requests, wanted.messages)
    say(f"answers by status: {dict(sorted(report.statuses.items()))}; the largest has {report.largest:,} bytes")
    say(f"health meanwhile: at most {report.longest_health:.2f} s, half within {report.median_health * 1000:.0f} ms")
    say(f"{report.accepted} meetings accepted over HTTP, {wanted.messages} messages; ends: {dict(report.ended)}")
    for fault in report.faults:
        say(f"FAULT {fault}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
