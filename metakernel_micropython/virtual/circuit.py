"""What is connected to the virtual board's pins: levels, voltages, and the devices on its buses.

A circuit stays as it is while the board resets. Parts (``parts.part``) speak to it, and so does what the firmware calls
(``hardware``). Callbacks run on whichever thread changes something, with the circuit's lock held: they are short, and
must not wait.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from typing import TypeVar

from metakernel_micropython.virtual.wiring.devices import I2CDevice, OneWireDevice, SerialDevice, SPIDevice
from metakernel_micropython.virtual.wiring.i2c import I2CBus
from metakernel_micropython.virtual.wiring.onewire import OneWireBus
from metakernel_micropython.virtual.wiring.pinout import PICO, Pinout
from metakernel_micropython.virtual.wiring.pins import Cells, Pins
from metakernel_micropython.virtual.wiring.spi import SPIBus
from metakernel_micropython.virtual.wiring.uart import Uart

__all__ = ["Circuit", "I2CDevice", "OneWireDevice", "SPIDevice", "SerialDevice", "Undo"]

Undo = Callable[[], None]
"""What takes a connection away again."""


_Callback = TypeVar("_Callback", bound=Callable[..., object])


class Circuit:
    """The connections of one board.

    Args:
        pinout: which pins belong to which buses.

    Attributes:
        lock: guards all of it, and the state of the parts.
        changed: notified, with the lock held, whenever a level, a duty, a colour, or what a part holds has changed.
        serial: counts these changes.
        pinout: which pins belong to which buses.
        failed: called with the lock held and the error, where a callback or a device fails; the board goes on without
            an answer. By default it prints the error.
        pins: the levels; for the firmware's calls (``wiring.calls``), as the buses are.
    """

    def __init__(self, pinout: Pinout = PICO) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.serial = 0
        self.pinout = pinout
        self.failed: Callable[[Exception], None] = _print_error
        self.pins = Pins(lambda callback, *values: self._ask(None, callback, *values), self.note)
        self._listeners: list[Callable[[], None]] = []
        self._voltages: dict[int, list[Callable[[], float]]] = {}
        self._i2c: dict[int, I2CBus] = {}
        self._spi: dict[int, SPIBus] = {}
        self._uarts: dict[int, Uart] = {}
        self._onewire: dict[int, OneWireBus] = {}
        self._bitstreams: dict[int, list[Callable[[bytes], None]]] = {}
        self._dht: dict[int, list[Callable[[], bytes]]] = {}

    def note(self) -> None:
        """Something that people see has changed."""
        with self.lock:
            self.serial += 1
            self.changed.notify_all()
            for listener in tuple(self._listeners):
                self._ask(None, listener)

    def listen(self, changed: Callable[[], None]) -> Undo:
        """Have a function called with the lock held whenever `note` is."""
        with self.lock:
            self._listeners.append(changed)

        def undo() -> None:
            if changed in self._listeners:
                self._listeners.remove(changed)

        return self._locked(undo)

    # -- pins --------------------------------------------------------------------------------------------------------

    def drive(self, pin: int, level: int | None) -> None:
        """Hold a pin at a level from outside; None lets go of it. An ``irq`` of the program sees the edge."""
        with self.lock:
            self.pins.drive(self._pin(pin), level)

    def level(self, pin: int) -> int:
        """Return the level that is on a pin: what the program drives, what is held from outside, or what pulls."""
        with self.lock:
            return self.pins.level(self._pin(pin))

    def driven(self, pin: int) -> int | None:
        """Return the level that the program drives; None where the pin is an input, or an open drain that is let go."""
        with self.lock:
            return self.pins.driven(self._pin(pin))

    def watch(self, pin: int, changed: Callable[[int], None]) -> Undo:
        """Have the level on a pin told at once whenever the program or something outside changes it, and now."""
        with self.lock:
            return self._locked(self.pins.watch(self._pin(pin), changed))

    def watch_pwm(self, pin: int, changed: Callable[[int, float], None]) -> Undo:
        """Have the frequency (hertz, 0 for none) and the duty (0 to 1) of a pin's PWM told, and the present ones."""
        with self.lock:
            return self._locked(self.pins.watch_pwm(self._pin(pin), changed))

    def voltage(self, pin: int, volts: Callable[[], float]) -> Undo:
        """Give what an ADC reads on a pin, 0 to 3.3 volts.

        Raises:
            ValueError: no ADC can read that pin.
        """
        analog = self.pinout.analog
        if pin not in analog:
            raise ValueError(f"no ADC can read pin {pin}: those that can be read are {', '.join(map(str, analog))}")
        return self._append(self._voltages, pin, volts)

    # -- buses -------------------------------------------------------------------------------------------------------

    def connect_i2c(self, bus: int, address: int, device: I2CDevice) -> Undo:
        """Connect a device to an I2C bus.

        Raises:
            ValueError: another one has that address, or there is no such bus.
        """
        with self.lock:
            self._has("i2c", bus)
            return self._locked(self.i2c(bus).connect(address, device))

    def connect_spi(self, bus: int, chip_select: int, device: SPIDevice) -> Undo:
        """Connect a device to an SPI bus, with a pin that selects it while it is held low."""
        with self.lock:
            self._has("spi", bus)
            pin, spi = self._pin(chip_select), self.spi(bus)
            disconnect = spi.connect(device)
            # The level alone does not tell: an input that nothing holds is no chip select.
            unwatch = self.pins.watch_held(pin, lambda level: spi.select(device, selected=level == 0))

        def undo() -> None:
            unwatch()
            disconnect()

        return self._locked(undo)

    def connect_onewire(self, pin: int, device: OneWireDevice) -> Undo:
        """Connect a device to a 1-Wire bus on a pin.

        Raises:
            ValueError: its ROM is none, or another one has it.
        """
        with self.lock:
            return self._locked(self.onewire(self._pin(pin)).connect(device))

    def connect_bitstream(self, pin: int, received: Callable[[bytes], None]) -> Undo:
        """Have the bytes told that ``machine.bitstream`` sends on a pin (NeoPixels)."""
        return self._append(self._bitstreams, pin, received)

    def connect_dht(self, pin: int, measure: Callable[[], bytes]) -> Undo:
        """Have ``machine.dht_readinto`` on a pin read these 5 bytes; it times out where they are less."""
        return self._append(self._dht, pin, measure)

    def connect_uart(self, bus: int, device: SerialDevice) -> Undo:
        """Connect a device to a UART."""
        with self.lock:
            self._has("uart", bus)
            return self._locked(self.uart(bus).connect(device))

    def send_uart(self, bus: int, data: bytes) -> None:
        """Have a UART of the board receive bytes: they are lost while no program uses it, or does not read them."""
        with self.lock:
            self._has("uart", bus)
            self.uart(bus).receive(data)

    # -- what the firmware calls, with the lock held -----------------------------------------------------------------

    def begin_life(self, cells: Cells, post: Callable[[str], None]) -> None:
        """The firmware has its pins (see ``wiring.pins``), and takes events."""
        with self.lock:
            self.pins.begin(cells, post)

    def end_life(self) -> None:
        """The board resets: its memory must not be written any more."""
        with self.lock:
            self.pins.end()
            for uart in self._uarts.values():
                uart.close()
            for i2c in self._i2c.values():
                i2c.stop()

    def i2c(self, bus: int) -> I2CBus:
        """Return an I2C bus."""
        return self._i2c.setdefault(bus, I2CBus(self._ask))

    def spi(self, bus: int) -> SPIBus:
        """Return an SPI bus."""
        return self._spi.setdefault(bus, SPIBus(self._ask))

    def uart(self, bus: int) -> Uart:
        """Return a UART."""
        return self._uarts.setdefault(bus, Uart(self._ask))

    def onewire(self, pin: int) -> OneWireBus:
        """Return the 1-Wire bus on a pin."""
        return self._onewire.setdefault(pin, OneWireBus(self._ask))

    def given_voltage(self, pin: int) -> float | None:
        """Return the volts that something outside gives a pin (see `voltage`)."""
        for volts in self._voltages.get(pin, ())[-1:]:
            found = self._ask(None, volts)
            return float(found) if isinstance(found, (int, float)) else None
        return None

    def measure_voltage(self, pin: int) -> float | None:
        """Return the volts on a pin; None where nothing gives any."""
        if self._voltages.get(pin):
            return self.given_voltage(pin)
        held = self.pins.held(pin)
        return None if held is None else 3.3 * held

    def send_bitstream(self, pin: int, data: bytes) -> None:
        """The program sends bytes on a pin."""
        for received in tuple(self._bitstreams.get(pin, ())):
            self._ask(None, received, data)

    def measure_dht(self, pin: int) -> bytes:
        """Return the 5 bytes of a sensor on a pin; none where it does not answer."""
        for measure in self._dht.get(pin, ())[-1:]:
            found = self._ask(b"", measure)
            if isinstance(found, (bytes, bytearray)) and len(found) == 5:
                return bytes(found)
        return b""

    # ----------------------------------------------------------------------------------------------------------------

    def _ask(self, default: object, call: Callable[..., object], *values: object) -> object:
        """Call what belongs to a part: an error in it must not end the board."""
        try:
            return call(*values)
        except Exception as error:
            self.failed(error)
            return default

    def _pin(self, pin: int) -> int:
        if not 0 <= pin < self.pinout.pins:
            raise ValueError(f"there is no pin {pin}: they are 0 to {self.pinout.pins - 1}")
        return pin

    def _has(self, kind: str, bus: int) -> None:
        buses = self.pinout.buses[kind]
        if bus not in buses:
            raise ValueError(f"there is no {kind.upper()} {bus}: there are {', '.join(map(str, buses))}")

    def _append(self, table: dict[int, list[_Callback]], pin: int, callback: _Callback) -> Undo:
        with self.lock:
            callbacks = table.setdefault(self._pin(pin), [])
            callbacks.append(callback)

        def undo() -> None:
            if callback in callbacks:
                callbacks.remove(callback)

        return self._locked(undo)

    def _locked(self, undo: Callable[[], None]) -> Undo:
        def locked() -> None:
            with self.lock:
                undo()

        return locked


def _print_error(error: Exception) -> None:
    if sys.stderr is not None:
        traceback.print_exception(error)
