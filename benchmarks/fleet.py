"""``python -m benchmarks.fleet``: how the time of a cell and of a file grows with the number of boards in a fleet.

A local ipyparallel cluster of four engines owns up to 256 virtual boards, each a process of its own. A cell that waits
shows what the fleet adds; one that computes is limited by the processors, which all boards share here and which real
boards bring themselves. The bytes are those that the notebook sends to engines and gets from them for one cell.
"""

from __future__ import annotations

import argparse
import os
import pickle
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metakernel_micropython.board import Board
from metakernel_micropython.fleet.cell_files import CellFiles
from metakernel_micropython.fleet.client import Fleet
from metakernel_micropython.fleet.fleet_cell import plain_cell
from metakernel_micropython.fleet.fleet_run import FleetRun
from metakernel_micropython.fleet.listing import notebook_of
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.sessions.labelled_output import LabelledOutput

from . import machine

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES = 4
SIZES = (1, 4, 16, 64, 128, 256)
FILE = 50 * 1024
"""Bytes of the file, random ones."""

CELLS = {
    "print(1)": "print(1)",
    "sleep of 1 s": "import time\ntime.sleep(1)\nprint('done')",
    "100 lines": "for i in range(100): print('line', i)",
    "0.1 million loops": "for i in range(100000): pass\nprint('done')",
}


def run(fleet: Fleet, code: str, names: list[str], files: CellFiles) -> tuple[float, int, int]:
    """Run a cell; return its seconds, and the bytes that went to the engines and came back."""
    lines: list[str] = []
    page = LabelledOutput(names, lambda _stream, text: lines.append(text), None)
    cell = plain_cell(fleet, code, files)
    work = FleetRun(fleet, page)
    start = time.monotonic()
    sent = fleet.send(list(files.contents), files.content, names)
    outcomes = work.run(cell, names)
    taken = time.monotonic() - start
    if failed := [one for one in outcomes if one.failed or not one.done]:
        raise SystemExit(f"Wrong with {len(names)} boards: {failed[:3]}")
    shares: dict[int, list[str]] = {}
    for name in names:
        shares.setdefault(fleet.members[name].engine, []).append(name)
    asked = sum(len(pickle.dumps((cell, share))) for share in shares.values())
    return taken, sent + asked, work.received + len(pickle.dumps(outcomes))


def measure(rounds: int, sizes: Sequence[int]) -> list[list[str]]:
    """Return a row of texts for each number of boards: boards, seconds to connect the new ones, seconds per cell."""
    from ipyparallel import Cluster

    Board.connect("virtual", timeout=60).close()  # compiles the virtual board for all
    rows: list[list[str]] = []
    with (
        Cluster(n=ENGINES, controller_ip="127.0.0.1", log_level=30) as client,
        tempfile.TemporaryDirectory() as folder,
    ):
        client.wait_for_engines(ENGINES, timeout=60, interactive=False)
        fleet = Fleet(client, notebook_of(MicroPythonKernel))
        for size in sizes:
            start = time.monotonic()
            fleet.virtual = -(-size // ENGINES)
            fleet.gather()
            connected = time.monotonic() - start
            if fleet.problems:
                raise SystemExit(f"These boards did not start: {fleet.problems}")
            # The first board of each engine, then the second of each ...
            names = sorted(fleet.members, key=lambda name: (int(name.partition("virtual")[2]), name))[:size]
            run(fleet, "pass", names, CellFiles())  # the engines load what they need
            row = [str(size), f"{connected:.1f}"]
            traffic = (0, 0)
            for code in CELLS.values():
                found = [run(fleet, code, names, CellFiles()) for _ in range(rounds)]
                row.append(f"{statistics.median(taken for taken, _, _ in found):.2f}")
                traffic = traffic if any(traffic) else found[-1][1:]
            row += [f"{traffic[0] / size:.0f}", f"{traffic[1] / size:.0f}", _file(fleet, names, Path(folder))]
            rows.append(row)
            print(" ".join(row), flush=True)
        fleet.close()
    return rows


def _file(fleet: Fleet, names: list[str], folder: Path) -> str:
    path = folder / "file.bin"
    path.write_bytes(os.urandom(FILE))
    files = CellFiles()
    magic: Any = MicroPythonKernel().line_magics["upload"]
    files.add(magic, "line", "upload", str(path))
    taken, _, _ = run(fleet, f"%upload -Q {path}", names, files)
    return f"{taken:.2f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="rounds; medians are shown (default: 5)")
    parser.add_argument("--most", type=int, default=SIZES[-1], metavar="N", help="boards at most (default: 256)")
    args = parser.parse_args(argv)
    before = machine.load()
    rows = measure(args.repeat, [size for size in SIZES if size <= args.most])
    about = machine.describe()
    where = f"{about['cpus']} CPUs, {about['system']} {about['architecture']}"
    print(f"\n{where}, load {before:.1f} before, {ENGINES} engines")
    names = (f"{name}, s" for name in CELLS)
    heads = ["boards", "connect, s", *names, "bytes sent a board", "received", "50 KiB file, s"]
    for row in (heads, ["-:"] * len(heads), *rows):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
