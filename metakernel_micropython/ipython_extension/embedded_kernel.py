"""The kernel without sockets, inside a shell of IPython: what it shows and asks goes through that shell.

Its cells, boards, magics and texts are those of ``MicroPythonKernel``. What is printed goes to ``sys.stdout``, data to
IPython's display publisher, the value of a cell through its display hook: so ``%%capture`` and output widgets get it,
too.
"""

from __future__ import annotations

import contextlib
import getpass
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from ..cell.failure import failure
from ..errors import MicroPythonError
from ..front_end import thread_output
from ..jupyter_internals import InputRequest, asks, without_traces
from ..kernel import MicroPythonKernel
from ..signal_stop import SignalStop
from .board_failure import board_failure
from .first_moment import FirstMoment

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from .board_failure import BoardFailure

_T = TypeVar("_T")


class CellRuns(MicroPythonError):
    """A board runs one thing at a time."""


class EmbeddedKernel(MicroPythonKernel):
    """The kernel of one IPython shell.

    Args:
        shell: the shell.

    Attributes:
        stops: takes Stop while a cell runs on the board.
        first_moment: keeps Stop before that.
    """

    stop_needs_ticks = True  # on Windows a signal ends no wait for a lock, elsewhere not one that has just begun

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._one_cell = threading.Lock()
        self.stops = SignalStop(self._stop)
        self.first_moment = FirstMoment(shell, self.stops.press_between_cells)
        self._hints: list[Mapping[str, Any]] = []  # what was said about an error that the shell has not shown yet
        with without_traces():
            # The shell keeps the history of its cells; after a restart of its kernel this extension is not there.
            super().__init__(config=shell.config, history_file="off", restart="off")
        host = self.host_kernel
        if host is not None:
            self._input = InputRequest(host)

    @property
    def host_kernel(self) -> Any:
        """The kernel whose shell this is; None in a terminal's IPython."""
        return getattr(self._shell, "kernel", None)

    # -- cells ---------------------------------------------------------------------------------------------------

    def run(self, cell: str) -> None:
        """Run a cell as this project's kernel does, with magics on top or none.

        Args:
            cell: its text.

        Raises:
            BoardFailure: it failed.
        """
        with self.stops:  # around all that must not be left halfway
            reply = self._reply(cell)
        for payload in reply.get("payload", ()):
            self._pass_on(payload)
        if reply["status"] == "error":
            raise board_failure(reply["ename"], reply["evalue"], reply["traceback"])

    def _reply(self, cell: str) -> dict[str, Any]:
        if not self._one_cell.acquire(blocking=False):
            raise self.failed(CellRuns("A cell runs on the board already: a board runs one thing at a time."))
        try:
            self.interrupts.request_begins()
            self.stops.begin()
            if self.first_moment.take():
                self._stop()
            self.execution_count = self._shell.displayhook.prompt_count  # the one in In[n]
            request = self._request
            meta = request.get("metadata") or {}
            silent = bool((request.get("content") or {}).get("silent", False))
            return _finished(
                self.do_execute(cell, silent, allow_stdin=self._may_ask, cell_meta=meta, cell_id=meta.get("cellId"))
            )
        finally:
            self.stops.finish()
            self.interrupts.request_ends()
            self.shown_error = None
            self._one_cell.release()

    def failed(self, error: BaseException) -> BoardFailure:
        """Return an error of this package as the one of a cell: with its message alone."""
        told = failure(error)
        return board_failure(told.ename, told.evalue, told.traceback)

    def show_unsolicited(self) -> None:
        """Show what the board printed since the last cell, before a cell of any kind; not while one runs."""
        if self._one_cell.acquire(blocking=False):
            try:
                self.runner.show_unsolicited()
            finally:
                self._one_cell.release()

    def show_hints(self) -> None:
        """Show what was said about the error of the cell, which the shell has shown by now."""
        hints, self._hints = self._hints, []
        for content in hints:
            self._show("stream", content)

    def _stop(self) -> None:
        with contextlib.suppress(MicroPythonError):  # the line is lost, and the cell tells so
            self.interrupt()

    def interrupt_host(self) -> None:
        """Raise KeyboardInterrupt in the main thread."""
        self.stops.interrupt_host()

    @property
    def host_variables(self) -> dict[str, Any]:
        """The names of the notebook, which is Python."""
        names: dict[str, Any] = self._shell.user_ns
        return names

    # -- what is shown -------------------------------------------------------------------------------------------

    def send_response(self, stream: Any, msg_or_type: Any, content: Any = None, *args: Any, **options: Any) -> Any:
        """Show a message; what belongs to one of several boards goes to whoever names that board."""
        if thread_output.get() is not None:
            return super().send_response(stream, msg_or_type, content, *args, **options)
        if msg_or_type == "error":
            self.shown_error = content  # the shell shows it: the cell fails with it
        elif self.shown_error is not None and msg_or_type == "stream":
            self._hints.append(content)
        else:
            self._show(msg_or_type, content)
        return None

    def sender(self) -> Callable[[str, Mapping[str, Any]], None]:
        """Return what sends messages (type and content) to the cell that runs now; any thread may call it."""
        return self._show

    def publish(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message (type and content) to the cell that runs, or that ran last; any thread may call it."""
        self._show(kind, content)

    def _show(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "stream":
            file = sys.stdout if content["name"] == "stdout" else sys.stderr
            file.write(content["text"].encode("utf-8", "backslashreplace").decode("utf-8"))
            file.flush()
        elif kind in ("display_data", "update_display_data"):
            self._shell.display_pub.publish(
                dict(content["data"]),
                dict(content.get("metadata") or {}),
                transient=dict(content.get("transient") or {}),
                update=kind == "update_display_data",
            )
        elif kind == "clear_output":
            publisher: Any = self._shell.display_pub
            publisher.clear_output(content.get("wait", False))
        elif kind == "execute_result":
            self._show_value(dict(content["data"]), dict(content["metadata"]))

    def _show_value(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Show the value of a cell as the shell shows one; ``_`` and ``Out`` stay those of Python."""
        hook: Any = sys.displayhook  # the shell's while a cell runs
        if not hasattr(hook, "start_displayhook"):  # that of %%capture
            hook(_Shown(data, metadata))
            return
        hook.start_displayhook()
        hook.write_output_prompt()
        hook.write_format_data(data, metadata)
        hook.finish_displayhook()

    def _pass_on(self, payload: Mapping[str, Any]) -> None:
        """Have the shell do what a reply asks the front end for: show a text in the pager, or fill in the next cell."""
        if payload.get("source") == "page":
            from IPython.core import page

            page.page(dict(payload["data"]))
        elif payload.get("source") == "set_next_input":
            cell = str((self._request.get("content") or {}).get("code", ""))
            alone = "\n" not in cell.strip()  # else there are lines of Python that would be lost
            self._shell.set_next_input(str(payload["text"]), alone and bool(payload.get("replace", False)))

    def between_cells(self, action: Callable[[], None]) -> None:
        """Have something done that needs the board: at once on the main thread, from others when no cell runs."""
        loop = getattr(self.host_kernel, "io_loop", None)
        if loop is None or threading.current_thread() is threading.main_thread():
            action()
        else:
            loop.add_callback(action)

    @property
    def _request(self) -> Mapping[str, Any]:
        """The message that asked for the cell: it has the cell's tags, and whether a front end runs it for itself."""
        request = self.host_kernel.get_parent("shell") if self.host_kernel is not None else None
        return request or {}

    # -- what is asked -------------------------------------------------------------------------------------------

    @property
    def _may_ask(self) -> bool:
        return sys.stdin.isatty() if self.host_kernel is None else asks(self.host_kernel)

    def ask(self, prompt: str, *, secret: bool) -> None:
        """Open the input box; what is still said about an earlier question is thrown away."""
        sys.stdout.flush()
        super().ask(prompt, secret=secret)

    def raw_input(self, prompt: str = "") -> str:
        """Return a line that the person at the front end types."""
        return str(self.host_kernel.raw_input(prompt)) if self.host_kernel is not None else input(prompt)

    def getpass(self, prompt: str = "", stream: TextIO | None = None, *, echo_char: str | None = None) -> str:
        """Return a line that nobody sees while it is typed."""
        return str(self.host_kernel.getpass(prompt)) if self.host_kernel is not None else getpass.getpass(prompt)

    @property
    def connection_file(self) -> str:
        """The path of the file with the ports of the shell's kernel; ``""`` in a terminal."""
        return str(getattr(getattr(self.host_kernel, "parent", None), "abs_connection_file", ""))


class _Shown:
    """A value that is shown as data by MIME types."""

    def __init__(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        self._bundle = data, metadata

    def __repr__(self) -> str:
        return str(self._bundle[0].get("text/plain", ""))

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._bundle


def _finished(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Return what a coroutine comes to that waits for nothing: the loop of the shell's kernel runs already."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: _T = done.value
        return value
    coroutine.close()
    raise RuntimeError("A cell on the board waits for the event loop, which waits for the cell.")
