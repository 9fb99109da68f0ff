"""Every request gets a reply: without one, a front end waits for ever.

ipykernel logs what a handler raises and answers nothing. A reply that cannot be sent (half of a surrogate pair in it)
is such a case, too.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ipykernel.kernelbase import Kernel

# What a front end expects in a reply of each kind, also in one that tells of an error.
# https://jupyter-client.readthedocs.io/en/stable/messaging.html
_NOTHING: dict[str, dict[str, Any]] = {
    "complete": {"matches": [], "metadata": {}},
    "inspect": {"found": False, "data": {}, "metadata": {}},
    "history": {"history": []},
    "execute": {"payload": [], "user_expressions": {}},
    "comm_info": {"comms": {}},
}

_NEED_THE_BOARD = ("execute", "complete", "inspect")  # which has one prompt, and answers one at a time

_WITHOUT_ERROR = {"is_complete": {"status": "unknown"}}  # its status has other words


class NotSupported(Exception):
    """The kernel does not do this."""


def answer_always(kernel: Kernel) -> None:
    """Have each handler of requests answer with an error what it fails to answer otherwise."""
    for handlers in (kernel.shell_handlers, kernel.control_handlers):
        for kind, handler in handlers.items():
            if kind.endswith("_request"):
                handlers[kind] = _answering(kernel, handler, kind.removesuffix("_request"))


def _answering(kernel: Kernel, handler: Callable[..., Any], kind: str) -> Callable[..., Any]:
    async def handle(stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        try:
            # ipykernel returns without a reply where these are missing.
            if kind == "execute" and not isinstance(parent["content"]["code"], str):
                raise TypeError("The code of a cell must be text.")
            if kind in _NEED_THE_BOARD and parent["header"].get("subshell_id"):
                raise NotSupported("A board runs one thing at a time: subshells are for widgets alone.")
            result = handler(stream, ident, parent)
            if inspect.isawaitable(result):
                await result
        except BaseException as error:
            content = _WITHOUT_ERROR.get(kind) or _told(kernel, kind, parent, error)
            if kernel.session is not None:
                kernel.session.send(stream, f"{kind}_reply", content, parent, ident=ident)
            raise  # ipykernel logs it

    return handle


def _told(kernel: Kernel, kind: str, parent: dict[str, Any], error: BaseException) -> dict[str, Any]:
    """Return the content of a reply that tells of an error."""
    text = f"{error}".encode("utf-8", "backslashreplace").decode()
    name = type(error).__name__
    told: dict[str, Any] = {"status": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}
    told |= _NOTHING.get(kind, {})
    if kind == "complete":
        cursor = parent["content"].get("cursor_pos", 0) if isinstance(parent["content"], dict) else 0
        told |= {"cursor_start": cursor, "cursor_end": cursor}
    elif kind == "execute":
        told["execution_count"] = kernel.execution_count
    return told
