"""A stand-in for a board with an RP2040: a serial line on a pseudo-terminal, and the drive of its bootloader.

A fake, because the tests have no chip. Its program is the virtual board, whose ``machine`` has no ``bootloader()``: the
stand-in hears that call on the line and takes the line away, as the chip does. Its drive is a folder. As the chip's ROM
does, it takes the blocks of its own family, ignores all others, and restarts when it has a whole file; then the folder
holds no INFO_UF2.TXT any more, and the line is there again.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from metakernel_micropython.errors import LineLost
from metakernel_micropython.transports import ConnectionOptions, Transport, open_transport

if TYPE_CHECKING:
    from pathlib import Path

CALL = b"machine.bootloader()"


class Uf2Board:
    """One board.

    Attributes:
        address: its serial port, a link that is there while a program runs.
        drive: the folder of its drive.
        flash: the file that was written last; empty at first.
        deaf: whether it ignores ``machine.bootloader()``; ``press`` is the way then.
        fails: whether what is written does not start.
    """

    def __init__(
        self,
        folder: Path,
        *,
        board_id: str = "RPI-RP2",
        family: int = 0xE48BFF56,
        profile: str = "pico",
        runs: bool = True,
    ) -> None:
        self.address = folder / "ttyBOARD"
        self.drive = folder / "DRIVE"
        self.drive.mkdir(exist_ok=True)
        self._empty()
        self.flash = b""
        self.deaf = self.fails = False
        self._board_id, self._family, self._profile = board_id, family, profile
        self._master = -1
        self._program: Transport | None = None
        self._closed = False
        self._lock = threading.Lock()
        if runs:
            self._start()
        else:
            self.press()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """What a kernel needs to see the board."""
        return {"MICROPYTHON_PORTS": str(self.address), "MICROPYTHON_DRIVES": str(self.drive)}

    def press(self) -> None:
        """Bring it into its bootloader by hand."""
        with self._lock:
            self._stop()
            info = f"UF2 Bootloader v2.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {self._board_id}\r\n"
            (self.drive / "INFO_UF2.TXT").write_text(info, newline="")

    def run(self) -> None:
        """Have its program run, as a reset does."""
        with self._lock:
            self._stop()
            self._empty()
            self._start()

    def unplug(self) -> None:
        """Pull the cable; its drive goes, or its line."""
        with self._lock:
            self._stop()
            self._empty()

    def close(self) -> None:
        self._closed = True
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.unplug()

    # -- its states ----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        import pty
        import tty

        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        program = self._program = open_transport("virtual", ConnectionOptions(board=self._profile))
        threading.Thread(target=self._speak, args=(program, self._master), daemon=True).start()
        self.address.symlink_to(os.ttyname(slave))
        os.close(slave)

    def _stop(self) -> None:
        self.address.unlink(missing_ok=True)
        program, self._program = self._program, None
        master, self._master = self._master, -1
        if program is not None:
            program.close()
            os.close(master)

    def _empty(self) -> None:
        (self.drive / "INFO_UF2.TXT").unlink(missing_ok=True)
        for path in self.drive.iterdir():
            path.unlink()

    def _serve(self) -> None:
        heard = b""
        while not self._closed:
            with self._lock:
                program, master = self._program, self._master
                if program is None:
                    self._take_file()
            data = b""
            if program is not None:
                with suppress(OSError):  # nothing came, or nobody has the line open
                    data = os.read(master, 65536)
            if not data:
                time.sleep(0.005)
                continue
            heard = (heard + data)[-200:]
            if CALL in heard and not self.deaf:
                heard = b""
                self.press()
                continue
            assert program is not None
            with suppress(LineLost):
                program.write(data)

    def _speak(self, program: Transport, master: int) -> None:
        with suppress(LineLost, OSError):
            while True:
                data = program.read()
                while data:
                    try:
                        data = data[os.write(master, data) :]
                    except BlockingIOError:
                        time.sleep(0.002)

    def _take_file(self) -> None:
        for path in self.drive.glob("*.uf2"):
            with suppress(OSError):
                if not path.is_file():
                    continue
                data = path.read_bytes()
                if len(data) < 512:
                    continue
                blocks, family = struct.unpack_from("<2I", data, 24)
                if len(data) == 512 * blocks and family == self._family:
                    self.flash = data
                    self._empty()
                    if not self.fails:
                        self._start()
                    return
