"""What ``%fleet`` shows of a fleet, and what it tells the engines of this notebook."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..host.paths import counted, human
from ..transports.port_scan import natural

if TYPE_CHECKING:
    from .client import Fleet

_FIRMWARE = 48  # characters


def notebook_of(kernel: type) -> dict[str, Any]:
    """Return who this notebook is, for engines on other hosts (see ``engine.own``).

    Args:
        kernel: the class of its kernel; engines make some of their own.
    """
    import psutil

    name = Path(os.environ.get("JPY_SESSION_NAME", "")).name
    return {
        "user": secrets.token_hex(8),
        "module": kernel.__module__,
        "class": kernel.__name__,
        "title": f"The notebook {name}" if name else f"Another notebook or console (process {os.getpid()})",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }


def listing(fleet: Fleet) -> str:
    """Return a table of the boards, with how many there are above it."""
    members = sorted(fleet.members.values(), key=lambda one: natural(one.name))
    hosts = sorted({one.host for one in members})
    engines = len(fleet.client.ids)
    rows = [("host", "board", "firmware", "free", "state")]
    for one in members:
        firmware = one.banner.removeprefix("MicroPython ")
        if len(firmware) > _FIRMWARE:
            firmware = firmware[: _FIRMWARE - 1] + "…"
        free = human(one.free) if one.free is not None else "?"
        rows.append((one.host, one.name, firmware, free, one.state))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    head = f"{counted(len(members), 'board')}, {counted(engines, 'engine')}, {counted(len(hosts), 'host')}"
    return "\n".join([head, *lines])
