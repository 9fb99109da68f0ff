"""How a kernel comes to a board: the one that was asked for, that of before a restart, a setting's, the only one there.

The kernel's part of connecting; which boards are connected is the registry's to know.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..display.error_text import error_text
from ..display.wrapping import wrapped
from ..errors import ConnectError, MicroPythonError, NotConnected, PortInUse
from ..transports import parse, port_scan
from .background_end import refuse_background
from .kernel_notes import HeldBoard, KernelNotes

if TYPE_CHECKING:
    from ..board import Board
    from ..board.parts import Parts
    from ..transports import Address, ConnectionOptions
    from .kernel_notes import KernelNote
    from .registry import SessionRegistry

REPLAY_VARIABLE = "MICROPYTHON_REPLAY"
"""The environment variable with a recording that takes the place of every board: for notebooks in CI."""

_ON_A_LINE = ("serial", "id", "usb", "ws", "wss", "ble", "socket", "rfc2217")
"""Schemes of lines that serve one program at a time."""

_KEPT_OPTIONS = ("baud", "dtr", "rts", "heap", "raw", "timeout", "board")
_LET_GO = 2.0  # seconds in which a port is free after its holder let go
_LOOK = 0.1  # seconds


class Kernel(Protocol):
    """What connecting needs of the kernel."""

    board: str | None
    restart: str
    sync_clock: bool

    @property
    def connection_file(self) -> str:
        """The path of the file with the kernel's ports; ``""`` for none."""
        ...

    @property
    def connections(self) -> SessionRegistry:
        """The connected boards."""
        ...

    @property
    def connection_options(self) -> ConnectionOptions:
        """How boards are connected unless somebody chooses something else."""
        ...

    def Print(self, *objects: Any, **options: Any) -> None:  # noqa: N802 - MetaKernel's name
        """Show text on stdout."""
        ...

    def Error(self, *objects: Any, **options: Any) -> None:  # noqa: N802 - MetaKernel's name
        """Show text on stderr."""
        ...


class Connector:
    """Connects one kernel to its boards.

    Args:
        kernel: the kernel.

    Attributes:
        may_choose: whether a board may be connected that nobody has asked for; not while a front end asks silently.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.may_choose = True
        self._kernel = kernel
        self._boards = kernel.connections
        self._before: tuple[HeldBoard, ...] | None = None  # a restart, not connected again yet; None: not looked up
        self._noted: object = None  # what the last note was made of
        self._asked = False  # whether a person has said something about which board is meant
        self._taken = ""  # what to say about a board that another kernel took

    @cached_property
    def _notes(self) -> KernelNotes:
        return KernelNotes(self._kernel.connection_file)

    # -- the board that is asked for -----------------------------------------------------------------------------

    def connect(
        self,
        address: str,
        options: ConnectionOptions,
        *,
        name: str | None = None,
        wait: float | None = None,
        take: bool = False,
    ) -> Board:
        """Connect to a board that somebody named.

        Args:
            address: see ``transports.address``.
            options: how it is connected.
            name: as for ``SessionRegistry.open``.
            wait: likewise.
            take: whether another kernel that holds it is asked to let go.

        Raises:
            MicroPythonError: it did not work.
        """
        self._asked = True
        board = self._open(address, options, name=name, wait=wait, take=take)
        with self._boards.changing:
            self._taken = ""
            if not options.alone:
                self._forget_variables(board)
            self.note_boards()
        return board

    def _open(
        self, address: str, options: ConnectionOptions, *, name: str | None, wait: float | None, take: bool = False
    ) -> Board:
        recorded = os.environ.get(REPLAY_VARIABLE)
        if recorded and parse(address).scheme != "replay":
            # Its --log would be the recording itself.
            address, options, take = f"replay:{recorded}", replace(options, log=None, board=None), False
        if take:
            self._take(_place(address))
        try:
            board = self._boards.open(address, options, name=name, wait=wait)
        except ConnectError as error:
            place = _place(address)
            holder = self._holder(place) if type(error) in (ConnectError, PortInUse) else None
            if holder is None:
                raise
            raise ConnectError(
                f"{place} is in use by {holder.holder}. Shut that kernel down, or run %connect {place} --take, which "
                "has it let go."
            ) from error
        if self._kernel.sync_clock and not board.raw:
            self._set_clock(board)
        return board

    def _set_clock(self, board: Board) -> None:
        from ..board import clock

        try:
            clock.set_to_now(board)
        except MicroPythonError as error:
            self._kernel.Error(f"[{error_text(error)}]")

    def _holder(self, place: Address) -> KernelNote | None:
        return self._notes.holder_of(_device(place), place.text) if place.scheme in _ON_A_LINE else None

    def _take(self, place: Address) -> None:
        """Have the kernel that holds a board let go of it; nothing where none does."""
        holder = self._holder(place)
        if holder is None:
            return
        from .take_over import ask_to_release

        name = Path(os.environ.get("JPY_SESSION_NAME", "")).name
        by = f"The notebook {name}" if name else f"Another notebook or console (process {os.getpid()})"
        ask_to_release(holder, _device(place), place.text, by)
        self._kernel.Error(f"[{place} was freed by {holder.holder}]")
        deadline = time.monotonic() + _LET_GO
        while self._holder(place) is not None and time.monotonic() < deadline:
            time.sleep(_LOOK)

    # -- the board that a cell needs -----------------------------------------------------------------------------

    def ready(self) -> Board:
        """Return the board that cells run on, connected now where it is not yet.

        Raises:
            MicroPythonError: there is none; the message says which there are.
        """
        current = self._boards.current
        if not self.may_choose and current is not None and current.board is not None:
            refuse_background(current.board)
        found = self._boards.ready(self._kernel.Error)
        if found is None:
            found = self._first()
        self.note_boards()
        return found

    def ready_alone(self) -> Board:
        """Return the board that cells run on as it is, whatever it does; a lost one is connected again likewise.

        Raises:
            NotConnected: there is none, or it is not there again.
        """
        current = self._boards.current
        if current is None:
            raise NotConnected(
                "No board is connected: %connect ADDRESS --attach connects to one without stopping its program, "
                "%boards lists what is plugged in."
            )
        return current.ready_alone(self._kernel.Error)

    @property
    def parts(self) -> Parts:
        """The parts on the pins of the virtual board; a program that runs there runs on.

        Raises:
            MicroPythonError: there is none, or it is no virtual board.
        """
        return (self.ready() if self._boards.current is None else self.ready_alone()).parts

    def _first(self) -> Board:
        if self._taken:
            raise NotConnected(self._taken)
        if self.may_choose and self._of_before():
            return self._again()
        setting, ports = self._kernel.board, port_scan.serial_ports()
        from .description import describe_connection
        from .first_board import choose_one, only_board

        if setting and self.may_choose:
            board = self._open(setting, self._kernel.connection_options, name=None, wait=None)
            self._kernel.Print(describe_connection(board))
            return board
        only = only_board(ports)
        if only is None or setting is not None or self._asked or not self.may_choose:
            raise NotConnected(choose_one(ports))
        board = self._open(only.device, self._kernel.connection_options, name=None, wait=None)
        what = f"[connected to {only.device}, the only board that is plugged in: {board.banner or only.guess}]"
        self._kernel.Print(f"{wrapped(what)}\n[%connect ADDRESS chooses another]")
        return board

    def disconnected(self) -> None:
        """A person disconnected a board: none is taken in its place."""
        self._asked, self._before = True, ()
        self.note_boards()

    # -- restarts ------------------------------------------------------------------------------------------------

    def _of_before(self) -> tuple[HeldBoard, ...]:
        if self._before is None:
            self._before = () if self._kernel.restart == "off" else self._notes.before_restart()
        return self._before

    def _again(self) -> Board:
        """Connect to the boards of before a restart.

        Raises:
            NotConnected: the one that cells ran on is not there.
        """
        board: Board | None = None
        *others, current = self._of_before()
        for one in others:
            try:
                self._reconnect(one)
            except MicroPythonError as error:
                self._kernel.Error(
                    f"[{one.name or one.address} is not connected again after the restart: {error_text(error)}]"
                )
        try:
            board = self._reconnect(current)
        except MicroPythonError as error:
            self._before = (current,)
            raise NotConnected(
                f"Before the restart cells ran on the board on {current.address}, which cannot be connected: "
                f"{error_text(error)} %connect ADDRESS chooses another."
            ) from error
        self._before = ()
        return board

    def _reconnect(self, held: HeldBoard) -> Board:
        known = {key: value for key, value in held.options.items() if key in _KEPT_OPTIONS}
        options = replace(self._kernel.connection_options, **known)
        board = self._open(held.address, options, name=held.name or None, wait=None)
        if parse(held.address).scheme in ("virtual", "exec", "replay"):
            self._kernel.Error(f"[the kernel was restarted: {held.address} was started anew, without its variables]")
        elif self._kernel.restart == "keep" or board.raw:
            self._kernel.Error(f"[the kernel was restarted: connected again to the board on {board.address}, as it is]")
        else:
            self._reset(board)
        return board

    def _forget_variables(self, board: Board) -> None:
        """Soft-reset a board that was asked for and was this kernel's before its restart: the dialog promised that."""
        before = self._of_before()
        place = _device(parse(board.address)) or board.address
        mine = [one for one in before if place in (one.device, one.address)]
        if not mine:
            return
        self._before = tuple(one for one in before if one not in mine)
        if self._kernel.restart == "reset" and not board.raw and parse(board.address).scheme in _ON_A_LINE:
            self._reset(board)

    def _reset(self, board: Board) -> None:
        board.soft_reset()
        self._kernel.Error(
            f"[the kernel was restarted: the board on {board.address} was soft-reset, its variables are gone]"
        )

    # -- what other kernels are told -----------------------------------------------------------------------------

    def note_boards(self, *, restarts: bool = False) -> None:
        """Write down which boards are connected.

        Args:
            restarts: the kernel ends now, and is started again.
        """
        sessions = sorted(self._boards, key=lambda item: item[0] == self._boards.current_name)
        noted = self._before, [(name, session.address, session.options) for name, session in sessions]
        if noted == self._noted and not restarts:
            return  # as before each cell
        self._noted = noted
        held = []
        for name, session in sessions:
            address = parse(session.address)
            if "***" in session.address and address.scheme == "exec":
                continue  # it cannot be started again without its password
            kept = {key: value for key in _KEPT_OPTIONS if (value := getattr(session.options, key)) is not None}
            named = "" if name == self._boards.unnamed else name
            held.append(HeldBoard(session.address, _device(address), named, kept))
        # Boards that a cell has not asked for since the last restart are still this kernel's.
        pending = () if self._before is None and held else self._of_before()
        self._notes.write((*pending, *held), ended=restarts)

    def end(self, *, restart: bool) -> None:
        """The kernel ends: say so to the one that takes its place, or to nobody."""
        if restart:
            self.note_boards(restarts=True)
        else:
            self._notes.write(())

    def release(self, request: dict[str, Any]) -> dict[str, Any]:
        """Free a board that another kernel of this user asks for; any thread may call it.

        Args:
            request: ``device`` and ``address`` of the board, ``by`` who asks.
        """
        device, address, by = (str(request.get(key, "")) for key in ("device", "address", "by"))
        for name, session in self._boards:
            if (device and _device(parse(session.address)) == device) or session.address == address:
                self._taken = f"{by} has taken the board on {session.address}. " + (
                    f"%connect {session.address} --take gets it back."
                )
                self._asked = True
                self._boards.close(name)
                self.note_boards()
                return {"status": "ok"}
        return {"status": "error", "ename": "NotConnected", "evalue": f"{address} is not connected there."}


def _place(address: str) -> Address:
    """What an address leads to: for ``auto`` the port, where there is only one."""
    place = parse(address)
    found = port_scan.candidates() if place.scheme == "auto" else []
    return parse(found[0].device) if len(found) == 1 else place


def _device(address: Address) -> str:
    """The real path or name of the port that an address leads to; ``""`` for what leads to none."""
    if address.scheme == "serial":
        expanded = str(Path(address.target).expanduser()) if address.target.startswith("~") else address.target
        return os.path.realpath(expanded) if "/" in expanded else expanded
    if address.scheme in ("id", "usb"):
        try:
            return port_scan.find(address).device
        except ConnectError:
            return ""
    return ""
