"""``python -m benchmarks.mount``: a package that the board imports from this computer, beside ``mpremote mount``.

Both import the same modules on the same virtual board behind the same line, in turns. The board's own clock says how
long the import takes; how long the whole process takes, which starts, connects and mounts, is told beside it.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from metakernel_micropython.board import Board
from metakernel_micropython.remote.mount import Mount

from . import machine
from .device import Device, VirtualBoard
from .errors import BenchmarkError
from .line import ThrottledLine

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULES = 20
SIZE = 1000
"""Bytes of each module, about."""

PATIENCE = 300.0
"""Seconds that an import may take."""

CODE = """\
import time
begin = time.ticks_ms()
import package
print('total', package.total, time.ticks_diff(time.ticks_ms(), begin))"""
ANSWER = re.compile(rf"total {sum(range(MODULES))} (\d+)")


def write_package(folder: Path, modules: int = MODULES, size: int = SIZE) -> None:
    """Write a package whose modules all are imported by it."""
    package = folder / "package"
    package.mkdir()
    names = [f"part{number}" for number in range(modules)]
    lines = [*(f"from . import {name}" for name in names), f"total = {' + '.join(f'{name}.value' for name in names)}"]
    (package / "__init__.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for number, name in enumerate(names):
        text = f"value = {number}\n\n"
        while len(text) < size:
            text += f"def function_{len(text)}(argument):\n    return argument * {len(text)} + value\n\n"
        (package / f"{name}.py").write_text(text, encoding="utf-8")


def ours(address: str, folder: Path) -> str:
    """Mount a folder and import its package; return what that prints."""
    with Board.connect(address) as board:
        mount = Mount(folder)
        mount.give(board)
        told = board.execute(CODE)
        mount.take_away(board)
        return told


def _run(device: Device, *command: str) -> tuple[float, float]:
    """Return the seconds of the import and of the whole process."""
    device.reset()
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    seconds = time.perf_counter() - begin
    told = ANSWER.search(done.stdout)
    if done.returncode or told is None:
        raise BenchmarkError(f"{command[0]} failed: {(done.stdout + done.stderr)[-500:]}")
    return int(told[1]) / 1000, seconds


def measure(device: Device, rounds: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return the seconds of mpremote, and of this project, for each round: of the import, and of the process."""
    theirs, mine = [], []
    with tempfile.TemporaryDirectory(prefix="benchmark-mount-") as name:
        folder = Path(name)
        write_package(folder)
        for _ in range(rounds):
            theirs.append(_run(device, "mpremote", "connect", device.address, "mount", str(folder), "exec", CODE))
            mine.append(_run(device, "benchmarks.mount", "--import", device.address, str(folder)))
    return theirs, mine


def _row(name: str, rounds: tuple[list[tuple[float, float]], ...]) -> list[str]:
    (theirs, their_process), (mine, my_process) = (
        (statistics.median(seconds) for seconds in zip(*samples, strict=True)) for samples in rounds
    )
    texts = [f"{seconds:.2f}" for seconds in (theirs, mine, their_process, my_process)]
    return [name, *texts[:2], f"{theirs / mine:.1f}", *texts[2:]]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mount", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="rounds; medians are shown (default: 3)")
    parser.add_argument("--import", dest="one", nargs=2, metavar=("ADDRESS", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.one:
        print(ours(arguments.one[0], Path(arguments.one[1])))
        return
    before = machine.load()
    rows = []
    with VirtualBoard() as board:
        for baud in (115200, 921600):
            with ThrottledLine(board.device.address, baud) as line:
                rows.append(_row(str(baud), measure(Device(line.address, board.device.files), arguments.repeat)))
            print(" ".join(rows[-1]), flush=True)
        rows.append(_row("unthrottled", measure(board.device, arguments.repeat)))
    about = machine.describe()
    print(f"\n{about['cpus']} CPUs, {about['system']} {about['architecture']}, load {before:.1f} before")
    heads = ["line", "mpremote, s", "this project, s", "ratio", "mpremote's process, s", "this project's, s"]
    for row in (heads, ["-:"] * len(heads), *rows):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
