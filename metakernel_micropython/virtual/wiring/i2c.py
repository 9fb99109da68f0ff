"""An I2C bus: who is addressed, and who acknowledges (NXP UM10204, "I2C-bus specification")."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from metakernel_micropython.virtual.wiring.devices import I2CDevice

FIRST_ADDRESS, LAST_ADDRESS = 0x08, 0x77
"""Those that devices may have: the others are reserved (UM10204, 3.1.12)."""


class Write(NamedTuple):
    """Bytes that the board sends."""

    data: bytes


class Read(NamedTuple):
    """Bytes that the board wants: how many, and where they go."""

    size: int
    take: Callable[[bytes], None]


class I2CBus:
    """A bus and what is connected to it; the circuit's lock is held whenever it is called.

    Args:
        ask: calls a method of a device, and returns a default where it fails.
    """

    def __init__(self, ask: Callable[..., object]) -> None:
        self._ask = ask
        self._devices: dict[int, I2CDevice] = {}
        self._addressed: I2CDevice | None = None
        self._address_follows = False

    def connect(self, address: int, device: I2CDevice) -> Callable[[], None]:
        """Connect a device.

        Raises:
            ValueError: it cannot have that address.
        """
        if not FIRST_ADDRESS <= address <= LAST_ADDRESS:
            raise ValueError(f"{address:#x} is no address of a device: they are from 0x08 to 0x77")
        if address in self._devices:
            raise ValueError(f"there is a device with the address {address:#x} on this bus already")
        self._devices[address] = device

        def undo() -> None:
            if self._devices.get(address) is device:
                del self._devices[address]
                if self._addressed is device:
                    self._addressed = None

        return undo

    def scan(self) -> bytes:
        """Return the addresses of all that acknowledge."""
        found = []
        for address in sorted(self._devices):
            if self._begin(address, reads=False):
                found.append(address)
            self.stop()
        return bytes(found)

    def transfer(self, address: int, steps: Iterable[Write | Read], *, stop: bool) -> int | None:
        """Carry out a transfer: one start for each change of the direction.

        Args:
            address: 7 bits.
            steps: what is written and read.
            stop: whether the bus is free after it; else the next one begins with a repeated start.

        Returns:
            How many of the written bytes were acknowledged; None where nobody acknowledged the address.
        """
        acknowledged = 0
        reads: bool | None = None
        for step in steps:
            now_reads = isinstance(step, Read)
            if now_reads is not reads:
                reads = now_reads
                if not self._begin(address, reads=reads):
                    self.stop()
                    return None
            if isinstance(step, Read):
                step.take(self.read(step.size))
                continue
            taken = self._write(step.data)
            acknowledged += taken
            if taken < len(step.data):
                self.stop()
                return acknowledged
        if stop:
            self.stop()
        return acknowledged

    # -- single conditions and bytes, as a program sends them that makes the bus by itself --------------------------

    def start(self) -> None:
        """A start condition: the next byte is an address."""
        self._address_follows = True

    def stop(self) -> None:
        """A stop condition."""
        self._address_follows = False
        addressed, self._addressed = self._addressed, None
        if addressed is not None:
            self._ask(None, addressed.stop)

    def write(self, data: bytes) -> int:
        """Send bytes; return how many were acknowledged."""
        count = 0
        if self._address_follows and data:
            self._address_follows = False
            if not self._begin(data[0] >> 1, reads=bool(data[0] & 1)):
                return 0
            data, count = data[1:], 1
        return count + self._write(data)

    def read(self, size: int) -> bytes:
        """Read bytes: the pull-ups are read where nobody sends."""
        data = self._ask(b"", self._addressed.read, size) if self._addressed is not None else b""
        return (bytes(data) if isinstance(data, (bytes, bytearray)) else b"").ljust(size, b"\xff")[:size]

    def _begin(self, address: int, *, reads: bool) -> bool:
        device = self._devices.get(address)
        before = self._addressed
        if before is not None and before is not device:
            self._ask(None, before.stop)
        self._addressed = device
        self._address_follows = False
        return device is not None and bool(self._ask(False, lambda: device.start(reads=reads)))

    def _write(self, data: bytes) -> int:
        if self._addressed is None or not data:
            return 0
        taken = self._ask(0, self._addressed.write, data)
        return max(0, min(taken, len(data))) if isinstance(taken, int) else 0
