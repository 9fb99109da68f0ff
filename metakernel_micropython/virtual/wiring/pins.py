"""The levels on the pins: what the program drives, what is held from outside, what pulls; and PWM.

The firmware keeps a cell of some bytes for each pin in the interpreter's memory (``rom/_machine/pin.py``), so that a
program which sets a pin does not have to call its host. Of a cell, the program and its host write different bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

# The bytes of a cell. The host writes INPUT and NOTICE, the firmware the others.
LEVEL, INPUT, MODE, NOTICE, PULL, EDGES = range(6)
SIZE = 6

WATCHED, HANDLED = 1, 2
"""Bits of NOTICE: the host wants to hear of changes; the program has a handler for edges."""

_OUT, _OPEN_DRAIN, _ALT = 1, 2, 3
_PULL_UP = 1
FALLING, RISING = 4, 8
"""The edges, as RP2 numbers them."""


class Bytes(Protocol):
    """The interpreter's memory."""

    def read(self, address: int, size: int) -> bytes:
        """Return a copy."""

    def write(self, address: int, data: bytes) -> None:
        """Puts the bytes there."""

    def view(self, address: int, size: int) -> memoryview:
        """Return the bytes themselves."""


class Seen(NamedTuple):
    """What there is to see of a pin.

    Attributes:
        mode: 0 for an input, 1 for an output, 2 for an open drain, 3 for what a function such as PWM has.
        level: 0 or 1.
        pull: 0 for none, 1 up, 2 down.
        hertz: of its PWM; 0 for none.
        duty: of that, 0 to 1.
    """

    mode: int
    level: int
    pull: int
    hertz: int
    duty: float


class Cells:
    """The firmware's cells.

    Args:
        memory: where they are.
        address: of the first one.
        count: how many there are.
    """

    def __init__(self, memory: Bytes, address: int, count: int) -> None:
        self._bytes = memory.view(address, SIZE * count)
        self.count = count

    def of(self, pin: int) -> memoryview:
        """Return a pin's cell, to read and to write in."""
        return self._bytes[SIZE * pin : SIZE * pin + SIZE]


_AFTER_RESET = memoryview(bytes(SIZE))


class _Watcher:
    """Somebody who wants to know of a pin.

    Args:
        look: what of it.
        changed: called with what that is now.
    """

    def __init__(self, look: Callable[[int], int | None], changed: Callable[..., None]) -> None:
        self.look = look
        self.changed = changed
        self.known: int | None = None


class Pins:
    """The pins of a board; the circuit's lock is held whenever it is called.

    Args:
        tell: calls a callback of a part.
        note: something that people see has changed.
    """

    def __init__(self, tell: Callable[..., object], note: Callable[[], None]) -> None:
        self._tell = tell
        self._note = note
        self._cells: Cells | None = None
        self._post: Callable[[str], None] | None = None
        self._used: set[int] = set()
        self._outside: dict[int, int] = {}
        self._watchers: dict[int, list[_Watcher]] = {}
        self._pwm: dict[int, tuple[int, float]] = {}
        self._pwm_watchers: dict[int, list[Callable[[int, float], None]]] = {}

    # -- the lives of the interpreter ------------------------------------------------------------------------------

    def begin(self, cells: Cells, post: Callable[[str], None]) -> None:
        """The firmware has its cells.

        Args:
            cells: all zero.
            post: gives the firmware an event.
        """
        self._cells, self._post = cells, post
        for pin in {*self._outside, *self._watchers}:
            self.refresh(pin)

    def end(self) -> None:
        """The board resets: all pins are inputs, and their memory is gone."""
        self._cells = self._post = None
        self._used.clear()
        for pin in list(self._pwm):
            self.set_pwm(pin, 0, 0.0)
        for pin in list(self._watchers):
            self._tell_watchers(pin)

    # -- levels ----------------------------------------------------------------------------------------------------

    def _cell(self, pin: int) -> memoryview:
        cells = self._cells
        return cells.of(pin) if cells and pin < cells.count else _AFTER_RESET

    def level(self, pin: int) -> int:
        """Return the level on a pin."""
        driven = self.driven(pin)
        return self._input(pin) if driven is None else driven

    def driven(self, pin: int) -> int | None:
        """Return the level that the program drives; None where the pin is an input, or is let go of."""
        cell = self._cell(pin)
        mode = cell[MODE]
        if mode == _OUT or (mode == _OPEN_DRAIN and not cell[LEVEL]):
            return cell[LEVEL]
        return None

    def held(self, pin: int) -> int | None:
        """Return the level that the program drives, or that is held from outside; None where nothing but a pull is."""
        driven = self.driven(pin)
        return self._outside.get(pin) if driven is None else driven

    def look(self, pin: int) -> Seen:
        """Return what there is to see of a pin."""
        cell = self._cell(pin)
        return Seen(cell[MODE], self.level(pin), cell[PULL], *self._pwm.get(pin, (0, 0.0)))

    def used(self) -> set[int]:
        """Return the pins that the program has used since the reset."""
        return set(self._used)

    def use(self, pin: int) -> None:
        """The program has set a pin up, or reads a voltage on it."""
        self._used.add(pin)

    def _input(self, pin: int) -> int:
        outside = self._outside.get(pin)
        return int(self._cell(pin)[PULL] == _PULL_UP) if outside is None else outside

    def drive(self, pin: int, level: int | None) -> None:
        """Hold a pin from outside, or let go of it."""
        before = self.level(pin)
        if level is None:
            self._outside.pop(pin, None)
        else:
            self._outside[pin] = int(bool(level))
        self.refresh(pin)
        now = self.level(pin)
        edge = RISING if now else FALLING
        if self._post and now != before and self._cell(pin)[EDGES] & edge:
            self._post(f"pin {pin} {edge}")

    def refresh(self, pin: int) -> None:
        """Put into a pin's cell what the firmware reads, and tell its watchers: something about it is new."""
        cells = self._cells
        if cells and pin < cells.count:
            cell = cells.of(pin)
            cell[INPUT] = self._input(pin)
            cell[NOTICE] = (WATCHED if pin in self._watchers else 0) | (HANDLED if cell[EDGES] else 0)
            if pin in self._pwm and cell[MODE] != _ALT:
                self.set_pwm(pin, 0, 0.0)
        self._tell_watchers(pin)

    def _tell_watchers(self, pin: int) -> None:
        for watcher in tuple(self._watchers.get(pin, ())):
            now = watcher.look(pin)
            if now != watcher.known:
                watcher.known = now
                self._tell(watcher.changed, now)
                self._note()

    def watch(self, pin: int, changed: Callable[[int], None]) -> Callable[[], None]:
        """Have the level on a pin told whenever it changes, and now."""
        return self._watch(pin, _Watcher(self.level, changed))

    def watch_held(self, pin: int, changed: Callable[[int | None], None]) -> Callable[[], None]:
        """Have the level told that a pin is held at (see `held`), whenever it changes, and now."""
        return self._watch(pin, _Watcher(self.held, changed))

    def _watch(self, pin: int, watcher: _Watcher) -> Callable[[], None]:
        watchers = self._watchers.setdefault(pin, [])
        watcher.known = watcher.look(pin)
        watchers.append(watcher)
        self.refresh(pin)
        self._tell(watcher.changed, watcher.known)

        def undo() -> None:
            if watcher in watchers:
                watchers.remove(watcher)
                if not watchers and self._watchers.get(pin) is watchers:
                    del self._watchers[pin]
                self.refresh(pin)

        return undo

    # -- PWM -------------------------------------------------------------------------------------------------------

    def set_pwm(self, pin: int, frequency: int, duty: float) -> None:
        """A pin's PWM is so now; it has ended where the frequency is 0."""
        now = (frequency, duty if frequency else 0.0)
        if now == self._pwm.get(pin, (0, 0.0)):
            return
        if frequency:
            self._pwm[pin] = now
        else:
            self._pwm.pop(pin, None)
        if watchers := self._pwm_watchers.get(pin):
            for changed in tuple(watchers):
                self._tell(changed, *now)
            self._note()

    def watch_pwm(self, pin: int, changed: Callable[[int, float], None]) -> Callable[[], None]:
        """Have a pin's PWM told whenever it changes, and now."""
        watchers = self._pwm_watchers.setdefault(pin, [])
        watchers.append(changed)
        self._tell(changed, *self._pwm.get(pin, (0, 0.0)))

        def undo() -> None:
            if changed in watchers:
                watchers.remove(changed)

        return undo
