"""``python -m benchmarks``: measure this kernel beside its peers, and print the tables."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import machine, tournament
from .device import Bare, VirtualBoard
from .environment import default_folder
from .errors import BenchmarkError
from .kernels import Echo, IPython, Ours, Predecessor
from .measures import MEASURES, TARGETS, Measure
from .table import results_table, targets_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .contestant import Contestant

_CONTESTANTS = (Ours, Predecessor, IPython, Echo, Bare)
_DESCRIPTION = """\
Measures this kernel beside its peers on the same virtual board, in turns, and prints the medians and the ratios between
them. The machine should have nothing else to do meanwhile. benchmarks/README.md says what is measured and how.
"""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*(measure.name for measure in MEASURES), *(contestant.name for contestant in _CONTESTANTS)]
    parser.add_argument("--repeat", type=_count, default=9, metavar="N", help="rounds that count (default: 9)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        default=[],
        metavar="NAME",
        help=f"only these measures and only these contestants, of: {', '.join(names)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured to FILE")
    parser.add_argument(
        "--venvs",
        type=Path,
        default=default_folder(),
        metavar="DIR",
        help="folder of the environments for peers, which are installed by the first run (default: %(default)s)",
    )
    return parser.parse_args(argv)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rounds: 1 or more")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = _arguments(argv)
    if os.name != "posix":
        print("The benchmarks need a pseudo terminal, which this system does not have.", file=sys.stderr)
        return 1
    # Told to end is as good as Ctrl-C: what was started is ended on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        _measure(arguments)
    except BenchmarkError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


def _measure(arguments: argparse.Namespace) -> None:
    measures = [measure for measure in MEASURES if measure.name in arguments.only]
    measures = measures or list(MEASURES)
    load = machine.load()
    with VirtualBoard() as board, tempfile.TemporaryDirectory(prefix="benchmark-settings-") as settings:
        kernels = [kernel(board, Path(settings)) for kernel in (Ours, IPython, Echo)]
        everyone = [kernels[0], Predecessor(board, Path(settings), arguments.venvs), *kernels[1:], Bare(board)]
        contestants: list[Contestant] = [one for one in everyone if one.name in arguments.only] or [*everyone]
        results = tournament.run(contestants, measures, arguments.repeat)
    measured = {name for _, name in results.samples}
    print(_header([one for one in contestants if one.name in measured], arguments.repeat, load), end="\n\n")
    print(results_table(results, contestants, measures), end="\n\n")
    wanted = [target for target in TARGETS if target.measure in {measure.name for measure in measures}]
    print(targets_table(results, [target for target in wanted if target.between <= {one.name for one in contestants}]))
    if arguments.json:
        _write(arguments.json, contestants, measures, results, load)


def _header(contestants: Sequence[Contestant], rounds: int, load: float) -> str:
    about = machine.describe()
    versions = {package: number for one in contestants for package, number in one.versions().items()}
    return (
        f"Medians of {rounds} rounds; {about['cpus']} CPUs, {about['system']} {about['architecture']}, "
        f"load {load:.1f} before and {machine.load():.1f} after, Python {about['python']}; "
        + ", ".join(f"{package} {number}" for package, number in versions.items())
        + "."
    )


def _write(
    file: Path,
    contestants: Sequence[Contestant],
    measures: Sequence[Measure],
    results: tournament.Results,
    load: float,
) -> None:
    """Write every sample, for those who want more than medians."""
    units = {measure.name: measure.unit for measure in measures}
    content = {
        "machine": {**machine.describe(), "load_before": load, "load_after": machine.load()},
        "versions": {one.name: one.versions() for one in contestants},
        "results": [
            {
                "measure": measure,
                "contestant": contestant,
                "unit": units[measure],
                "median": statistics.median(samples),
                "samples": samples,
            }
            for (measure, contestant), samples in results.samples.items()
        ],
        "missing": [
            {"measure": measure, "contestant": contestant, "why": why}
            for (measure, contestant), why in results.missing.items()
        ],
    }
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
