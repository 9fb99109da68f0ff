"""``python -m benchmarks``: measure this kernel beside its peers, and print the tables."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import machine
from .device import Bare, Device, VirtualBoard
from .environment import default_folder
from .errors import BenchmarkError
from .kernels import Echo, IPython, MicroPythonMagic, Ours, Predecessor
from .line import ThrottledLine
from .material import Material
from .measures import LINES, MEASURES
from .picture import draw
from .programs import Mpremote, Script
from .report import report, rewrite
from .results import Entrant, Run
from .tournament import Tournament

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .contestant import Contestant

_CONTESTANTS = (Ours, Script, Predecessor, MicroPythonMagic, Mpremote, IPython, Echo, Bare)
_README = Path(__file__).with_name("README.md")
_PICTURE = Path(__file__).with_name("results.svg")
_DESCRIPTION = """\
Measures this kernel beside its peers on the same virtual board, in turns, and prints the medians and the ratios between
them. The machine should have nothing else to do meanwhile. benchmarks/README.md says what is measured and how.
"""


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*(measure.name for measure in MEASURES), *(contestant.name for contestant in _CONTESTANTS)]
    parser.add_argument("--repeat", type=_count, default=3, metavar="N", help="rounds that count (default: 3)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        default=[],
        metavar="NAME",
        help=f"only these measures and only these contestants, of: {', '.join(names)}",
    )
    parser.add_argument(
        "--lines", nargs="+", choices=[*LINES], default=[*LINES], metavar="LINE", help=f"of: {', '.join(LINES)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything that was measured to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw the results into FILE (.svg or .png)")
    parser.add_argument(
        "--load", type=Path, metavar="FILE", help="measure nothing: show the run that --json has written"
    )
    parser.add_argument(
        "--readme", action="store_true", help=f"also put the results into benchmarks/{_README.name}, with the picture"
    )
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
        run = Run.load(arguments.load) if arguments.load else _measure(arguments)
        _show(run, arguments)
    except BenchmarkError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


def _show(run: Run, arguments: argparse.Namespace) -> None:
    """Print the tables, and write the files that were asked for: the JSON file first, so that nothing is lost."""
    if arguments.json:
        run.save(arguments.json)
    text = report(run)
    print(text)
    if arguments.picture:
        draw(run, arguments.picture)
    if arguments.readme:
        draw(run, _PICTURE)
        title = "The medians of the table below as bars"
        rewrite(_README, f"![{title}]({_PICTURE.name})\n\n{text}")


def _measure(arguments: argparse.Namespace) -> Run:
    load = machine.load()
    with VirtualBoard() as board, tempfile.TemporaryDirectory(prefix="benchmark-settings-") as name:
        settings = Path(name)
        material = Material(settings, board.device.files)
        entrants = _contestants(board.device, settings, arguments)
        run = Run({}, arguments.repeat, [Entrant(one.name, one.title, one.versions()) for one in entrants])
        for line in arguments.lines:
            measures = [one for one in MEASURES if line in one.lines and _is_wanted(one.name, MEASURES, arguments.only)]
            with _at(board.device, LINES[line]) as device:
                contestants = _contestants(device, settings, arguments)
                if LINES[line]:
                    contestants = [one for one in contestants if one.has_board]
                if measures and contestants:
                    tournament = Tournament(line, contestants, measures, material, run.line(line))
                    # On a slow line it would take long, and the first line that is measured has filled the caches.
                    tournament.run(arguments.repeat, warm_up=line == arguments.lines[0])
    run.about = {**machine.describe(), "load_before": load, "load_after": machine.load()}
    return run


def _contestants(device: Device, settings: Path, arguments: argparse.Namespace) -> list[Contestant]:
    everyone = [
        Ours(device, settings),
        Script(device),
        Predecessor(device, settings, arguments.venvs),
        MicroPythonMagic(device, settings, arguments.venvs),
        Mpremote(device),
        IPython(device, settings),
        Echo(device, settings),
        Bare(device),
    ]
    return [one for one in everyone if _is_wanted(one.name, _CONTESTANTS, arguments.only)]


def _is_wanted(name: str, kind: Sequence[object], only: Sequence[str]) -> bool:
    """Whether a measure or contestant was named, or none of its kind was."""
    named = {getattr(one, "name", "") for one in kind} & set(only)
    return not named or name in named


@contextlib.contextmanager
def _at(device: Device, baud: int | None) -> Iterator[Device]:
    """The board at the end of a line of that speed."""
    if baud is None:
        yield device
        return
    with ThrottledLine(device.address, baud) as line:
        yield Device(line.address, device.files)


if __name__ == "__main__":
    sys.exit(main())
