"""Kernels inside an ipyparallel engine, for ``%px``.

An engine is an ordinary Python process on the host that the boards are plugged into.
"""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..signal_stop import SignalStop
from .stops import tell_begun

if TYPE_CHECKING:
    from collections.abc import Iterator

_kernels: dict[str, Any] = {}


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

    def stop() -> None:
        device = getattr(kernel, "device", None)
        if device is None or not device.interrupt():
            stops.interrupt_host()

    stops = SignalStop(stop)
    try:
        with stops:
            stops.begin()
            try:
                tell_begun()
                yield
            finally:
                stops.finish()
    finally:
        stops.end()


def _say(_socket: Any, kind: str, content: dict[str, Any], *_: Any, **__: Any) -> None:
    if kind == "stream":
        (sys.stderr if content["name"] == "stderr" else sys.stdout).write(content["text"])
    elif kind in ("execute_result", "display_data"):
        print(content["data"].get("text/plain", ""))
