"""A stand-in for the drive of a micro:bit: a folder that takes a .hex file, goes for a moment, and comes back.

A fake, because the micro:bit of the tests is in QEMU and has no DAPLink. A file that it cannot write leaves FAIL.TXT in
the drive that comes back, as DAPLink does (docs/MSD_COMMANDS.md there).
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DaplinkDrive:
    """One drive.

    Attributes:
        path: its folder.
        flash: the file that was written last.
        fails: what it says of the next file; ``""`` to write it.
    """

    def __init__(self, path: Path, number: str = "9901000052864e45006") -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.flash = b""
        self.fails = ""
        self._details = f"# DAPLink Firmware\nUnique ID: {number}\n"
        self._closed = False
        self._come()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._thread.join(10)
        assert not self._thread.is_alive()
        for path in self.path.iterdir():
            path.unlink()

    def _come(self) -> None:
        (self.path / "DETAILS.TXT").write_text(self._details)

    def _serve(self) -> None:
        while not self._closed:
            time.sleep(0.01)
            for path in self.path.glob("*.hex"):
                data = path.read_bytes()
                if not data.endswith(b":00000001FF\r\n"):
                    continue
                (self.path / "DETAILS.TXT").unlink()
                path.unlink()
                (self.path / "FAIL.TXT").unlink(missing_ok=True)
                if self.fails:
                    (self.path / "FAIL.TXT").write_text(self.fails)
                else:
                    self.flash = data
                time.sleep(0.3)
                self._come()
