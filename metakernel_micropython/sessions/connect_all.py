"""Connecting every board that is plugged in, at the same time."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING

from ..errors import ConnectError, MicroPythonError
from ..transports.port_scan import natural
from ..transports.usb_ids import Likelihood
from .first_board import devices
from .registry import is_name, same_device, short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..transports.port_info import PortInfo

NUMBER = "{n}"
"""Stands for a board's number in the names that a person wants."""

_LOOK = 0.1


def likely_boards(ports: Iterable[PortInfo]) -> list[str]:
    """Return the ports that likely lead to a board, one of each device, in the order of their names."""
    likely = devices(port for port in ports if port.likelihood >= Likelihood.BRIDGE)
    return sorted((port.device for port in likely), key=natural)


def names_for(ports: Sequence[str], pattern: str, taken: Iterable[str]) -> list[str]:
    """Return a name for each port.

    Args:
        ports: the ports.
        pattern: a name with ``{n}`` in it, which is the number; ``""``: the ports give the names.
        taken: names that boards have already.

    Raises:
        ConnectError: the pattern gives no names.
    """
    used = set(taken)
    found = []
    if pattern and (NUMBER not in pattern or not is_name(pattern.replace(NUMBER, "1"))):
        raise ConnectError(
            f'"{pattern}" gives no name for each board: write {{n}} where its number goes, as in --name desk{{n}}. '
            'Names have letters, digits, "_", "-" and ".", and begin with a letter.'
        )
    for port in ports:
        base, number = short_name(port), 1
        name = pattern.replace(NUMBER, "1") if pattern else base
        while name in used:
            number += 1
            name = pattern.replace(NUMBER, str(number)) if pattern else f"{base}-{number}"
        used.add(name)
        found.append(name)
    return found


def not_connected(ports: Iterable[str], connected: Iterable[str]) -> list[str]:
    """Return the ports that no board is connected on."""
    connected = list(connected)
    return [port for port in ports if not any(same_device(port, address) for address in connected)]


def at_once(
    connecting: dict[str, Callable[[], object]], give_up: Callable[[], object]
) -> dict[str, MicroPythonError | None]:
    """Connect to several boards at the same time.

    Args:
        connecting: what connects to each, by its name.
        give_up: called where Stop comes meanwhile; frees what gets connected yet.

    Returns:
        For each board why it failed; None where it did not.

    Raises:
        KeyboardInterrupt: Stop came.
    """
    failed: dict[str, MicroPythonError | None] = {}

    def connect(name: str, action: Callable[[], object]) -> None:
        try:
            action()
        except MicroPythonError as error:
            failed[name] = error
        except BaseException as error:  # one board's fault is told for that board
            failed[name] = ConnectError(f"{type(error).__name__}: {error}")
        else:
            failed[name] = None

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(connect, *item), daemon=True)
        for item in connecting.items()
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK)  # a signal is only heard between two of them on Windows
    except KeyboardInterrupt:
        give_up()
        raise
    return {name: failed[name] for name in connecting}
