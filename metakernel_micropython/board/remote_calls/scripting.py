"""What a ``Board`` offers scripts beside ``execute``: calls of functions, objects, files, output, and ``await``."""

from __future__ import annotations

import threading
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, cast, overload

from ...errors import BoardTimeout, DeviceError, HostFileProblem
from ..files import host_files
from ..protocol.text import TextDecoder
from .board_thread import BoardThread
from .conversation import RemoteBoard, RemoteCalls
from .proxy import Proxy
from .remote_function import P, R, RemoteFunction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ..background import Background

LOOK = 0.25
"""Seconds of one wait for output, after which it is looked whether there is an end."""

QUIET = 0.05
"""Seconds without a byte that end a piece of output."""

T = TypeVar("T")


class _Whole(RemoteBoard, Protocol):
    """The board that this is a part of."""

    background: Background

    def read_bytes(self, quiet: float = ..., limit: float = ...) -> tuple[bytes, int]: ...
    def stop(self) -> None: ...
    def go_on(self) -> None: ...
    def close(self) -> None: ...


class Scripting:
    """The part of ``Board`` that is built on its other methods."""

    @property
    def _whole(self) -> _Whole:
        return cast("_Whole", self)

    @cached_property
    def calls(self) -> RemoteCalls:
        """The functions and objects of the board that the host calls."""
        return RemoteCalls(self._whole)

    @cached_property
    def thread(self) -> BoardThread:
        """The thread in which the awaitable forms work, one after the other."""
        board = self._whole
        return BoardThread(f"board on {board.address}", board.stop, board.go_on)

    @overload
    def remote(self, function: Callable[P, R], /) -> RemoteFunction[P, R]: ...
    @overload
    def remote(
        self, /, *, timeout: float | None = None, output: Callable[[str], object] | None = None
    ) -> Callable[[Callable[P, R]], RemoteFunction[P, R]]: ...
    def remote(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        timeout: float | None = None,
        output: Callable[[str], object] | None = None,
    ) -> Any:
        """Make a function run on the board: a decorator, with or without arguments.

        The function's source goes to the board with its first call, and again after a restart of the board. It has its
        name there, so that such functions can call each other; modules are imported in it, and other names are those of
        the board. Arguments and values cross exactly, as with ``values``. What it raises is raised here, of the same
        type where that is built in, with the lines of the host's file; other exceptions are a ``DeviceError``. A
        generator's items come as they are made. What the function prints is printed here.

        Args:
            function: the function; another board's one counts as the function that it was made of.
            timeout: seconds that a call may take, or a generator's next item; None for no limit.
            output: is called with what the function prints, in the place of ``print``.

        Raises:
            SourceError: the function cannot go to a board alone, because it is async, or uses names around it.
        """

        def decorate(one: Callable[..., Any]) -> RemoteFunction[..., Any]:
            plain = one.__wrapped__ if isinstance(one, RemoteFunction) else one
            return RemoteFunction(plain, lambda: self.calls, lambda: self.thread, timeout, output)

        return decorate if function is None else decorate(function)

    def proxy(self, name: str, *, timeout: float | None = None) -> Proxy:
        """Return an object of the board: its attributes, methods and items are used as the host's are; see ``Proxy``.

        Args:
            name: its name on the board, for example ``sensor`` or ``machine.Pin``; it is asked for when it is used.
            timeout: seconds that each request may take; None for no limit.

        Raises:
            ValueError: the text is no such name.
        """
        return Proxy(name, lambda: self.calls, timeout)

    def run(
        self, path: str | Path, on_output: Callable[[str], object] | None = None, *, timeout: float | None = None
    ) -> str:
        """Run a file of the host on the board, as ``execute`` does its source; nothing is written there.

        Args:
            path: the file.
            on_output: called with the output as it comes; without it the output is returned.
            timeout: seconds after which the program is interrupted; None for no limit.

        Returns:
            What the program printed; ``""`` when ``on_output`` got it.

        Raises:
            HostFileProblem: the file cannot be read, or is none of source.
            DeviceError: the program raised an exception; the traceback has the file's name.
            MicroPythonError: what ``execute`` raises.
        """
        file = Path(path)
        if file.suffix == ".mpy":
            raise HostFileProblem(
                f"{file} is compiled: write it to the board (board.files.write), and import it there."
            )
        try:
            source = host_files.read(file).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise HostFileProblem(f"{file} on this computer is no text in UTF-8: {error.reason}.") from error
        try:
            return cast("Any", self).execute(source, on_output, timeout=timeout)  # type: ignore[no-any-return]
        except DeviceError as error:
            traceback = error.traceback.replace('  File "<stdin>", line ', f'  File "{file}", line ')
            raise DeviceError(error.name, error.message, traceback) from None

    def watch(self, source: str | None = None, *, timeout: float | None = None) -> Iterator[str]:
        """Give what the board prints, piece by piece, as it comes.

        With a source, this is the output of that program, which ends with it: it is stopped where nobody takes more of
        it. Without, it is what a program prints that ``background.start`` has started, to its end; or where none runs,
        what timers and threads print.

        Args:
            source: MicroPython code; None for what runs already.
            timeout: seconds in which it ends: a program of ``source`` is stopped then, everything else goes on and is
                watched no more. None for no limit.

        Raises:
            DeviceError: the program raised an exception.
            BoardTimeout: the program of ``source`` ran longer than ``timeout``.
            BoardBusy: another program runs.
            LineLost: the line is gone.
        """
        board = self._whole
        if source is not None:
            late = BoardTimeout(f"The program on the board on {board.address} took more than {timeout or 0:g} s.")
            with board.start(source) as execution:
                yield from filter(None, execution.stream(limit=timeout, late=late))
                execution.check()
            return
        end = float("inf") if timeout is None else time.monotonic() + timeout
        program = board.background.program
        decoder = TextDecoder()
        while (left := end - time.monotonic()) > 0:
            if program is not None:
                ended = program.ended
                text = program.read(min(LOOK, left))
                if not text and ended:
                    if program.failure is not None:
                        raise program.failure
                    return
            elif board.background.alone:
                text = board.background.read(min(LOOK, left))
            else:
                text = decoder.feed(board.read_bytes(QUIET, min(LOOK, left))[0])
            if text:
                yield text

    # -- for an event loop ---------------------------------------------------------------------------------------

    @classmethod
    async def aconnect(cls, address: str = "auto", **options: Any) -> Self:
        """Connect as ``connect`` does, and let the event loop do other things meanwhile.

        Args:
            address: as for ``connect``.
            options: the same as there.

        Raises:
            MicroPythonError: as ``connect``.
        """
        import asyncio
        from concurrent.futures import Future

        found: Future[Self] = Future()
        unwanted = threading.Event()

        def work() -> None:
            try:
                board = cast("Any", cls).connect(address, **options)
            except BaseException as error:
                found.set_exception(error)
                return
            found.set_result(board)
            if unwanted.is_set():
                board.close()

        threading.Thread(target=work, name=f"connection to {address}", daemon=True).start()
        try:
            return await asyncio.shield(asyncio.wrap_future(found))
        except asyncio.CancelledError:
            unwanted.set()
            if found.done() and found.exception() is None:
                cast("Any", found.result()).close()
            raise

    def aexecute(
        self, source: str, on_output: Callable[[str], object] | None = None, *, timeout: float | None = None
    ) -> Awaitable[str]:
        """Do as ``execute`` does, awaited; ``on_output`` is called in another thread."""
        return self.thread.run(lambda: cast("Any", self).execute(source, on_output, timeout=timeout))

    def arun(
        self, path: str | Path, on_output: Callable[[str], object] | None = None, *, timeout: float | None = None
    ) -> Awaitable[str]:
        """Do as ``run`` does, awaited; ``on_output`` is called in another thread."""
        return self.thread.run(lambda: self.run(path, on_output, timeout=timeout))

    def aget(self, expression: str) -> Awaitable[Any]:
        """Do as ``values.get`` does, awaited."""
        return self.thread.run(lambda: self._whole.values.get(expression))

    def aput(self, name: str, value: Any) -> Awaitable[None]:
        """Do as ``values.put`` does, awaited."""
        return self.thread.run(lambda: self._whole.values.put(name, value))

    def ado(self, work: Callable[[], T]) -> Awaitable[T]:
        """Call a function in the board's thread, awaited: for the rest, as in ``lambda: board.files.list()``."""
        return self.thread.run(work)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.thread.run(self._whole.close)
