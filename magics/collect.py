"""%collect and %%collect."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.cell.parser import lines_above
from metakernel_micropython.collecting import measurement as wanted
from metakernel_micropython.collecting import worker
from metakernel_micropython.collecting.collected_rows import read_rows
from metakernel_micropython.collecting.collection_state import (
    ENDING,
    CollectionState,
    read_state,
    state_path,
    stop_path,
)
from metakernel_micropython.collecting.collection_view import CollectionView
from metakernel_micropython.collecting.command import stop
from metakernel_micropython.collecting.measurement import Measurement, Place
from metakernel_micropython.collecting.status_table import html, summary, text_table
from metakernel_micropython.display.error_text import error_text
from metakernel_micropython.errors import MicroPythonError, NotConnected
from metakernel_micropython.host.paths import host_paths, quoted
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.sessions.registry import ALL
from metakernel_micropython.sessions.session import BoardSession
from metakernel_micropython.transports import ConnectionOptions, parse
from metakernel_micropython.transports.webrepl import PASSWORD_VARIABLE

ACTIONS = ("show", "follow", "stop", "resume")

NAME = "collected"
"""What the host's Python calls the rows."""

END_PATIENCE = 10.0
"""Seconds that a measurement which Stop has ended at its start has to free the boards."""

START_LOOK = 0.2
"""Seconds between two looks whether a measurement has begun."""


@dataclass(frozen=True)
class Lent:
    """A board whose line a measurement has, so that this notebook has not."""

    name: str
    typed: str
    options: ConnectionOptions
    current: bool
    unnamed: bool


def names(kernel: MicroPythonKernel) -> list[str]:
    """Return the names of the connected boards, and what stands for all of them."""
    return [*kernel.connections.names, ALL]


class CollectMagic(BoardMagic):
    """Collects a board's values for hours and days."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it takes names itself: %%collect --on left,right, or --on all."

    def __init__(self, kernel: MicroPythonKernel) -> None:
        super().__init__(kernel)
        self._lent: dict[Path, list[Lent]] = {}
        self._last: Path | None = None

    @arguments(
        argument("--every", required=True, metavar="TIME", help="how far the rows are apart: 100ms, 10s, 5min, 1h"),
        argument("--csv", required=True, metavar="FILE", complete_path=host_paths, help="the file here that gets them"),
        argument("--for", dest="seconds", metavar="TIME", help="how long: 2h, 3d (default: until Stop)"),
        argument("--on", metavar="NAME[,NAME]", complete=names, help="which boards, or all (default: the current one)"),
        argument("--rotate", metavar="TIME|SIZE", help="begin a new file after 1d, or at 10MB"),
        argument("--background", action="store_true", help="end the cell at once; %%collect follow shows how it goes"),
        argument("--no-plot", action="store_true", help="show the table alone"),
    )
    def cell_collect(self, args: Namespace) -> None:
        """%%collect --every TIME --csv FILE [--for TIME] [--on NAMES] [--rotate TIME|SIZE] - collect rows of values.

        The cell is run again and again; the value of its last expression makes a row: a number, or a tuple or a dict
        of numbers and texts. Where it has none, the numbers that it prints do, as for %%plot. What stands above a line
        # %% is run once, and again when the board was lost. Each row has the time on this computer, the ticks of the
        board and when these were, with the offset and the drift of the board's clock. Rows are in FILE at once.

        A process of its own collects: it has the boards until it ends, and goes on when the kernel is restarted or
        the notebook is closed. Lost boards are connected again, the others go on meanwhile. Here a table and a plot
        follow. Stop ends it, with all rows in the file. Then %python collected has them, as a pandas DataFrame where
        pandas is installed. A virtual board is one of its own, without the variables of this one.

        Examples:
          %%collect --every 10s --for 2h --csv room.csv
          from machine import ADC
          adc = ADC(4)
          # %%
          {"raw": adc.read_u16()}

          %%collect --every 1min --csv house.csv --on cellar,attic --rotate 1d --background
          import bme280
          bme280.read()
        """
        code, self.evaluate = self.code, False
        if not code.strip():
            raise MagicError("%%collect needs code below it, whose last expression gives the values of a row.")
        csv = _file(args.csv)
        every = wanted.interval(args.every)
        seconds = wanted.whole(args.seconds) if args.seconds is not None else None
        rotation = wanted.rotation(args.rotate) if args.rotate is not None else None
        above, _ = lines_above(self.kernel.cell, code)
        code = "\n" * above + code
        self._last = csv
        running = read_state(csv)
        if running is not None and running.alive:
            if running.measurement["code"].strip() != code.strip() or running.measurement["every"] != every:
                raise MagicError(
                    f"{csv} gets the rows of another measurement since {_clock(running.begun)}: %collect stop "
                    f"{quoted(str(csv))} ends it, or take another file."
                )
            self.kernel.Error(f"[this measurement runs since {_clock(running.begun)}, and goes on]")
        else:
            boards = self._boards(args.on)
            places = tuple(_place(name, session) for name, session in boards)
            self._start(Measurement(code, places, csv, every, seconds, rotation, "the cell"), boards)
        if args.background:
            self.kernel.Print(f"Collecting into {csv}: %collect follow shows how it goes, %collect stop ends it.")
            return
        self._follow(csv, ends=True, plot=not args.no_plot)

    @arguments(
        argument("action", nargs="?", choices=ACTIONS, default="show", help="what to do (default: show)"),
        argument("file", nargs="?", metavar="FILE", complete_path=host_paths, help="the file with the rows"),
        argument("--no-plot", action="store_true", help="follow with the table alone"),
    )
    def line_collect(self, args: Namespace) -> None:
        """%collect [show|follow|stop|resume] [FILE] - tell how a measurement of %%collect goes.

        show tells it once, and gives the rows so far to %python collected. follow shows the table and the plot, in a
        kernel that was restarted, too; Stop ends the look alone. stop ends the measurement. resume goes on with one
        whose process was ended, as when the computer was switched off. Without FILE: the last one, else the one that
        the current folder has.

        Examples:
          %collect
          %collect follow room.csv
          %collect stop
        """
        csv = self._which(args.file)
        if csv is None:
            self.kernel.Print("Nothing was collected here: %%collect --every 10s --csv FILE does.")
            return
        state = _state(csv)
        self._last = csv
        if args.action == "follow":
            if not state.alive and not state.interrupted:
                self._show(csv, state)
                return
            self._follow(csv, ends=False, plot=not args.no_plot)
            return
        if args.action == "stop":
            try:
                stop(csv, state)
            finally:
                self._take_back(csv)
        elif args.action == "resume":
            if state.alive:
                raise MagicError(f"The measurement into {csv} runs: %collect follow shows it.")
            self._start(Measurement.from_data(state.measurement), self._held(state), resume=True)
        self._show(csv, _state(csv))

    # -- which boards, which file --------------------------------------------------------------------------------

    def _boards(self, on: str | None) -> list[tuple[str, BoardSession]]:
        connections = self.kernel.connections
        if on is None:
            self.kernel.require_board()
            return connections.select([connections.current_name])
        chosen = [name.strip() for name in on.split(",") if name.strip()]
        if not chosen:
            raise MagicError("--on wants names of boards, as in --on left,right, or all.")
        if chosen == [ALL] and not connections.names:
            raise NotConnected(connections.listed())
        return connections.select(chosen)

    def _held(self, state: CollectionState) -> list[tuple[str, BoardSession]]:
        """Return the boards of a measurement that this notebook has."""
        wanted_ones = {board.address for board in state.boards}
        return [(name, session) for name, session in self.kernel.connections if session.address in wanted_ones]

    def _which(self, file: str | None) -> Path | None:
        if file is not None:
            return _file(file)
        if self._last is not None and state_path(self._last).exists():
            return self._last
        found = sorted(Path.cwd().glob(f"*{ENDING}"))
        there = [one.with_name(one.name.removesuffix(ENDING)) for one in found]
        if len(there) > 1:
            running = [csv for csv in there if _state(csv).alive]
            if len(running) != 1:
                raise MagicError(f"Which one? {', '.join(csv.name for csv in running or there)}: %collect show FILE")
            return running[0]
        return there[0] if there else None

    # -- lending boards to the process that collects -------------------------------------------------------------

    def _start(self, measurement: Measurement, boards: list[tuple[str, BoardSession]], *, resume: bool = False) -> None:
        csv = measurement.csv
        self._lend(csv, boards)
        try:
            stop_path(csv).unlink(missing_ok=True)
            launched = worker.launch(measurement, resume=resume)
            try:
                while not launched.wait(START_LOOK):
                    pass
            except KeyboardInterrupt:
                stop_path(csv).touch()
                _wait_for_end(csv)
                raise
        except BaseException as error:
            self._take_back(csv)
            missing = any(name in str(error) for name in ("NameError", "ImportError", "OSError"))
            if isinstance(error, MicroPythonError) and missing and any(one.address == "virtual" for _, one in boards):
                raise type(error)(
                    f"{error}\nThe measurement has a virtual board of its own, without the variables and files of this "
                    "one: set it up above a line # %%, and take virtual:FOLDER for files."
                ) from error
            raise

    def _lend(self, csv: Path, boards: list[tuple[str, BoardSession]]) -> None:
        """Free the lines of boards; a virtual board needs not be freed, because the process starts one of its own."""
        connections = self.kernel.connections
        lent: list[Lent] = []
        self._lent[csv] = lent
        for name, session in boards:
            if parse(session.address).scheme == "virtual":
                continue
            lent.append(
                Lent(
                    name,
                    session.typed,
                    session.options,
                    name == connections.current_name,
                    name == connections.unnamed,
                )
            )
        for one in lent:
            connections.close(one.name)

    def _take_back(self, csv: Path) -> None:
        """Connect the boards again that a measurement had."""
        connections = self.kernel.connections
        lent = self._lent.pop(csv, [])
        current = connections.current_name
        for one in lent:
            if one.name in connections.names:
                continue
            try:
                connections.open(one.typed, one.options, name=None if one.unnamed else one.name)
            except MicroPythonError as error:
                self.kernel.Error(f"[{one.name} is not connected again: {error_text(error)}]")
        chosen = current or next((one.name for one in lent if one.current), "")
        if chosen in connections.names:
            connections.use(chosen)

    # -- showing -------------------------------------------------------------------------------------------------

    def _follow(self, csv: Path, *, ends: bool, plot: bool) -> None:
        view = CollectionView(self.kernel, csv, ends=ends, plot=plot)
        try:
            view.run(self.kernel.interrupts)
        finally:
            state = read_state(csv)
            if state is None or not state.alive:
                self._take_back(csv)
            self._give_rows(csv)
        if state is not None and state.alive:
            self.kernel.Error("[no longer followed; the measurement goes on, %collect stop ends it]")

    def _show(self, csv: Path, state: CollectionState) -> None:
        self.kernel.present(f"{summary(csv, state)}\n{text_table(state)}\n", html(csv, state))
        if not state.alive:
            self._take_back(csv)
        self._give_rows(csv)

    def _give_rows(self, csv: Path) -> None:
        if csv.exists():
            self.kernel.host_variables[NAME] = read_rows(csv)


def _file(text: str) -> Path:
    path = host_path(text).absolute()
    if not path.parent.is_dir():
        raise MagicError(f"There is no folder {path.parent} on this computer for {path.name}.")
    if path.is_dir():
        raise MagicError(f"{path} is a folder: name a file for the rows.")
    return path


def _state(csv: Path) -> CollectionState:
    state = read_state(csv)
    if state is None:
        raise MagicError(f"There is no measurement with rows in {csv}.")
    return state


def _place(name: str, session: BoardSession) -> Place:
    board = session.board
    if board is not None and board.raw:
        raise MagicError(f"{name} is open as a raw line: connect it without --raw to collect from it.")
    if board is not None and board.background.running:
        raise MagicError(f"A program that was started runs on {name}: end it first, as with %monitor and Stop.")
    options = session.options
    scheme = parse(session.address).scheme
    password = options.password
    if callable(password):  # it asks a person, and knows the answer; what is in the environment the process has as well
        wanted_one = scheme in ("ws", "wss") and not os.environ.get(PASSWORD_VARIABLE)
        password = password(session.address) if wanted_one else None
    chosen = {
        "baud": options.baud,
        "dtr": options.dtr,
        "rts": options.rts,
        "heap": options.heap,
        "board": options.board,
    }
    return Place(name, session.typed if scheme in ("exec", "ws", "wss") else session.address, chosen, password)


def _wait_for_end(csv: Path) -> None:
    """Wait until a measurement that was asked to end has its boards no more."""
    deadline = time.monotonic() + END_PATIENCE
    while time.monotonic() < deadline:
        time.sleep(START_LOOK)
        state = read_state(csv)
        if state is not None and not state.alive:
            return


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(CollectMagic)
