"""%esptool."""

from __future__ import annotations

import time
from dataclasses import replace

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.display.error_text import error_text
from metakernel_micropython.errors import MicroPythonError
from metakernel_micropython.host import firmware
from metakernel_micropython.host.firmware import CHIPS
from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.sessions.description import describe_connection
from metakernel_micropython.transports import port_scan

COMMANDS = ("erase", "flash", *CHIPS)
OWN_COMMANDS = (
    *("chip-id", "erase-flash", "erase-region", "flash-id", "image-info", "merge-bin", "read-flash", "read-mac"),
    *("verify-flash", "version", "write-flash"),
)

RESTART = 10.0
"""Seconds that a board has to come back with its new firmware; USB boards leave and return meanwhile."""

SHORT = 3.0
"""Seconds that it has where something went wrong before."""


def ports(_kernel: MicroPythonKernel) -> list[str]:
    """Return the serial ports that completion offers."""
    return [port.device for port in port_scan.serial_ports()]


def images(kernel: MicroPythonKernel, word: str) -> list[str]:
    """Return the folders and firmware files that completion offers."""
    return [path for path in host_paths(kernel, word) if path.rstrip("\"'").endswith(("/", ".bin"))]


def _command(text: str) -> str:
    return text.lower().replace("-", "")


_command.__name__ = "command"


class EsptoolMagic(BoardMagic):
    """Writes firmware to ESP boards."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = "it writes the flash of one board. %use NAME chooses it, or name its port with --port."
    _last = ""  # the port that esptool used last; an erased board has to be found again

    @arguments(
        argument(
            "command",
            nargs="?",
            type=_command,
            choices=COMMANDS,
            complete=lambda _kernel: COMMANDS,
            metavar="erase|flash|CHIP",
            help="see below",
        ),
        argument("file", nargs="?", metavar="FILE.bin", complete_path=images, help="the firmware, on this computer"),
        argument(
            "--port", default="", complete=ports, help="default: the connected board's, the last one, the likeliest one"
        ),
        argument("--baud", type=int, help=f"speed of writing (default: {firmware.BAUD})"),
    )
    def line_esptool(self, args: Namespace) -> None:
        """%esptool erase|flash|CHIP [FILE.bin] - erase an ESP board's flash, or write MicroPython to it.

        commands:
          erase             empty the flash: MicroPython and all files on the board are gone
          flash FILE.bin    write a firmware; the file says for which chip it is and so where it goes
          CHIP FILE.bin     the same, and the file must be for this chip:
                            esp8266 esp32 esp32s2 esp32s3 esp32s31 esp32c2 esp32c3 esp32c5
                            esp32c6 esp32c61 esp32e22 esp32h2 esp32h21 esp32h4 esp32p4
          -- ARGUMENTS      any command of esptool, with its own arguments

        The board itself is asked for its chip before anything is written. The connected board is disconnected
        meanwhile and connected again. Firmware: https://micropython.org/download/?port=esp32

        Examples:
          %esptool erase
          %esptool flash ESP32_GENERIC_S3-20251209-v1.27.0.bin
          %esptool esp8266 ESP8266_GENERIC-20251209-v1.27.0.bin --port COM5
          %esptool -- read-flash 0 0x400000 backup.bin
        """
        if args.baud is not None and args.baud <= 0:
            raise MagicError(f"--baud {args.baud} is not a speed.")
        _, own = self._parted(self.this_run.typed)
        if own is not None:
            self._pass_on(args, own)
        elif args.command is None:
            raise MagicError("%esptool needs a command: erase, flash FILE.bin, or -- and esptool's own.")
        elif args.command == "erase":
            self._erase(args)
        else:
            self._write(args)

    def _erase(self, args: Namespace) -> None:
        if args.file:
            raise MagicError(f"%esptool erase empties the whole flash and takes no file: {args.file}")
        port = self._port(args.port)
        baud = ["--baud", str(args.baud)] if args.baud else []
        self._run(["--port", port, *baud, "erase-flash"], port, restarts=False)
        self.kernel.Print(
            "The flash is empty. %esptool flash FILE.bin puts MicroPython on the board; files are at "
            + firmware.DOWNLOADS.format("esp32 (or esp8266)")
        )

    def _write(self, args: Namespace) -> None:
        wanted = CHIPS.get(args.command)
        if not args.file:
            page = (wanted or CHIPS["esp32"]).downloads
            raise MagicError(f"%esptool {args.command} needs the firmware's .bin file. Download it from {page}")
        path = host_path(args.file)
        chip = firmware.chip_of_image(path, wanted)
        port = self._port(args.port)
        self.kernel.Print(f"Writing {path} to the {chip.title} on {port}, from {chip.offset:#x} on")
        connected = self._run(firmware.write_arguments(chip, path, port, args.baud or firmware.BAUD), port)
        if not connected:
            self.kernel.Print(f"MicroPython is on the board: %connect {args.port or port}")

    def _pass_on(self, args: Namespace, own: list[str]) -> None:
        if args.command or args.file:
            raise MagicError(f"Behind -- stands the whole command: %esptool -- {' '.join(own)}")
        request = firmware.read_arguments(own)
        options = ["--baud", str(args.baud)] if args.baud else []
        port = ""
        if not request.offline:
            port = request.port or self._port(args.port)
            options += [] if request.port else ["--port", port]
        self._run([*options, *own], port, restarts=request.command != "erase-flash")

    def _port(self, named: str) -> str:
        device = self.kernel.device
        return firmware.serial_port(named or (device.address if device else self._last or self.kernel.board) or "auto")

    def _run(self, words: list[str], port: str, *, restarts: bool = True) -> bool:
        """Run esptool while the kernel has the port closed; connect to the board again, and return whether it did.

        Args:
            words: esptool's arguments.
            port: the port that it uses; ``""`` for none.
            restarts: whether there is MicroPython on the board when it succeeded.
        """
        self._last = port or self._last
        name = self.kernel.connections.chosen_name  # where a person gave the board one
        address = self.kernel.disconnect() if port and self._is_connected_to(port) else ""
        try:
            firmware.run(words, lambda text: self.kernel.Print(text, end=""), port)
        except (MicroPythonError, KeyboardInterrupt) as error:
            if port and isinstance(error, KeyboardInterrupt):
                self.kernel.Error(
                    f"esptool was stopped on {port}: the flash may be half written. Run the command again before you "
                    "use the board."
                )
            if address:
                self._connect_if_there(address, name)
            raise
        if not address or not restarts:
            return False
        self._connect(address, name)
        return True

    def _is_connected_to(self, port: str) -> bool:
        device = self.kernel.device
        if device is None:
            return False
        try:
            return firmware.same_port(firmware.serial_port(device.address), port)
        except MicroPythonError:
            return False  # not a serial port, or unplugged

    def _connect(self, address: str, name: str | None) -> None:
        deadline = time.monotonic() + RESTART
        while True:
            try:
                self._connect_within(address, name, RESTART)
                return
            except MicroPythonError as error:
                if time.monotonic() < deadline:
                    time.sleep(0.5)
                    continue
                raise MagicError(
                    f"esptool has done its work, but MicroPython does not answer on {address}: press RESET on the "
                    f"board and run %connect {address}. ({error_text(error)})"
                ) from error

    def _connect_within(self, address: str, name: str | None, seconds: float) -> None:
        options = replace(self.kernel.connection_options, timeout=seconds)
        self.kernel.Print(describe_connection(self.kernel.connect(address, options, name=name)))

    def _connect_if_there(self, address: str, name: str | None) -> None:
        try:
            self._connect_within(address, name, SHORT)
        except MicroPythonError:
            self.kernel.Error(f"The board on {address} is not connected any more: MicroPython does not answer.")

    def split(self, text: str) -> list[str]:
        """Leave what stands behind ``--`` to esptool."""
        return self._parted(text)[0]

    def _parted(self, text: str) -> tuple[list[str], list[str] | None]:
        """Return the words before ``--`` and those behind it, which are esptool's; None where there is no ``--``."""
        words = super().split(text)
        at = words.index("--") if "--" in words else len(words)
        return words[:at], words[at + 1 :] if at < len(words) else None

    def complete_arguments(self, mtype: str, name: str, before: str) -> list[str]:
        """Offer esptool's own commands and the files behind ``--``."""
        earlier = before.split(" ")
        word = earlier.pop()
        if "--" not in earlier:
            return super().complete_arguments(mtype, name, before)
        own = earlier[earlier.index("--") + 1 :]
        found = host_paths(self.kernel, word) if firmware.read_arguments(own).command else OWN_COMMANDS
        return sorted(text for text in found if text.startswith(word))


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(EsptoolMagic)
