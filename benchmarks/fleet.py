"""``python -m benchmarks.fleet``: how the time of a cell grows with the number of boards in a fleet.

A local ipyparallel cluster of four engines owns up to 64 virtual boards, each a process of its own. A cell that waits
shows what the fleet adds; one that computes is limited by the processors, which all boards share here and which real
boards bring themselves.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

from metakernel_micropython.board import Board
from metakernel_micropython.fleet.client import Fleet

from . import machine

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES = 4
SIZES = (1, 2, 4, 8, 16, 32, 64)
CELLS = {
    "print(1)": "print(1)",
    "sleep of 1 s": "import time\ntime.sleep(1)\nprint('done')",
    "100 lines": "for i in range(100): print('line', i)",
    "0.1 million loops": "for i in range(100000): pass\nprint('done')",
}


def measure(rounds: int) -> list[list[str]]:
    """Return a row of texts for each number of boards: boards, seconds to connect the new ones, seconds per cell."""
    from ipyparallel import Cluster

    Board.connect("virtual", timeout=60).close()  # compiles the virtual board for all
    rows: list[list[str]] = []
    with Cluster(n=ENGINES, controller_ip="127.0.0.1", log_level=30) as client:
        client.wait_for_engines(ENGINES, timeout=60, interactive=False)
        fleet = Fleet(client)
        for size in SIZES:
            start = time.monotonic()
            fleet.gather(-(-size // ENGINES))
            connected = time.monotonic() - start
            if fleet.problems:
                raise SystemExit(f"These boards did not start: {fleet.problems}")
            # The first board of each engine, then the second of each ...
            names = sorted(fleet.members, key=lambda name: (int(name.partition("virtual")[2]), name))[:size]
            rows.append([str(size), f"{connected:.1f}"])
            for code in CELLS.values():
                taken = []
                for _ in range(rounds):
                    said: list[str] = []
                    start = time.monotonic()
                    failures = fleet.run(code, names, lambda _name, text, said=said: said.append(text))  # type: ignore[misc]
                    taken.append(time.monotonic() - start)
                    if failures or "".join(said).count("\n") % size:
                        raise SystemExit(f"Wrong with {size} boards: {failures} {said[:5]}")
                rows[-1].append(f"{statistics.median(taken):.2f}")
            print(" ".join(rows[-1]), flush=True)
        fleet.close()
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="rounds; medians are shown (default: 5)")
    before = machine.load()
    rows = measure(parser.parse_args(argv).repeat)
    about = machine.describe()
    where = f"{about['cpus']} CPUs, {about['system']} {about['architecture']}"
    print(f"\n{where}, load {before:.1f} before, {ENGINES} engines")
    heads = ["boards", "connect, s", *(f"{name}, s" for name in CELLS)]
    for row in (heads, ["-:"] * len(heads), *rows):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
