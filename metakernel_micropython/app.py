"""The kernel's application: reads the configuration and starts the kernel."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import zmq
from metakernel import MetaKernelApp
from traitlets import default

from .cell.iopub import QUEUE_LENGTH
from .host import shell
from .jupyter_internals import QuietOutStream


class MicroPythonKernelApp(MetaKernelApp):
    """The launcher. Configuration is read from ``micropython_kernel_config.py`` in Jupyter's own folders."""

    def init_signal(self) -> None:
        """Have the signals that end a program free the board first: its prompt is where the next program expects it."""
        super().init_signal()  # type: ignore[no-untyped-call]
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._end)

    def _end(self, number: int, _frame: object) -> None:
        # A second one ends the program at once. The thread that was interrupted may hold locks that freeing needs.
        signal.signal(number, signal.SIG_DFL)
        threading.Thread(target=self._free_board, args=(number,), name="ending", daemon=True).start()

    def _free_board(self, number: int) -> None:
        try:
            shell.kill_all()
            self.kernel.connections.close_all()
        finally:
            os.kill(os.getpid(), number)

    @default("outstream_class")
    def _quiet_outstream_class(self) -> str:
        return f"{QuietOutStream.__module__}.{QuietOutStream.__name__}"

    def init_iopub(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        """Open the publishing socket with a short queue: its length counts messages of any size (see ``iopub``)."""
        context.setsockopt(zmq.SNDHWM, QUEUE_LENGTH)  # the default for the sockets that are made meanwhile
        try:
            super().init_iopub(context)  # type: ignore[no-untyped-call]
        finally:
            del context.sockopts[zmq.SNDHWM]

    @property
    def config_file_paths(self) -> list[str]:  # type: ignore[override]
        """The folders that configuration is read from: never the current one.

        A configuration file is Python; one that lies beside a notebook somebody sent would run unasked.
        """
        current = Path.cwd()
        return [path for path in super().config_file_paths if path and not _same(Path(path), current)]


def _same(path: Path, other: Path) -> bool:
    return os.path.normcase(os.path.abspath(path)) == os.path.normcase(other)  # noqa: PTH100 - keeps links as typed
