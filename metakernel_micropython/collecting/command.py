"""``python -m metakernel_micropython collect``: a measurement without a notebook."""

from __future__ import annotations

import argparse
import sys
import time
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from ..board.files.host_files import host_path
from ..errors import HostFileProblem, MagicError, MicroPythonError
from ..host.paths import counted, visible
from ..sessions.registry import is_name, short_name
from ..transports.options import DEFAULT_BAUD, VIRTUAL_BOARDS
from . import measurement as wanted
from . import worker
from .collection_state import CollectionState, read_state, stop_path
from .measurement import Measurement, Place
from .status_table import summary, text_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DESCRIPTION = """\
Collect the values of a program from one or many boards into a CSV file, with the time of each row.

What stands above a line "# %%" in SCRIPT is run once for each board, and again when the board was lost; what stands
below it is run for each row, and its last expression gives the columns: a number, or a tuple or a dict of them.
"""

_EXAMPLES = """\
examples:
  python -m metakernel_micropython collect /dev/ttyACM0 --every 10s --csv room.csv read.py
  python -m metakernel_micropython collect in=/dev/ttyACM0 out=ws://10.0.0.7 --every 1min --for 2d --csv two.csv read.py
  python -m metakernel_micropython collect --resume --csv room.csv
"""

STOP_TIMEOUT = 30.0
"""Seconds that a measurement has to end."""


def main(words: Sequence[str]) -> int:
    """Run the command; return the exit status."""
    if list(words) == [worker.LAUNCH]:
        return worker.launcher()
    if list(words) == [worker.WORK]:
        return worker.work()
    try:
        return _run(_arguments(words))
    except MicroPythonError as error:
        print(visible(str(error)), file=sys.stderr)
        return 1


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    def type_of(read: Callable[[str], object]) -> Callable[[str], object]:
        def checked(text: str) -> object:
            try:
                return read(text)
            except MagicError as error:
                raise argparse.ArgumentTypeError(str(error)) from None

        return checked

    parser = argparse.ArgumentParser(
        prog="python -m metakernel_micropython collect",
        usage="%(prog)s [options] [NAME=]ADDRESS ... SCRIPT",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", metavar="ADDRESS", help="the boards, and behind them the program")
    parser.add_argument("--csv", metavar="FILE", type=host_path, required=True, help="the file that gets the rows")
    parser.add_argument("--every", metavar="TIME", type=type_of(wanted.interval), help="100ms, 10s, 5min, 1h ...")
    parser.add_argument(
        "--for", metavar="TIME", dest="seconds", type=type_of(wanted.whole), help="2h, 1d (default: until Ctrl-C)"
    )
    parser.add_argument(
        "--rotate", metavar="TIME|SIZE", type=type_of(wanted.rotation), help="begin a new file after 1d, or at 10MB"
    )
    parser.add_argument("--baud", type=int, default=DEFAULT_BAUD, help="of serial ports (default: %(default)s)")
    parser.add_argument("--board", choices=VIRTUAL_BOARDS, help="which board a virtual one is")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--resume", action="store_true", help="go on with a measurement whose process was ended")
    action.add_argument("--show", action="store_true", help="tell how a measurement goes")
    action.add_argument("--stop", action="store_true", help="end one that another process runs")
    options = parser.parse_intermixed_args(words)
    if options.resume or options.show or options.stop:
        if options.words or options.every or options.seconds or options.rotate:
            parser.error("--resume, --show and --stop take --csv FILE alone")
    elif len(options.words) < 2 or options.every is None:
        parser.error("it needs ADDRESS, --every TIME, --csv FILE and SCRIPT")
    return options


def _run(options: argparse.Namespace) -> int:
    if options.show or options.stop or options.resume:
        state = read_state(options.csv)
        if state is None:
            raise HostFileProblem(f"There is no measurement with rows in {options.csv}.")
        if options.show:
            print(_told(options.csv, state))
            return 0
        if options.stop:
            stop(options.csv, state)
            print(_told(options.csv, read_state(options.csv) or state))
            return 0
        return _collect(Measurement.from_data(state.measurement), resume=True)
    *addresses, script = options.words
    return _collect(
        Measurement(
            _script(script),
            tuple(_places(addresses, options)),
            options.csv,
            options.every,
            options.seconds,
            options.rotate,
            label=f'"{Path(script).name}"',
        )
    )


def _script(name: str) -> str:
    path = host_path(name)
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise HostFileProblem(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError:
        raise HostFileProblem(f"{path} is no text in UTF-8.") from None


def _places(words: Sequence[str], options: argparse.Namespace) -> list[Place]:
    places: list[Place] = []
    for word in words:
        name, _, address = word.partition("=")
        if not (address and is_name(name)):
            name, address = "", word
        taken = {place.name for place in places}
        if name in taken:
            raise MagicError(f"Two boards are called {name}: give each a name of its own.")
        base = name or short_name(address)
        number = 1
        while not name or name in taken:
            name = base if number == 1 else f"{base}-{number}"
            number += 1
        chosen = {"baud": options.baud, "board": options.board}
        places.append(Place(name, address, chosen, _password if sys.stdin.isatty() else None))
    return places


def _password(address: str) -> str | None:
    return getpass(f"Password for {address}: ")


def _collect(measurement: Measurement, *, resume: bool = False) -> int:
    running = read_state(measurement.csv)
    if running is None or not running.alive:
        stop_path(measurement.csv).unlink(missing_ok=True)  # that of one which was ended before it could end
    progress = _Progress()
    worker.run(measurement, resume=resume, tell=progress.tell)
    state = read_state(measurement.csv)
    if state is not None:
        print(_told(measurement.csv, state))
    return 0


class _Progress:
    """Tells on stderr how it goes: remarks as lines, and on a terminal a line that is written over."""

    def __init__(self) -> None:
        self._told = 0.0
        self._shown = 0

    def tell(self, state: CollectionState) -> None:
        line = "\r" + " " * self._shown + "\r" if self._shown else ""
        for at, text in state.notes:
            if at > self._told:
                self._told = at
                line += time.strftime("%H:%M:%S ", time.localtime(at)) + visible(text) + "\n"
        self._shown = 0
        if sys.stderr.isatty():
            now = f"{counted(state.rows, 'row')} from {counted(len(state.boards), 'board')}"
            line += now
            self._shown = len(now)
        if line:
            print(line, end="", file=sys.stderr, flush=True)


def stop(csv: Path, state: CollectionState) -> None:
    """End a measurement that another process runs, and wait until it has ended.

    Raises:
        MicroPythonError: it runs no more, or does not end.
    """
    if not state.alive:
        raise HostFileProblem(f"Nothing collects into {csv} now.")
    try:
        stop_path(csv).touch()
    except OSError as error:
        raise HostFileProblem(f"{stop_path(csv)} cannot be made: {error.strerror or error}.") from error
    deadline = time.monotonic() + STOP_TIMEOUT
    while time.monotonic() < deadline:
        now = read_state(csv)
        if now is None or not now.alive:
            return
        time.sleep(0.1)
    raise HostFileProblem(f"The process {state.pid}, which collects into {csv}, did not end within {STOP_TIMEOUT:g} s.")


def _told(csv: Path, state: CollectionState) -> str:
    return summary(csv, state) + "\n" + text_table(state)
