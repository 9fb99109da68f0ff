"""What a device on a bus of the virtual board has to be."""

from __future__ import annotations

from typing import Protocol


class I2CDevice(Protocol):
    """A device with an address on an I2C bus."""

    def start(self, *, reads: bool) -> bool:
        """The device is addressed, anew also within a transfer; tell whether it acknowledges."""

    def write(self, data: bytes) -> int:
        """Takes bytes, and returns how many of them it acknowledged."""

    def read(self, size: int) -> bytes:
        """Gives so many bytes."""

    def stop(self) -> None:
        """The transfer has ended."""


class SPIDevice(Protocol):
    """A device on an SPI bus, while its chip select is low."""

    def select(self, *, selected: bool) -> None:
        """The level of chip select has changed."""

    def transfer(self, data: bytes) -> bytes:
        """Takes bytes, and gives as many."""


class OneWireDevice(Protocol):
    """A device on a 1-Wire bus, once it is addressed. The bus deals with reset, search, match and skip itself.

    One that has an attribute ``alarm`` (bool) answers an alarm search while that is true.

    Attributes:
        rom: its 8 bytes: family, serial number, check sum (see ``wiring.onewire.rom_code``).
    """

    rom: bytes

    def reset(self) -> None:
        """The bus was reset."""

    def write(self, byte: int) -> None:
        """Takes a byte: a function command, or what belongs to it."""

    def read(self) -> int:
        """Gives a byte; 0xff where it has nothing to say."""


class SerialDevice(Protocol):
    """A device on a UART."""

    def receive(self, data: bytes, baud: int) -> None:
        """Takes what the board has sent."""
