"""What a part is: something on the virtual board's pins that people see and set.

A class of its own for each kind. One that is installed under the entry point group ``metakernel_micropython.parts`` can
be attached like those that come with the board.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from metakernel_micropython.virtual.circuit import Circuit

Value = bool | int | float | str
Shape = dict[str, Any]
"""Something to draw, as plain data: ``"shape"`` and what belongs to it.

======== ================================================================ =========================================
lamp     ``color`` ("#rrggbb"), ``brightness`` (0 to 1)                   a LED
strip    ``colors`` (a list of "#rrggbb")                                 NeoPixels
screen   ``width``, ``height``, ``bits`` (base64; rows of whole bytes,    a display; ``on`` false: it is dark
         the highest bit is on the left), ``on``
dial     ``degrees`` (0 to 180)                                           a servo
sound    ``hertz`` (0: silent)                                            a buzzer
text     ``text``                                                         anything else
======== ================================================================ =========================================
"""


@dataclass(frozen=True)
class Option:
    """A word of ``%attach`` behind the pins: ``--pull up``.

    Attributes:
        default: also tells the type: int (in any notation of Python's), float or str.
        help: one line.
        choices: the words that are allowed; none: all are.
    """

    default: int | float | str
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slider:
    """A number that people set.

    Attributes:
        low: the least.
        high: the greatest.
        step: of the panel's slider.
        unit: as it is written behind the number.
        default: at the beginning.
    """

    low: float
    high: float
    default: float
    step: float = 1
    unit: str = ""


@dataclass(frozen=True)
class Switch:
    """Something that is on or off.

    Attributes:
        on: words for it; the first is shown.
        off: likewise.
        default: at the beginning.
    """

    on: tuple[str, ...] = ("on",)
    off: tuple[str, ...] = ("off",)
    default: bool = False


class Part:
    """A part on the pins of the virtual board.

    Attributes:
        kind: what ``%attach`` calls it: lower case letters and digits.
        summary: one line about it.
        terminals: what it has on pins, in the order in which ``%attach`` takes their numbers.
        usual: the pins that it is on where none are named; none: they have to be.
        holds: whether it holds the levels of its pins, so that no other part that does can be on them.
        options: what else ``%attach`` takes.
        settings: what people set; the first is meant where none is named.
        name: of this one, such as ``led1``.
        circuit: what it is on.
        pins: the number of the pin of each terminal.
        chosen: the value of each option.
        values: the value of each setting.
    """

    kind: ClassVar[str]
    summary: ClassVar[str]
    terminals: ClassVar[Sequence[str]] = ()
    usual: ClassVar[Sequence[int]] = ()
    holds: ClassVar[bool] = False
    options: ClassVar[Mapping[str, Option]] = {}
    settings: ClassVar[Mapping[str, Slider | Switch]] = {}

    def __init__(self, name: str, circuit: Circuit, pins: Mapping[str, int], chosen: Mapping[str, Any]) -> None:
        self.name = name
        self.circuit = circuit
        self.pins = dict(pins)
        self.chosen = dict(chosen)
        self.values: dict[str, bool | float] = {name: one.default for name, one in self.settings.items()}
        self._undo: list[Callable[[], None]] = []

    def attach(self) -> None:
        """Connect it: pass what the circuit's methods return to `keep`.

        Raises:
            ValueError: it cannot be connected there; the text says why.
        """
        raise NotImplementedError

    def keep(self, undo: Callable[[], None]) -> None:
        """Have a connection taken away with the part."""
        self._undo.append(undo)

    def detach(self) -> None:
        """Take its connections away."""
        while self._undo:
            self._undo.pop()()

    def changed(self, setting: str) -> None:
        """A value was set: ``self.values[setting]`` is the new one."""

    def state(self) -> Mapping[str, Value]:
        """Return what ``%expect`` can ask for, by name; the first is meant where none is named."""
        return dict(self.values)

    def picture(self) -> Sequence[Shape]:
        """Return what the panel draws."""
        return ()
