"""The address ``auto``: the first of the serial ports on which a board answers, the likeliest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..errors import Advice, ConnectError, MicroPythonError
from ..transports import last_board, port_scan

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def first_answer(connect: Callable[[str], T]) -> tuple[T, list[tuple[str, str | MicroPythonError]]]:
    """Connect to the first board that answers; it is tried first the next time.

    Args:
        connect: connects to the board on a port.

    Returns:
        What ``connect`` returned, and the other ports, each with why it was left.

    Raises:
        ConnectError: there is no port, or no board answers.
    """
    ports = port_scan.candidates(last_board.last())
    if not ports:
        raise ConnectError("No board was found: no USB serial port is there.", Advice.PLUG_IN)
    considered: list[tuple[str, str | MicroPythonError]] = []
    for position, port in enumerate(ports):
        try:
            found = connect(port.device)
        except MicroPythonError as error:
            # A new one: that which was raised keeps the line and its threads alive with its traceback.
            considered.append((port.device, error.turned_into(ConnectError)))
            continue
        considered += [(other.device, "not tried") for other in ports[position + 1 :]]
        last_board.remember(port)
        return found, considered
    raise ConnectError(f"No board answered on the {len(considered)} serial ports that are there:", reasons=considered)
