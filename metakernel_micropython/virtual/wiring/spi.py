"""An SPI bus: whoever is selected takes part in a transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from metakernel_micropython.virtual.wiring.devices import SPIDevice


class SPIBus:
    """A bus and what is connected to it; the circuit's lock is held whenever it is called.

    Args:
        ask: calls a method of a device, and returns a default where it fails.
    """

    def __init__(self, ask: Callable[..., object]) -> None:
        self._ask = ask
        self._devices: list[SPIDevice] = []
        self._selected: list[SPIDevice] = []

    def connect(self, device: SPIDevice) -> Callable[[], None]:
        """Connect a device that is not selected."""
        self._devices.append(device)

        def undo() -> None:
            for devices in (self._devices, self._selected):
                if device in devices:
                    devices.remove(device)

        return undo

    def select(self, device: SPIDevice, *, selected: bool) -> None:
        """A device's chip select has this state now."""
        if device not in self._devices or selected == (device in self._selected):
            return
        if selected:
            self._selected.append(device)
        else:
            self._selected.remove(device)
        self._ask(None, lambda: device.select(selected=selected))

    def transfer(self, data: bytes) -> bytes:
        """Send bytes and return as many; zeros where nobody answers, as RP2 pulls its pins down.

        Where several are selected they short each other: it is low where one of them is.
        """
        answer: bytes | None = None
        for device in tuple(self._selected):
            given = self._ask(b"", device.transfer, data)
            one = (given if isinstance(given, (bytes, bytearray)) else b"").ljust(len(data), b"\0")[: len(data)]
            answer = bytes(one) if answer is None else bytes(a & b for a, b in zip(answer, one, strict=True))
        return bytes(len(data)) if answer is None else answer
