"""%firmware."""

from __future__ import annotations

from pathlib import Path

from metakernel_micropython.host.paths import host_paths
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.magic_arguments import seconds
from metakernel_micropython.transports import port_scan

METHODS = ("esptool", "uf2", "hex", "dfu")

WAIT = 60.0
"""Seconds that a board has to be in its bootloader."""

MAX_WAIT = 3600.0

OF_INSTALL = ("version", "preview", "variant", "method", "port", "drive", "again", "discard_files", "wait")


def boards(_kernel: MicroPythonKernel) -> list[str]:
    """Return the boards that completion offers: those of the lists that are on this computer."""
    from metakernel_micropython.firmware.firmware_cache import FirmwareCache

    return sorted({build.board for build in FirmwareCache().kept()})


def versions(_kernel: MicroPythonKernel) -> list[str]:
    """Return the versions that completion offers."""
    from metakernel_micropython.firmware.firmware_cache import FirmwareCache

    return sorted({build.version.text for build in FirmwareCache().kept()})


def ports(_kernel: MicroPythonKernel) -> list[str]:
    """Return the serial ports that completion offers."""
    return [port.device for port in port_scan.serial_ports()]


class FirmwareMagic(BoardMagic):
    """Finds and writes firmware for boards of every kind."""

    kernel: MicroPythonKernel
    group = "Board"

    def refusal(self, _mtype: str, _name: str, args: str) -> str:
        """Say why firmware is written to one board at a time."""
        action = args.split()[:1]
        if action == ["install"]:
            return (
                "install writes one board at a time: of two in their bootloaders nobody can tell which drive or port "
                "is whose. %use NAME, then %firmware install, for each."
            )
        return "list is not about your boards. Run it in a cell of its own." if action == ["list"] else ""

    @arguments(
        argument("action", nargs="?", choices=("list", "install"), help="what to do; none: tell what the board runs"),
        argument(
            "board", nargs="?", metavar="BOARD|PATTERN", complete=boards, help="default: the connected one, or all"
        ),
        argument("--version", metavar="VERSION", complete=versions, help="default: the newest release"),
        argument("--preview", action="store_true", help="the newest preview in place of the newest release"),
        argument(
            "--variant", metavar="NAME", help="for example SPIRAM; default: that of the board, or the ordinary one"
        ),
        argument("--method", choices=METHODS, help="how it is written; default: the first one that the list has"),
        argument("--port", default="", complete=ports, help="the board's, where it is not connected"),
        argument(
            "--drive", metavar="FOLDER", complete_path=host_paths, help="where the drive of its bootloader is mounted"
        ),
        argument("--again", action="store_true", help="write it also where the board has it already"),
        argument("--discard-files", action="store_true", help="write it also where that empties the file system"),
        argument("--wait", type=seconds, metavar="SECONDS", help=f"for the board's bootloader (default: {WAIT:g})"),
        argument("--index", default="", metavar="PLACE", complete_path=host_paths, help="another place with lists"),
    )
    def line_firmware(self, args: Namespace) -> None:
        """%firmware [list [PATTERN] | install [BOARD]] - find firmware for a board, and write it.

        Alone it tells what the connected board runs, and whether there is a newer release for exactly this board.
        list shows boards and versions. install downloads the file, checks it, brings the board into its bootloader or
        says which button does, writes it, waits for the board, connects and shows what it runs now. What becomes of
        the files on the board is said before.

        install writes one board at a time: of two in their bootloaders nobody can tell which drive or port is whose. So
        below %%on %firmware only tells what each board runs.

        Ways of writing: esptool (ESP32 and ESP8266), uf2 (the drive of RP2040, RP2350, SAMD, nRF52 and TinyUF2), hex
        (the drive of a micro:bit), dfu (STM32, by the program dfu-util).

        The lists are those of Thonny, kept for a day. MICROPYTHON_FIRMWARE_INDEX in the environment names another
        place: an https:// address or a folder with such lists, or one list (.json).

        Examples:
          %firmware
          %firmware list pico
          %firmware install
          %firmware install ESP32_GENERIC --variant SPIRAM --port /dev/ttyUSB0
          %firmware install RPI_PICO --version 1.27.0
        """
        action = args.action or "status"
        if action != "install":
            for name in OF_INSTALL:
                if getattr(args, name) not in (None, False, ""):
                    raise MagicError(f"--{name.replace('_', '-')} is an option of %firmware install.")
        if args.preview and args.version:
            raise MagicError("--preview takes the newest preview, and --version names one: leave one of them out.")
        if args.wait is not None and args.wait > MAX_WAIT:
            raise MagicError(f"--wait {args.wait:g} is more than {MAX_WAIT:g} seconds.")
        from metakernel_micropython.firmware import installation

        if action == "status":
            installation.status(self.kernel, args.index)
        elif action == "list":
            installation.show_list(self.kernel, args.board or "", args.index)
        else:
            installation.install(
                self.kernel,
                installation.Request(
                    board=args.board or "",
                    version=args.version or "",
                    preview=args.preview,
                    variant=args.variant,
                    method=args.method or "",
                    port=args.port,
                    drive=Path(args.drive).expanduser() if args.drive else None,
                    index=args.index,
                    again=args.again,
                    discard_files=args.discard_files,
                    wait=args.wait or WAIT,
                ),
            )


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(FirmwareMagic)
