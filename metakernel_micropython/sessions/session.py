"""A board that the kernel is connected to, for as long as the person wants it: also while its line is lost.

Cables are pulled, boards restart and come back under other names. A ``BoardSession`` knows which board is meant and how
it was reached, finds it again, and says what became of its variables.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import transports
from ..display.error_text import error_text
from ..errors import ConnectError, LineLost, NotConnected, PortInUse
from ..transports import ConnectionOptions, port_scan
from ..transports.address import without_passwords
from ..transports.options import KeptParts, KeptPlace
from ..transports.recorder import open_log
from ..transports.tap import Tap
from .background_end import end_background
from .remembered_password import RememberedPassword
from .usb_port import port_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from ..board.identity import BoardIdentity
    from ..remote.mount import Mount
    from ..transports.port_info import PortInfo

RETURN_TIMEOUT = 5.0
"""Seconds that a lost board has to come back before a cell that wants it fails: those that restart need one or two."""

NETWORK_RETURN_TIMEOUT = 20.0
"""The same for boards that join their network first."""

RESET_TIMEOUT = 10.0
"""Seconds that a board has to come back from a reset that was asked for."""

LOOK = 0.25
"""Seconds between two looks for a board that is not there."""

WAIT = 60.0
"""Seconds that ``%connect --wait`` waits unless it is told how long."""

_NETWORK = ("ws", "wss", "ble")


class BoardSession:
    """One board: its address, the options it was opened with, which board it is, and its line while that is there.

    Any thread may call ``stop`` and ``close``.

    Attributes:
        address: what reaches the board; for ``auto`` the port that was found. ``typed``: the same with a password.
        board: the board on its line; None before the first ``open``, and while the line is lost.
        tap: where one can listen to the line, also to the one that takes the place of a lost one.
        options: how it was opened, and is again.
        mount: the folder of this computer that the board has; None where it has none.
    """

    def __init__(self, address: str, options: ConnectionOptions | None = None) -> None:
        """Note how the board is reached; nothing is opened but the log.

        Args:
            address: see ``transports.address``.
            options: how it is connected; None for the defaults.

        Raises:
            ConnectError: the log cannot be written.
        """
        self.typed = address
        self.address = without_passwords(address)
        self.board: Board | None = None
        self.tap = Tap()
        self.mount: Mount | None = None
        options = options or ConnectionOptions()
        self._log = open_log(options.log, replace=options.replace_log) if options.log is not None else None
        if self._log is not None:
            self.tap.add(self._log)
        self._port: PortInfo | None = None  # where it is, or was, on the USB
        self._identity: BoardIdentity | None = None  # what it said of itself
        self._learned: tuple[Board, int] | None = None  # on which line, and after how many restarts it said so
        self._seen_at = 0.0  # when it was certainly there
        self._lost: LineLost | None = None
        self._lost_at = 0.0
        self._stopped = threading.Event()
        self._closed = False
        self._password = RememberedPassword(options.password) if callable(options.password) else None
        password = self._password or options.password
        self.options = replace(options, tap=self.tap, password=password, parts=KeptParts(), place=KeptPlace())

    # -- opening -------------------------------------------------------------------------------------------------

    def open(self) -> Board:
        """Open the line.

        Raises:
            MicroPythonError: it did not work, and nothing is open.
        """
        board = self._open(self.typed, alone=self.options.alone)
        try:
            if not (board.raw or board.background.alone):
                self._learn(board)
        except BaseException as error:
            self.board = None
            board.close(exit_raw_repl=False)
            if isinstance(error, LineLost):
                raise error.turned_into(ConnectError) from error
            raise
        self.address = board.address
        self._port = port_of(self.address)
        return board

    def wait(self, seconds: float, tell: Callable[[str], None]) -> Board:
        """Open the line when the board is there.

        Args:
            seconds: how long to wait for it.
            tell: called once with a sentence, where it has to be waited for.

        Raises:
            ConnectError: it did not come, or did not answer.
            MicroPythonError: it cannot be opened however long one waits.
        """
        what = "a board" if self.address == "auto" else self.address
        return self._until(
            self.open,
            time.monotonic() + seconds,
            lambda: tell(f"[waiting for {what}, at most {seconds:g} s; Stop ends it]"),
            lambda error: f"There was no answer from {what} within {seconds:g} s. {error_text(error)}",
        )

    def _open(self, address: str, *, alone: bool) -> Board:
        from ..board import Board  # a twentieth of the kernel's start, for what the first cell may do

        try:
            board = Board.open(address, replace(self.options, alone=alone))
        except ConnectError as error:
            from ..transports.webrepl import AccessDenied

            if isinstance(error, AccessDenied) and self._password is not None:
                self._password.forget()
            raise
        if self._closed:  # by another thread meanwhile
            board.close()
            raise NotConnected(f"{address} was disconnected.")
        self.board, self._lost = board, None
        self._seen_at = board.heard_at
        return board

    def _until(
        self,
        attempt: Callable[[], Board],
        deadline: float,
        waiting: Callable[[], object],
        failed: Callable[[ConnectError], str],
    ) -> Board:
        """Try again and again until it works or the deadline has passed.

        Raises:
            ConnectError: it has passed; the message is what ``failed`` makes of the last reason.
            KeyboardInterrupt: ``stop`` was called.
        """
        told = False
        while True:
            try:
                board = attempt()
                if self._stopped.is_set():
                    raise KeyboardInterrupt
                return board
            except ConnectError as error:
                # A wrong password, another board: waiting does not help.
                final = type(error) not in (ConnectError, PortInUse)
                if final or time.monotonic() + LOOK >= deadline:
                    raise ConnectError(failed(error)) from error
            if not told:
                waiting()
                told = True
            if self._stopped.wait(LOOK):
                raise KeyboardInterrupt

    # -- while it is there, and when it is not -------------------------------------------------------------------

    @property
    def lost(self) -> str:
        """Why the line is gone; ``""`` while it is there."""
        error = self._lost or (self.board.lost if self.board is not None else None)
        return error_text(error) if error is not None else ""

    def describe(self) -> str:
        """Say which board it is, and how it is, in a line."""
        if self.lost:
            return f"{self.address}  lost: {self.lost}"
        if self.board is not None and self.board.background.alone:
            return f"{self.address}  left to itself"
        return f"{self.address}  {(self.board.banner if self.board is not None else '') or 'a raw line'}"

    def ready(self, tell: Callable[..., None]) -> Board:
        """Return the board; one whose line was lost is looked for and connected again.

        Args:
            tell: called with sentences about what happened to it.

        Raises:
            NotConnected: it is not there, or another one is in its place.
            LineLost: it was lost this moment.
        """
        board = self._found(tell)
        try:
            end_background(board, tell)
            if not board.raw and self._learned != (board, board.restarts):
                self._learn(board)
            if self.mount is not None:
                self.mount.keep(board, tell)
        except LineLost as error:
            raise self.lose(error) from error
        return board

    def ready_alone(self, tell: Callable[[str], None]) -> Board:
        """Return the board as it is, whatever it does; one whose line was lost is looked for and left to itself.

        Args:
            tell: called with sentences about what happened to it.

        Raises:
            NotConnected: it is not there.
        """
        return self._found(tell, alone=True)

    def _found(self, tell: Callable[[str], None], *, alone: bool = False) -> Board:
        if self.board is not None and self.board.lost is not None:
            self._let_go(self.board.lost)
        return self.board or self._reconnect(tell, self._lost_at + self._return_timeout, alone=alone)

    def lose(self, error: LineLost) -> LineLost:
        """Free the line of a board that was lost while a cell ran; return the error for that cell."""
        self._let_go(error)
        if self._started_here:
            return LineLost(f"{error_text(error)} The next cell starts it anew, without its variables.")
        return LineLost(
            f"{error_text(error)} The next cell connects to the board again when it is there; %connect {self.address} "
            "--wait waits for it."
        )

    def hard_reset(self, tell: Callable[[str], None]) -> Board:
        """Restart the board as its reset button does, and wait until it is back at its prompt.

        Raises:
            CannotReset: the board cannot be reset from here.
            MicroPythonError: it did not come back.
        """
        board = self.ready(tell)
        board.hard_reset()
        gone = LineLost(f"The board on {self.address} was reset.")
        if self._on_network or board.lost is not None:
            # A board that resets does not say goodbye to its network: its connection only seems to be there.
            self._let_go(gone)
        else:
            try:
                board.execute("", timeout=RESET_TIMEOUT)
            except (LineLost, ConnectError):
                self._let_go(gone)
        if self.board is None:
            self._lost_at = time.monotonic()
            board = self._reconnect(lambda _: None, self._lost_at + max(RESET_TIMEOUT, self._return_timeout))
        board.take_unsolicited()
        return board

    @property
    def _started_here(self) -> bool:
        """Whether opening the line starts the board."""
        return transports.parse(self.address).scheme in ("virtual", "exec")

    @property
    def _on_network(self) -> bool:
        return transports.parse(self.address).scheme in _NETWORK

    @property
    def _return_timeout(self) -> float:
        return NETWORK_RETURN_TIMEOUT if self._on_network else RETURN_TIMEOUT

    def _learn(self, board: Board) -> None:
        """Have the board tell which it is, and what its clock says."""
        from ..board import identity

        known = (
            self._identity.unique_id
            if self._identity is not None and self._learned and self._learned[0] is board
            else None
        )
        self._identity = identity.ask(board, known)
        self._learned = (board, board.restarts)

    def _let_go(self, error: LineLost) -> None:
        board, self.board = self.board, None
        self._lost = error
        if board is not None:
            self._lost_at, self._seen_at = board.lost_at, board.heard_at
            board.close(exit_raw_repl=False)

    def _reconnect(self, tell: Callable[[str], None], deadline: float, *, alone: bool = False) -> Board:
        before = self.address
        earlier, seen_at = self._identity, self._seen_at

        def failed(error: ConnectError) -> str:
            return (
                f"The board on {before} was lost and is not there again: {error_text(error)} The next cell looks for "
                f"it again; %connect {before} --wait waits until it is there, %disconnect forgets it."
            )

        try:
            board = self._until(
                lambda: self._find_again(alone=alone),
                deadline,
                lambda: tell(f"[waiting for the board on {before} to come back]"),
                failed,
            )
        except ConnectError as error:
            raise error.turned_into(NotConnected) from error
        place = before if self.address == before else f"{self.address} (it was {before})"
        if self._started_here:
            tell(f"[{self._started_anew()}]")
        else:
            tell(f"[connected again to the board on {place}: {self._what_became(board, earlier, seen_at)}]")
        return board

    def _find_again(self, *, alone: bool) -> Board:
        """Open the line to the board that was lost, where it is now.

        Args:
            alone: leave it to itself, so that nobody can ask it whether it is the same.

        Raises:
            ConnectError: it is not there, or another one is.
        """
        address = self.typed if transports.parse(self.address).scheme == "exec" else self.address
        if self._port is not None and transports.parse(address).scheme == "serial":
            found = port_scan.again(self._port)
            if found.device != self._port.device:
                address = found.device
        earlier, lost, lost_at, seen_at = self._identity, self._lost, self._lost_at, self._seen_at
        board = self._open(address, alone=alone)
        try:
            if not board.raw and not alone:
                self._learn(board)
                self._check_same(board, earlier)
        except BaseException as error:
            self._let_go(LineLost(error_text(error)))
            self._identity, self._lost, self._lost_at, self._seen_at = earlier, lost, lost_at, seen_at
            if isinstance(error, LineLost):
                raise error.turned_into(ConnectError) from error
            raise
        self.address = board.address
        self._port = port_of(self.address) or self._port
        return board

    def _check_same(self, board: Board, earlier: BoardIdentity | None) -> None:
        """Refuse a board that is not the one that was lost: nobody wants a cell to run on another one."""
        if self._started_here:
            return  # whatever its number is: a virtual board's is that of the folder with its files
        now = self._identity.unique_id if self._identity is not None else ""
        if earlier is not None and earlier.unique_id and now != earlier.unique_id:
            number = f"its chip has the number {now}" if now else "its chip has no number"
            raise _AnotherBoard(
                f"another board is on {board.address} now ({number}, that of the lost one is {earlier.unique_id}); "
                f"%connect {board.address} takes it."
            )

    def _started_anew(self) -> str:
        if self.address == "virtual":
            return (
                "a new virtual board was started: the variables and files of the old one are gone (%connect "
                "virtual:FOLDER keeps the files)"
            )
        return f"{self.address} was started anew: its variables are gone"

    def _what_became(self, board: Board, earlier: BoardIdentity | None, seen_at: float) -> str:
        from ..board.identity import Variables, variables

        if board.raw:
            return "a raw line, on which something may be missing"
        if board.background.alone:
            return "its program was not interrupted"
        if earlier is None or self._identity is None:
            return Variables.UNKNOWN.value
        return variables(earlier, self._identity, seen_at).value

    # -- ending --------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End a wait for the board in another thread, as Stop does in the main thread: with a KeyboardInterrupt."""
        self._stopped.set()

    def go_on(self) -> None:
        """Forget a ``stop`` that met no wait."""
        self._stopped.clear()

    def close(self, *, exit_raw_repl: bool = True) -> None:
        """Free the line; the board keeps its state.

        Args:
            exit_raw_repl: as for ``Board.close``.
        """
        self._closed = True
        self._stopped.set()
        board, self.board = self.board, None
        if board is not None:
            board.close(exit_raw_repl=exit_raw_repl)

    @property
    def log_failed(self) -> bool:
        """Whether there is a log that could not be written."""
        return self._log is not None and bool(self._log.problem)

    def end_log(self) -> str:
        """Close the log, where there is one; return what is wrong with it, ``""`` for nothing."""
        log, self._log = self._log, None
        if log is None:
            return ""
        self.tap.remove(log)
        log.close()
        if not log.problem:
            return ""
        return (
            f"The log {log.path} could not be written ({log.problem}): it does not hold everything. The board's line "
            "is not disturbed."
        )


class _AnotherBoard(ConnectError):
    """Another board answers in the place of the one that was lost."""
