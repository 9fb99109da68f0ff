"""A UART: what was sent to it until the program reads it, and who listens to what it sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.wiring.devices import SerialDevice


class Uart:
    """A UART of the board; the circuit's lock is held whenever it is called.

    Args:
        ask: calls a method of a device, and returns a default where it fails.

    Attributes:
        arrived: called when bytes have arrived, if the program wants to know.
    """

    def __init__(self, ask: Callable[..., object]) -> None:
        self._ask = ask
        self._devices: list[SerialDevice] = []
        self.arrived: Callable[[], None] | None = None
        self._received = bytearray()
        self._room = 0

    def connect(self, device: SerialDevice) -> Callable[[], None]:
        """Have a device hear what is sent."""
        self._devices.append(device)

        def undo() -> None:
            if device in self._devices:
                self._devices.remove(device)

        return undo

    def open(self, room: int) -> None:
        """The program uses it: so many bytes wait for it at most."""
        self._room = room
        del self._received[room:]

    def close(self) -> None:
        """The program does not use it any more."""
        self._room, self.arrived = 0, None
        self._received.clear()

    def send(self, data: bytes, baud: int) -> None:
        """The program sends."""
        for device in tuple(self._devices):
            self._ask(None, device.receive, data, baud)

    def receive(self, data: bytes) -> None:
        """Bytes arrive. Those for which there is no room are lost, and all of them while no program uses it."""
        self._received += data[: max(0, self._room - len(self._received))]
        if self.arrived and data and self._room:
            self.arrived()

    @property
    def waiting(self) -> int:
        """How many bytes wait for the program."""
        return len(self._received)

    def take(self, size: int) -> bytes:
        """Return the first bytes that wait, at most so many."""
        data = bytes(self._received[:size])
        del self._received[:size]
        return data
