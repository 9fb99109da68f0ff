"""An I2C device that is a row of registers, as most sensors are: the first byte written names one, the rest follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metakernel_micropython.virtual.parts.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metakernel_micropython.virtual.circuit import I2CDevice


def check_address(address: int) -> int:
    """Return an address of 7 bits.

    Raises:
        ValueError: it is none, or one that the I2C specification reserves.
    """
    if not 0x08 <= address <= 0x77:
        raise ValueError(f"the address {address:#x} is not between 0x08 and 0x77")
    return address


class I2CPart(Part):
    """A part on an I2C bus, with the options ``i2c`` and ``address``."""

    def connect(self, device: I2CDevice) -> None:
        """Put a device on the bus that was chosen.

        Raises:
            ValueError: another one has its address, or it is none.
        """
        self.keep(self.circuit.connect_i2c(int(self.chosen["i2c"]), check_address(int(self.chosen["address"])), device))


class RegisterPart(I2CPart):
    """A part with registers of a byte each; reading and writing several goes on with the next one.

    Attributes:
        registers: all 256.
    """

    reset_values: Mapping[int, int] = {}
    """What registers hold after power on; the others 0."""

    def attach(self) -> None:
        """Power on, and put it on the bus."""
        self.registers = bytearray(256)
        self._pointer = 0
        self._named = False  # whether the register was named in this transfer
        self.reset()
        self.connect(self)

    def reset(self) -> None:
        """Put all registers to what they hold after power on."""
        self.registers[:] = bytes(256)
        for register, value in self.reset_values.items():
            self.registers[register] = value

    # -- what the bus calls --------------------------------------------------------------------------------------

    def start(self, *, reads: bool) -> bool:
        """It is addressed: the next byte written names a register."""
        self._named = False
        return True

    def write(self, data: bytes) -> int:
        """Take the number of a register and what to write there."""
        for byte in data:
            if self._named:
                self.written(self._pointer, byte)
                self._pointer = self.after_write(self._pointer)
            else:
                self._pointer = byte
                self._named = True
        return len(data)

    def read(self, size: int) -> bytes:
        """Give registers one after the other."""
        self.measure()
        data = bytearray()
        for _ in range(size):
            data.append(self.registers[self._pointer])
            self._pointer = (self._pointer + 1) & 0xFF
        return bytes(data)

    def stop(self) -> None:
        """The transfer has ended; the register stays named for a read that follows."""

    # -- what a part adds ----------------------------------------------------------------------------------------

    def written(self, register: int, value: int) -> None:
        """Take a byte for a register; by default none can be written."""

    def after_write(self, register: int) -> int:
        """Return the register that the next byte written is for."""
        return (register + 1) & 0xFF

    def measure(self) -> None:
        """Bring the registers that tell measurements up to date: they are read now."""
