"""What a board tells of a call, without I/O: what the function prints, and in between, behind marks, its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..value_reader import MAX_SIZE, DisturbedValue, Reader, ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = "?=!"


@dataclass(frozen=True)
class Printed:
    """The function has printed this."""

    text: str


@dataclass(frozen=True)
class Undefined:
    """The board does not have the name; nothing has run."""


@dataclass(frozen=True)
class Value:
    """The function has returned or yielded this."""

    value: Any


@dataclass(frozen=True)
class Opaque:
    """The function has returned or yielded something that cannot cross.

    Attributes:
        problem: says what it is.
    """

    problem: ValueProblem


@dataclass(frozen=True)
class Raised:
    """An exception has ended it; its traceback comes at the end of the program.

    Attributes:
        arguments: what the exception holds; None where that cannot cross.
    """

    arguments: tuple[Any, ...] | None


Event = Printed | Undefined | Value | Opaque | Raised


class Answers:
    """Makes events of what the board prints, however that is split.

    Args:
        mark: what stands before each answer; nothing else prints it.
        name: what the value is called in errors.
    """

    def __init__(self, mark: str, name: str) -> None:
        self._mark = mark
        self._name = name
        self._held = ""  # the end of what was printed, which may be the begin of a mark
        self._line: list[str] = []
        self._size = 0
        self._kind = ""
        self._reader: Reader | None = None

    def feed(self, text: str) -> Iterator[Event]:
        """Take what the board printed.

        Raises:
            ValueProblem: an answer is too large, or something else has printed in the middle of it.
        """
        at = 0
        text, self._held = self._held + text, ""
        while at < len(text):
            if self._reader is None:
                found = text.find(self._mark, at)
                if found < 0:
                    held = self._begin_of_mark(text, at)
                    if text[at:held]:
                        yield Printed(text[at:held])
                    self._held = text[held:]
                    return
                if found > at:
                    yield Printed(text[at:found])
                behind = found + len(self._mark)
                if len(text) < behind + 2:
                    self._held = text[found:]
                    return
                at = behind + 2
                yield from self._begin(text[behind : behind + 2])
            else:
                end = text.find("\n", at)
                if end < 0:
                    self._line.append(text[at:])
                    self._size += len(text) - at
                    if self._size > MAX_SIZE:
                        raise ValueProblem(f"The value of {self._name} is too large: more than {MAX_SIZE} bytes.")
                    return
                line = "".join([*self._line, text[at:end]])
                self._line.clear()
                self._size = 0
                at = end + 1
                if self._mark in line:  # an exception in the middle of a value
                    line = line[line.index(self._mark) + len(self._mark) :]
                    yield from self._begin(line + "\n")
                else:
                    yield from self._value_line(line)

    def rest(self) -> Iterator[Event]:
        """Give what was held back, once the program has ended."""
        if self._held:
            yield Printed(self._held)
        self._held = ""

    def close(self) -> None:
        """Take the end of a program that has ended well.

        Raises:
            ValueProblem: it came in the middle of an answer.
        """
        if self._reader is not None:
            raise self._disturbed("its end is missing")

    def _begin(self, kind: str) -> Iterator[Event]:
        if kind[0] not in _KINDS or kind[1:] != "\n":
            raise self._disturbed(repr(kind[:20]))
        self._reader = None
        self._kind = kind[0]
        if self._kind == "?":
            yield Undefined()
        else:
            self._reader = Reader(self._name)

    def _value_line(self, line: str) -> Iterator[Event]:
        reader = self._reader
        assert reader is not None
        try:
            reader.feed(line + "\n")
            if not reader.ended:
                return
            value = reader.value()
        except DisturbedValue as error:
            raise self._disturbed(str(error)) from None
        except ValueProblem as problem:
            self._reader = None
            yield Raised(None) if self._kind == "!" else Opaque(problem)
            return
        self._reader = None
        if reader.others:
            yield Printed("".join(reader.others))
        yield Raised(value if isinstance(value, tuple) else None) if self._kind == "!" else Value(value)

    def _disturbed(self, what: str) -> ValueProblem:
        return ValueProblem(
            f"What the board told of {self._name} is no value ({what}): something else prints meanwhile (a timer, a "
            "thread). Stop that and try again."
        )

    def _begin_of_mark(self, text: str, at: int) -> int:
        """Return where the end of a text begins that may be the begin of a mark; its length where there is none."""
        for length in range(min(len(self._mark) - 1, len(text) - at), 0, -1):
            if text.endswith(self._mark[:length]):
                return len(text) - length
        return len(text)
