"""What runs inside an ipyparallel engine: the boards of its host, and kernels for ``%px``.

An engine is an ordinary Python process on the host that the boards are plugged into. It keeps the boards that it owns
between calls. What boards print goes to the engine's stdout while it is printed, as one JSON list ``[board, text]`` in
a line, which ``fleet`` puts apart again.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sys
import threading
from importlib import import_module
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ..board import Board
from ..cell.program import ValueFilter, prepare
from ..display.error_text import error_text
from ..errors import DeviceError
from ..interrupts import interrupt_main_thread
from ..sessions import unattended
from .stops import BEGUN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_PATIENCE = 30.0
"""Seconds that a board has to come to its prompt: many start at the same time."""

_WAY_OUT = "Connect to the board from its own host and run the cell there."

_boards: dict[str, Board] = {}
_users: set[str] = set()
_kernels: dict[str, Any] = {}


# -- boards ----------------------------------------------------------------------------------------------------------


def survey() -> dict[str, Any]:
    """Return this engine's host and the serial ports that probably lead to a board, as ``%boards`` lists them."""
    from ..transports.port_scan import candidates

    return {"host": socket.gethostname(), "ports": [port.device for port in candidates()]}


def own(boards: Sequence[tuple[str, str]], user: str = "") -> dict[str, str]:
    """Connect to boards, all at once, and keep them.

    Args:
        boards: name and address of each; one that is connected under its name stays as it is.
        user: tells the notebooks apart that use them.

    Returns:
        For each name what the board says it is; behind ``!`` why it could not be connected.
    """
    said: dict[str, str] = {}
    _users.add(user)

    def connect(name: str, address: str) -> None:
        try:
            kept = _boards.get(name)
            if kept is None or kept.lost is not None:
                _boards[name] = kept = Board.connect(address, timeout=_PATIENCE)
            said[name] = kept.banner
        except Exception as error:  # one board's fault is told for that board
            said[name] = f"!{error_text(error)}"

    _all_at_once([lambda one=one: connect(*one) for one in boards])
    return said


def release(user: str = "") -> None:
    """Free the lines of all boards, once their last user has left; the boards keep their variables.

    Args:
        user: who leaves; ``""`` for all, also those that were killed and so never left.
    """
    _users.intersection_update(_users - {user} if user else ())
    while not _users and _boards:
        _boards.popitem()[1].close()


def run(code: str, names: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Run a cell on some of this engine's boards at the same time.

    Args:
        code: the cell.
        names: of the boards.

    Returns:
        For each board that failed the error's name, message and traceback.
    """
    said: SimpleQueue[tuple[str, str | None] | None] = SimpleQueue()  # None alone: Stop
    failed: dict[str, tuple[str, str, str]] = {}
    running = set(names)
    program = prepare(code)

    def work(name: str) -> None:
        values = ValueFilter(program.mark)
        try:
            value = unattended.run(_boards[name], code, program, values, lambda text: said.put((name, text)), _WAY_OUT)
            if value is not None:
                said.put((name, value + "\n"))
        except DeviceError as error:
            failed[name] = (error.name, error.message, error.traceback)
        except KeyError:
            failed[name] = ("NotConnected", "its engine does not have this board: run %fleet again", "")
        except Exception as error:  # one board's fault is told for that board
            failed[name] = (type(error).__name__, error_text(error), "")
        finally:
            said.put((name, None))

    # An exception could come anywhere, also while a thread is started, and would leave boards running.
    before = signal.signal(signal.SIGINT, lambda *_: said.put(None))
    try:
        _tell_begun()
        for name in names:
            if name in _boards:
                _boards[name].go_on()  # a Stop that came as its last cell ended
            threading.Thread(target=work, args=(name,), daemon=True).start()
        while running:
            piece = said.get()
            if piece is None:  # Stop in the notebook
                for name in running & _boards.keys():
                    _boards[name].stop()
            elif piece[1] is None:
                running.discard(piece[0])
            else:
                print(json.dumps(piece), flush=True)
    finally:
        signal.signal(signal.SIGINT, before)
    return failed


def _tell_begun() -> None:
    """Say that Stop is heard from now on, where this is an engine of a cluster."""
    from ipyparallel.datapub import publish_data
    from ipyparallel.engine.kernel import IPythonParallelKernel

    if IPythonParallelKernel.initialized():
        publish_data(BEGUN)


def _all_at_once(actions: list[Any]) -> None:
    threads = [threading.Thread(target=action, daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- kernels ---------------------------------------------------------------------------------------------------------


def start_kernel(name: str, module: str, kind: str, environment: dict[str, str], variables: dict[str, Any]) -> None:
    """Make a MetaKernel kernel in this engine, in place of one of that name.

    Args:
        name: what ``%px -k`` calls it.
        module: where its class is.
        kind: the class.
        environment: variables for this process.
        variables: names that the kernel's language gets, where it can take them now.
    """
    import os

    os.environ.update(environment)
    if (before := _kernels.pop(name, None)) is not None and hasattr(before, "disconnect"):
        before.disconnect()
    kernel = getattr(import_module(module), kind)()
    # It has no front end. Its messages become this engine's output, which the notebook gets while the code runs.
    kernel.send_response = _say
    _kernels[name] = kernel
    for variable, value in variables.items():
        kernel.set_variable(variable, value)


def execute(name: str, code: str) -> tuple[str, str, list[str]] | None:
    """Run a cell, with its magics, in a kernel of this engine.

    Returns:
        None, or the name, the message and the traceback of the error that ended it.

    Raises:
        KeyError: there is no such kernel.
    """
    if name not in _kernels:
        raise KeyError(f"this engine has no kernel {name}: run %parallel again")
    # A MetaKernel cell waits for nothing but itself, so it ends in one go, without the engine's event loop.
    running = _kernels[name].do_execute(code, False, False)
    with _stoppable(_kernels[name]):
        try:
            running.send(None)
        except StopIteration as ended:
            reply = ended.value
        else:
            running.close()
            raise RuntimeError("this kernel's cells need an event loop of their own, which an engine cannot give")
    for page in reply.get("payload") or []:  # help, which a notebook shows in its pager
        if text := page.get("data", {}).get("text/plain"):
            print(text)
    if reply.get("status") != "error":
        return None
    return str(reply["ename"]), str(reply["evalue"]), [str(line) for line in reply["traceback"]]


@contextlib.contextmanager
def _stoppable(kernel: Any) -> Iterator[None]:
    """Have Stop in the notebook end the board's program, or else what the kernel does on this host."""
    stops: SimpleQueue[bool] = SimpleQueue()
    on_host = threading.Event()

    def on_signal(*_: Any) -> None:
        # The main thread may hold any lock now: who interrupts a board must be another one.
        if on_host.is_set():
            on_host.clear()
            raise KeyboardInterrupt
        stops.put(True)

    def watch() -> None:
        while stops.get():
            device = getattr(kernel, "device", None)
            if device is None or not device.interrupt():
                on_host.set()
                interrupt_main_thread()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    before = signal.signal(signal.SIGINT, on_signal)
    try:
        _tell_begun()
        yield
    finally:
        try:
            stops.put(False)
            thread.join()
        finally:
            signal.signal(signal.SIGINT, before)


def _say(_socket: Any, kind: str, content: dict[str, Any], *_: Any, **__: Any) -> None:
    if kind == "stream":
        (sys.stderr if content["name"] == "stderr" else sys.stdout).write(content["text"])
    elif kind in ("execute_result", "display_data"):
        print(content["data"].get("text/plain", ""))
