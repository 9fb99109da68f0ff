"""What a person may set: in ``micropython_kernel_config.py``, on the kernel's command line, in the environment."""

from __future__ import annotations

import os

from traitlets import Bool, Enum, Int, Unicode, default
from traitlets.config import Configurable


class KernelSettings(Configurable):
    """The settings of ``MicroPythonKernel``, each as ``c.MicroPythonKernel.NAME``."""

    board = Unicode(
        None,
        allow_none=True,
        help="Address of the board to connect to at the first cell that needs one, for example auto or /dev/ttyACM0. "
        "None: the only likely board that is plugged in. Empty: none.",
    ).tag(config=True)
    restart = Enum(
        ["reset", "keep", "off"],
        "reset",
        help="After a restart of the kernel: connect to its boards again at the first cell and soft-reset them "
        "(reset), connect to them as they are (keep), or forget them (off).",
    ).tag(config=True)
    reload = Bool(
        False, help="Whether the next import of a module whose file was sent runs the new file, as with --reload."
    ).tag(config=True)
    sync_clock = Bool(
        False, help="Whether the clock of a board is set to this computer's local time when it is connected."
    ).tag(config=True)
    history_file = Unicode(
        help="File that keeps the history of cells; empty: one in the user's data folder; off: none.",
    ).tag(config=True)
    port = Unicode(
        help="Port of MicroPython whose documentation is shown, for example rp2; empty: that of the board.",
    ).tag(config=True)
    baud = Int(115200, help="Baud rate of serial lines.").tag(config=True)

    @default("board")
    def _board_of_the_environment(self) -> str | None:
        return os.environ.get("MICROPYTHON_BOARD")

    @default("history_file")
    def _history_file_of_the_environment(self) -> str:
        return os.environ.get("MICROPYTHON_HISTORY", "")

    @default("port")
    def _port_of_the_environment(self) -> str:
        return os.environ.get("MICROPYTHON_PORT", "")
