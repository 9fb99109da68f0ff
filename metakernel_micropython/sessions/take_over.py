"""Taking a board from another kernel of the same user: that kernel is asked over its control channel to let go.

The request is signed with the key in the other kernel's connection file, which only its user can read.
"""

from __future__ import annotations

import time
from queue import Empty
from typing import TYPE_CHECKING, Any

from ..errors import ConnectError

if TYPE_CHECKING:
    from .kernel_notes import KernelNote

REQUEST = "micropython_release"
"""The message is called so, with ``_request`` or ``_reply`` behind it."""

PATIENCE = 10.0
"""Seconds that the other kernel has: closing a line to a board that does not listen takes a while."""


def ask_to_release(holder: KernelNote, device: str, address: str, by: str) -> None:
    """Have another kernel free a board's line.

    Args:
        holder: its note.
        device: the port that it holds; ``""`` for none.
        address: what a person typed for it here.
        by: who takes it, for the person at the other notebook.

    Raises:
        ConnectError: it did not; the message says what to do.
    """
    if not holder.connection_file:
        raise ConnectError(f"{holder.title} cannot be asked to let go of {address}: end it there and connect again.")
    from jupyter_client.blocking.client import BlockingKernelClient

    client = BlockingKernelClient(connection_file=holder.connection_file)
    try:
        client.load_connection_file()
    except (OSError, ValueError) as error:
        raise ConnectError(f"{holder.title} cannot be asked to let go of {address}: {error}.") from error
    client.start_channels(shell=False, iopub=False, stdin=False, hb=False, control=True)
    try:
        request = client.session.msg(f"{REQUEST}_request", {"device": device, "address": address, "by": by})
        client.control_channel.send(request)
        reply = _answer(client, request["header"]["msg_id"])
    except Empty:
        raise ConnectError(
            f"{holder.title} did not let go of {address} within {PATIENCE:g} s. Shut its kernel down, then connect."
        ) from None
    finally:
        client.stop_channels()
    if reply.get("status") != "ok":
        raise ConnectError(f"{holder.title} did not let go of {address}: {reply.get('evalue', 'it does not say why')}")


def _answer(client: Any, request: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while True:
        message = client.get_control_msg(timeout=max(0.0, deadline - time.monotonic()))
        if message["parent_header"].get("msg_id") == request:
            return dict(message["content"])
