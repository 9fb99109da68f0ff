"""%connect and its older name %serialconnect."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from metakernel_micropython.board.files.host_files import host_path
from metakernel_micropython.cell.masking import masked_arguments
from metakernel_micropython.host.paths import host_paths, quoted
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.sessions import connect_all
from metakernel_micropython.sessions.description import describe_connection
from metakernel_micropython.sessions.first_board import choose_one, only_board
from metakernel_micropython.sessions.registry import is_name, same_device
from metakernel_micropython.sessions.session import WAIT
from metakernel_micropython.transports import ble_scan, parse, port_scan
from metakernel_micropython.transports.address import at_recorded_pace
from metakernel_micropython.transports.options import VIRTUAL_BOARDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metakernel_micropython.errors import MicroPythonError
    from metakernel_micropython.transports import ConnectionOptions


def addresses(kernel: MicroPythonKernel, word: str) -> list[str]:
    """Return the addresses that a word may become; no line is opened, and nothing scans."""
    scheme, colon, path = word.partition(":")
    if colon and scheme in ("replay", "virtual"):
        return [f"{scheme}:{found}" for found in host_paths(kernel, path)]
    ports = [port.device for port in port_scan.serial_ports()]
    return ["auto", "all", "virtual", "replay:", "ble:", *map(quoted, ble_scan.last_seen()), *ports]


def ports(_kernel: MicroPythonKernel) -> list[str]:
    """Return the serial ports that completion offers."""
    return [port.device for port in port_scan.serial_ports()]


def virtual_boards(_kernel: MicroPythonKernel) -> list[str]:
    """Return the boards that a virtual board can be."""
    return list(VIRTUAL_BOARDS)


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError
    return text == "on"


def _size(text: str) -> int:
    factor = {"k": 1024, "m": 1024 * 1024}.get(text[-1:].lower(), 1)
    return int(text if factor == 1 else text[:-1]) * factor


def _path(text: str) -> Path:
    return host_path(text)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise ValueError
    return seconds


_seconds.__name__ = "time in seconds"
_switch.__name__ = "on or off"  # what argparse names when the text is neither
_size.__name__ = "size"


def old_arguments(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options of %serialconnect among words, with their values, and the words that mean nothing to it."""
    known: dict[str, str] = {}
    ignored = []
    left = iter(words)
    for word in left:
        option, equals, value = word.partition("=")
        if option in ("--port", "--baud"):
            known[option] = value if equals else next(left, "")
        elif word.startswith("-"):
            known[word] = ""  # a wrong one is told as such
        elif word.isdecimal() and int(word) >= 300 and "--baud" not in known:
            known["--baud"] = word
        elif re.match(r"/|\.|~|COM\d|\d+$|\w+:|auto$|virtual$", word, re.IGNORECASE) and "--port" not in known:
            known["--port"] = word
        else:
            ignored.append(word)
    return known, ignored


class ConnectMagic(BoardMagic):
    """Opens the line to a board."""

    kernel: MicroPythonKernel
    group = "Board"
    on_several = False
    alone = (
        "it connects boards. %connect stands in a cell of its own, and %connect all connects every board that is "
        "plugged in."
    )
    same_as = {"%serialconnect": "%connect PORT"}  # noqa: RUF012

    @arguments(
        argument("address", nargs="?", default="", complete_path=addresses, help="see below; default: auto"),
        argument("--baud", type=int, default=None, help="speed of a serial line (default: 115200)"),
        argument("--dtr", type=_switch, metavar="on|off", help="state of DTR when the port opens"),
        argument("--rts", type=_switch, metavar="on|off", help="state of RTS when the port opens"),
        argument(
            "--name",
            metavar="NAME",
            help="what the board is called among several (see %%%%on); without one it takes the place of the last "
            "such. For all: {n} is the number",
        ),
        argument("--heap", type=_size, metavar="SIZE", help="heap of the virtual board, as in 64k (default: 256k)"),
        argument(
            "--board",
            metavar="|".join(VIRTUAL_BOARDS),
            complete=virtual_boards,
            help="which board the virtual one is: its pins, its sys.platform, the size of its flash",
        ),
        argument("--password", help="of a WebREPL; without it: $MICROPYTHON_WEBREPL_PASSWORD, or you are asked"),
        argument("--timeout", type=float, metavar="SECONDS", help="how long to try (default: 10)"),
        argument(
            "--wait",
            nargs="?",
            type=_seconds,
            const=WAIT,
            metavar="SECONDS",
            help=f"wait until the board is there, at most so long (default: {WAIT:g}); Stop ends it",
        ),
        argument(
            "--log",
            type=_path,
            metavar="FILE",
            complete_path=host_paths,
            help="record all that goes over the line in a file, for %%connect replay:FILE",
        ),
        argument("--pace", action="store_true", help="play a recording at its pace, rather than at once"),
        argument("--force", action="store_true", help="have --log replace a file that is no recording"),
        argument("--attach", action="store_true", help="do not stop the program that runs there; see %%monitor"),
        argument("--take", action="store_true", help="have the notebook that holds the board let go of it first"),
        argument("--raw", action="store_true", help="only open the line, without MicroPython's prompt"),
        argument("--verbose", action="store_true", help="show what the board says while it is connected"),
    )
    def line_connect(self, args: Namespace) -> None:
        """%connect [ADDRESS] - connect to a board.

        addresses:
          auto                  the board that is plugged in; the last one that worked first
          all                   every board that is plugged in; --name "desk{n}" names them desk1, desk2 ...
          /dev/ttyACM0, COM5    a serial port (%boards lists them)
          id:SERIALNUMBER       the board with this USB serial number, whatever its port is called
          2e8a:0005             the board with these USB ids (vendor:product)
          virtual               a board without hardware; virtual:FOLDER keeps its files in FOLDER
          ws://HOST             a board's WebREPL; ws://HOST:PORT for another port than 8266, wss:// through TLS
          ble:NAME, ble:ADDRESS a board that offers its prompt on Bluetooth LE (%boards --ble lists them)
          socket://HOST:PORT    a serial line on the network (rfc2217://HOST:PORT as well)
          exec:COMMAND          a program with MicroPython's prompt, for example exec:micropython
          replay:FILE           a board that answers as the one did that --log FILE has recorded

        The board's variables stay as they are; a program that runs is interrupted. With --attach it runs on: %monitor
        shows what it prints, and the next cell that needs the board interrupts it. When the board is lost later (a
        pulled cable, a restart), the next cell connects to it again.

        Examples:
          %connect
          %connect --wait
          %connect /dev/ttyACM1 --name left
          %connect /dev/ttyACM0 --attach
          %connect /dev/ttyUSB0 --baud 921600
          %connect ws://192.168.4.1
          %connect all --name desk{n}
          %connect ble:mpy-repl
          %connect virtual:~/board
          %connect virtual --board pico
          %connect /dev/ttyACM0 --log sensor.jsonl
          %connect replay:sensor.jsonl
        """
        self._connect(args.address or self.kernel.board or "auto", args)

    @arguments(
        argument("--port", default="", complete=ports, help="the serial port; default: the likeliest one"),
        argument("--baud", type=int, default=None, help="speed of the line (default: 115200)"),
        argument("--raw", action="store_true", help="only open the line, without MicroPython's prompt"),
        argument("--verbose", action="store_true", help="show what the board says while it is connected"),
    )
    def line_serialconnect(self, args: Namespace) -> None:
        """%serialconnect [--port PORT] [--baud BAUD] [--raw] [--verbose] - connect to a board (see %connect).

        Examples:
          %serialconnect --port /dev/ttyUSB0 --baud 115200
          %serialconnect --port COM3
        """
        self._connect(args.port or "auto", args)

    def run(self, mtype: str, name: str, args: str) -> None:
        """Take the arguments of %serialconnect as notebooks of jupyter_micropython_kernel have them."""
        if name == "serialconnect":
            args = self._as_they_were(args)
        super().run(mtype, name, args)

    def _as_they_were(self, text: str) -> str:
        """Return the arguments of %serialconnect without the words that it ignored, and say which those are.

        Its readme has ``%serialconnect to --port=X --baud=Y``; its first versions took ``PORT BAUD``; ``--port=0`` is
        the first of the ports that are plugged in.
        """
        known, ignored = old_arguments(self.split(text))
        if ignored:
            words = ", ".join(f'"{masked_arguments(word)}"' for word in ignored)
            self.kernel.Error(f"[%serialconnect ignored {words}]")
        if known.get("--port", "").isdecimal():
            number = int(known["--port"])
            found = ports(self.kernel)
            if number >= len(found):
                listed = f"there are {len(found)}: {', '.join(found)}" if found else "none is plugged in"
                raise MagicError(
                    f"%serialconnect --port={number} is the port of that number, counted from 0; {listed}."
                )
            known["--port"] = found[number]
        return " ".join(option + (f"={quoted(value)}" if value else "") for option, value in known.items())

    def split(self, text: str) -> list[str]:
        """Take everything behind ``exec:`` as its command line, without a need for quotes."""
        if text.lstrip().startswith("exec:"):
            return [text.strip()]
        words = super().split(text)
        if "--wait" in words:
            at = words.index("--wait") + 1
            # Its value may be missing; an address behind it is none.
            value = words.pop(at) if at < len(words) and re.fullmatch(r"[\d.e+]+", words[at]) else f"{WAIT:g}"
            words[at - 1] = f"--wait={value}"
        return words

    def _connect(self, address: str, args: Namespace) -> None:
        if args.baud is not None and args.baud <= 0:
            raise MagicError(f"--baud {args.baud} is not a speed.")
        if address != "all" and getattr(args, "name", None) is not None and not is_name(args.name):
            raise MagicError(f'"{args.name}" cannot be a name: take letters, digits, "_", "-" and ".", and not "all".')
        names = ("baud", "dtr", "rts", "heap", "password", "timeout", "log", "board")
        chosen = {name: value for name in names if (value := getattr(args, name, None)) is not None}
        attach = getattr(args, "attach", False)
        if attach and address == "auto":
            address = self._only_port()
        options = replace(
            self.kernel.connection_options,
            raw=args.raw,
            alone=attach and not args.raw,
            replace_log=getattr(args, "force", False),
            **chosen,
        )
        if address == "all":
            self._connect_all(options, args)
            return
        place = parse(address)
        if getattr(args, "pace", False):
            if place.scheme != "replay":
                raise MagicError("--pace is for recordings: %connect replay:FILE --pace plays one at its own pace.")
            address = at_recorded_pace(place)
        options.check(place)
        name = getattr(args, "name", None)
        wait, take = getattr(args, "wait", None), getattr(args, "take", False)
        board = self.kernel.connect(address, options, name=name, wait=wait, take=take)
        if args.verbose and board.greeting.strip():
            self.kernel.Print(board.greeting.strip("\n"))
        self.kernel.Print(describe_connection(board, name))

    def _connect_all(self, options: ConnectionOptions, args: Namespace) -> None:
        if args.wait is not None or args.log is not None:
            raise MagicError("%connect all takes no --wait and no --log: they are for one board.")
        boards = self.kernel.connections
        ports = port_scan.serial_ports()
        there = connect_all.likely_boards(ports)
        if not there:
            nobody = not len(boards)
            raise MagicError(choose_one(ports) if nobody else f"No port here looks like a board's. {boards.listed()}")
        new = connect_all.not_connected(there, (session.address for _, session in boards))
        names = connect_all.names_for(new, args.name or "", boards.names)
        current = boards.current_name
        for port in new:
            options.check(parse(port))
        failed = connect_all.at_once(
            {
                name: partial(self.kernel.connect, port, options, name=name, take=args.take)
                for name, port in zip(names, new, strict=True)
            },
            boards.give_up_opening,
        )
        worked = [name for name in names if failed[name] is None]
        if current or worked:
            boards.use(current or worked[0])
        self._tell_all(there, failed)

    def _tell_all(self, ports: list[str], failed: Mapping[str, MicroPythonError | None]) -> None:
        boards = self.kernel.connections
        connected = [(name, one) for name, one in boards if any(same_device(one.address, port) for port in ports)]
        width = max((len(name) for name, _ in connected), default=0)
        for name, session in sorted(connected, key=lambda one: port_scan.natural(one[0])):
            before = "" if name in failed else " (connected before)"
            self.kernel.Print(f"{name:<{width}}  {session.describe()}{before}")
        problems = [error for error in failed.values() if error is not None]
        if problems:
            lines = "".join(f"\n  {error}" for error in problems)
            raise MagicError(f"{len(problems)} of {len(ports)} boards could not be connected:{lines}")
        self.kernel.Print(boards.listed())

    def _only_port(self) -> str:
        """Return the port of the only board that is plugged in: which of several it is, one had to ask them."""
        only = only_board(port_scan.serial_ports())
        if only is None:
            raise MagicError(
                "%connect --attach asks no port whether a board is there: name it, as in %connect /dev/ttyACM0 "
                "--attach. %boards lists what is plugged in."
            )
        return only.device


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ConnectMagic)
