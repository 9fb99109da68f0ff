"""How a file's content crosses where a program on the board can have the line's bytes: as it is, in blocks.

One program answers everything that a group of transfers asks for (see ``serving.py``), so that a small file costs a few
short messages and no execution of its own. What the line damages ends the program; it is started again, and goes on
behind the last block that has arrived.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from ...errors import DeviceError, MicroPythonError, RecordingDiffers, TransferFailed
from .. import snippets
from . import blocks
from .blocks import DamagedError, SilentError, TooLargeError
from .file_server import FileServer, piece_size
from .helper_programs import UNFINISHED, Helpers
from .transmission import ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .transmission import Progress

MAX_ROOM = 16 * 1024
"""Bytes of a block at most: more would make the progress bar jump on slow lines."""

MIN_ROOM = 256
"""Bytes of a block at least."""

MAX_ANSWER = 2 * 1024
"""Bytes of a block from the board at most, where a block's check costs little of the line already."""

MEMORY_SHARE = 10
"""A block takes its share of the free memory: as it came, without escapes, inflated, in a memory that is fragmented."""

DEFLATE_REACH = 8
"""How much more data than fits in a block as it is may be deflated into one."""

WORTH_IT = 0.95
"""What deflated data must be smaller than, as a share; inflating costs the board some time."""

MOST_PATIENCE = 8.0
"""How often its usual time a slow board gets at most, before its silence counts as damage."""

MAX_WINDOW_BITS = 15
"""How far deflated data refers back at most; see ``blocks.deflate``."""

WINDOW_SHARE = 7
"""What it refers back to takes its share of the free memory."""

MIN_WINDOW_BITS = 10
"""How far it refers back on the smallest boards."""

PLENTY = 48 * 1024
"""Bytes of free memory from which on the program is packed: its text is in memory twice then."""

_HELPERS = {"stat": "files_stat", "rename": "files_rename"}
_DEFLATE_RAW = 1  # deflate.RAW


class Service:
    """The program on the board, running or not."""

    def __init__(self, helpers: Helpers) -> None:
        self._helpers = helpers
        self._server: FileServer | None = None
        self._given_up = False
        self._packs = True
        self._room = 0
        self._window_bits = MIN_WINDOW_BITS
        self._patience = 1.0

    # -- its life ------------------------------------------------------------------------------------------------

    def begin(self) -> bool:
        """Have the program run; return False on a board that has not what it needs.

        Whether it gets along shows with the first request.
        """
        if self._server is not None:
            return True
        support = self._helpers.support
        if self._given_up or not support.binary:
            return False
        self._room = min(max(support.memory // MEMORY_SHARE, MIN_ROOM), MAX_ROOM)
        reach = (support.memory // WINDOW_SHARE).bit_length() - 1
        self._window_bits = min(max(reach, MIN_WINDOW_BITS), MAX_WINDOW_BITS)
        self._start()
        return True

    def end(self) -> None:
        """End the program. What is wrong with the board by then meets the next request."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(MicroPythonError, DamagedError):
                server.end()

    def abort(self) -> None:
        """End the program, whatever it does."""
        server, self._server = self._server, None
        if server is not None:
            server.abort()

    def _start(self) -> None:
        support = self._helpers.support
        board = self._helpers.board
        module, name = support.inflate
        options = (_DEFLATE_RAW, self._window_bits) if name == "DeflateIO" else (-self._window_bits,)
        source = snippets.serve(
            "files_serve",
            _HELPERS,
            piece_size(board),
            min(self._room, MAX_ANSWER),
            support.base64,
            support.sha256,
            (module, name),
            options,
        )
        program: str | bytes = source
        if self._packs and module and support.memory >= PLENTY:
            program = snippets.packed(blocks.deflate(source.encode(), MIN_WINDOW_BITS), module, name, options)
        self._server = FileServer(board, program, self._patience)

    def _started(self) -> FileServer:
        if self._server is None:
            self._start()
        assert self._server is not None
        return self._server

    # -- requests ------------------------------------------------------------------------------------------------

    def ask(self, kind: str, *fields: str, work: int = 0) -> bytes:
        """Return the answer to a request that may be made twice.

        Args:
            kind: the request's letter.
            fields: its texts, the first of which is a path, for errors.
            work: bytes that the board has to work on, for the deadline.
        """
        for attempt in range(ATTEMPTS):
            try:
                return self._ask(kind, *fields, work=work)
            except DamagedError as error:
                if attempt + 1 == ATTEMPTS:
                    raise self._failure(fields[0], error) from error
        raise AssertionError

    def rename(self, source: str, target: str) -> None:
        """Put a file that is complete in the place of another."""
        for attempt in range(ATTEMPTS):
            try:
                # Where the answer was lost, the work may be done.
                if not attempt or not self._ask("s", source).startswith(b"(0,"):
                    self._ask("r", source, target)
                return
            except DamagedError as error:
                if attempt + 1 == ATTEMPTS:
                    raise self._failure(target, error) from error

    def _ask(self, kind: str, *fields: str, work: int = 0) -> bytes:
        return self._request(fields[0], kind, "\0".join((*fields, "", "")[:3]).encode(), work)

    def _request(
        self, path: str, kind: str, body: bytes, work: int = 0, taken: Callable[[int, int], object] | None = None
    ) -> bytes:
        server = self._started()
        try:
            return server.ask(kind, body, work, taken)
        except DeviceError as error:
            self._server = None
            raise self._meaning(error, path) from error
        except SilentError as error:
            self._server = None
            error.counts = self._patience >= MOST_PATIENCE
            self._patience = min(2 * self._patience, MOST_PATIENCE)
            raise
        except BaseException:
            self._server = None
            raise

    def _meaning(self, error: DeviceError, path: str) -> BaseException:
        """Return what an exception means that has ended the program."""
        if error.name == "OSError" or isinstance(error, RecordingDiffers):
            return self._helpers.meaning(error, path.removesuffix(UNFINISHED))
        # The program itself has arrived damaged, or this port lacks something, which shows when it comes again.
        self._packs = self._packs and error.name != "SyntaxError"
        return DamagedError(str(error))

    def _failure(self, path: str, error: DamagedError) -> TransferFailed:
        """Return the error for what did not get through; this way is left for good, unless memory was short."""
        self._given_up = not isinstance(error, TooLargeError)
        what = f"{path.removesuffix(UNFINISHED)}: what" if path else "What"
        return TransferFailed(
            f"{what} the board on {self._helpers.board.address} said arrived damaged {ATTEMPTS} times: the line loses "
            "bytes, or something else prints."
        )

    # -- content -------------------------------------------------------------------------------------------------

    def send(self, unfinished: str, old: int, data: bytes, progress: Progress | None) -> None:
        """Write a file, or behind what one holds.

        Args:
            unfinished: its name.
            old: the bytes that it holds and keeps; 0 for a new one.
            data: what follows.
            progress: called as it goes on.
        """
        done = failures = 0
        opened = False

        def taken(part: int, whole: int) -> None:
            if progress is not None:
                progress(done + used * part // whole, len(data))

        while True:
            try:
                if not opened:
                    self._ask("o", unfinished, str(old + done), "r+b" if old + done else "wb")
                    opened = True
                while done < len(data):
                    kind, body, used = self._block(data, done)
                    self._request(unfinished, kind, body, used, taken)
                    done += used
                    failures = 0
                    taken(0, 1)
                return
            except DamagedError as error:
                opened = False
                failures += error.counts
                self._be_modest()
                if failures == ATTEMPTS:
                    raise self._failure(unfinished, error) from error

    def _be_modest(self) -> None:
        """Large blocks do not get through a line that damages many, nor fit in little memory."""
        self._room = max(self._room // 2, MIN_ROOM)
        self._window_bits = max(self._window_bits - 1, MIN_WINDOW_BITS)

    def _block(self, data: bytes, at: int) -> tuple[str, bytes, int]:
        """Return the next request: its kind, its bytes, and how many bytes of the data are in it."""
        if self._helpers.support.inflate[0]:
            size = min(len(data) - at, self._room * DEFLATE_REACH)
            while size > MIN_ROOM // 2:
                packed = blocks.deflate(data[at : at + size], self._window_bits)
                if len(packed) > WORTH_IT * size:
                    break
                if len(packed) <= self._room:
                    return "z", packed, size
                size = min(int(0.95 * size * self._room / len(packed)), size - 1)
        body = data[at : at + self._room]
        return "w", body, len(body)

    def fetch(self, path: str, size: int, progress: Progress | None) -> bytes:
        """Return the content of a file of ``size`` bytes."""
        content = bytearray()
        failures = 0
        while True:
            start = len(content)
            try:
                self._fetch_rest(path, content, size, progress)
                return bytes(content)
            except DamagedError as error:
                self.abort()
                failures = 1 if len(content) > start else failures + 1
                self._be_modest()
                if failures == ATTEMPTS:
                    raise self._failure(path, error) from error
            except BaseException:
                self.abort()
                raise

    def _fetch_rest(self, path: str, content: bytearray, size: int, progress: Progress | None) -> None:
        """Add what follows behind the content that is here; take it away again where its digest is another."""
        start = len(content)
        try:
            answers = self._started().stream("g", b"%s\0%d\0rb" % (path.encode(), start))
            while block := next(answers):
                content += block
                if progress is not None:
                    progress(min(len(content), size), size)
            if next(answers) != hashlib.sha256(content[start:]).digest():
                del content[start:]
                raise DamagedError
        except DeviceError as error:
            raise self._meaning(error, path) from error
