r"""Numbers in what a program prints, one reading a line, as Thonny's, Mu's and Arduino's plotters take them.

    21.5                        numbers, between blanks, tabs, commas or semicolons
    21.5, 40, 1013              (Arduino's and Thonny's)
    (21.5, 40)                  tuples and lists (Mu's)
    temp:21.5,hum:40            labels with a colon or ``=`` (Arduino's); a label may hold blanks
    {"temp": 21.5, "hum": 40}   JSON objects and dicts; what is no number in them is left out
    light 512 sound 13          text between numbers, from the second line in a row on that has the same text (Thonny's)

A line of labels alone (``time,temp`` or ``Label:``) names the columns of the lines of bare numbers behind it.
"""

from __future__ import annotations

import json
import re
from math import isnan, nan
from typing import Any

from ..board.display_filter import literal

MAX_LINE = 4096
"""Characters of a line that may hold a reading; a longer one is text."""

MAX_COLUMNS = 32
"""Names that readings may have; those that come later are left out."""

_NUMBER = re.compile(r"(?<![\w.])([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf|nan)|None)(?![\w.])")
_BETWEEN = re.compile(r"[\s,;()\[\]]*")
_LABEL = re.compile(r"^(?P<label>.*?)[\"']?\s*[:=]\s*[(\[]?\s*$", re.DOTALL)
_UNIT = re.compile(r"^\s*[^\w\s,;({\[\"']+\w*\s+")
_FIRST_NAME = re.compile(r"^\w+\s*[({\[]")
_PLANS = 256


class LineReader:
    """Reads lines one after the other; which names there are is remembered.

    Attributes:
        names: the columns so far, in the order in which they came.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._header: list[str] = []  # the labels of the last line, if it was one of labels
        self._bare: list[str] = []  # what bare numbers are called
        self._plans: dict[tuple[str, ...], list[str] | None] = {}
        self._last_text: tuple[str, ...] = ()
        self._last_values: list[float] = []

    def read(self, line: str) -> list[dict[str, float]]:
        """Return the readings that a line brings: none, one, or the line's and that of the line above.

        Args:
            line: without its end.
        """
        if len(line) > MAX_LINE:
            return self._text("")
        if line.lstrip()[:1] == "{":
            found = _from_object(line)
            return [self._known(found)] if found else self._text(line)
        parts = _NUMBER.split(line)
        if len(parts) == 1:
            return self._text(line)
        text = tuple(parts[::2])
        values = [nan if one == "None" else float(one) for one in parts[1::2]]
        if all(map(isnan, values)) and "nan" not in parts:
            return self._text(line)
        try:
            names = self._plans[text]
        except KeyError:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            names = self._plans[text] = _plan(text)
        if names is None:
            return self._with_text(line, text, values)
        if not names:
            names = self._names_of_bare(len(values))
        self._header, self._last_text = [], ()
        return [self._known(dict(zip(names, values, strict=True)))]

    def _text(self, line: str) -> list[dict[str, float]]:
        self._header, self._last_text = _labels(line), ()
        return []

    def _with_text(self, line: str, text: tuple[str, ...], values: list[float]) -> list[dict[str, float]]:
        """Take text and numbers: data when two lines in a row have the same text."""
        self._header = _labels(line) if line.rstrip().endswith(":") else []
        names = _names_from_text(text)
        if not names:
            self._last_text = ()
            return []
        readings = []
        if text == self._last_text:
            if self._last_values:
                readings.append(self._known(dict(zip(names, self._last_values, strict=True))))
            readings.append(self._known(dict(zip(names, values, strict=True))))
            values = []
        self._last_text, self._last_values = text, values
        return readings

    def _names_of_bare(self, count: int) -> list[str]:
        if len(self._header) == count and (count > 1 or not self._bare):
            self._bare = self._header
        elif len(self._bare) != count:
            self._bare = ["value"] if count == 1 else [str(number) for number in range(1, count + 1)]
        return self._bare

    def _known(self, reading: dict[str, float]) -> dict[str, float]:
        """Return the reading without the names for which there is no room."""
        for name in list(reading):
            if name not in self.names:
                if len(self.names) < MAX_COLUMNS:
                    self.names.append(name)
                else:
                    del reading[name]
        return reading


def _plan(text: tuple[str, ...]) -> list[str] | None:
    """Return the names of the numbers between these texts; ``[]`` for bare numbers, None for those in other text."""
    if all(_BETWEEN.fullmatch(part) for part in text):
        # Without anything between them they are one text, as the parts of a date are.
        return [] if all(text[1:-1]) else None
    names: list[str] = []
    for position, part in enumerate(text[:-1]):
        found = _LABEL.match(part)
        label = found["label"] if found else ""
        # A named tuple's name, or the unit of the number before.
        label = (_UNIT if position else _FIRST_NAME).sub("", label)
        label = _clean(re.split(r"[,;\t(\[{|]", label)[-1])
        if not label or not re.search(r"[^\W\d]", label) or label in names:
            return None
        names.append(label)
    return names


def _names_from_text(text: tuple[str, ...]) -> list[str]:
    """Return names for numbers in text, as Thonny's legend has them; none where a number has no word before it."""
    names: list[str] = []
    for part in text[:-1]:
        name = _clean(part.strip(" \t,;:=()[]{}"))
        if not re.search(r"[^\W\d]", name) or not part[-1:].isspace() or name in names:
            return []
        names.append(name)
    return names


def _labels(line: str) -> list[str]:
    """Return the labels that a line without numbers may consist of."""
    found = re.split(r"[,;\t]+", line.strip(" \t,;"))
    if len(found) == 1 and line.count(":") != 1:
        found = line.split()
    if line.strip() in ("None", "True", "False"):
        return []
    labels = [_clean(one.strip().rstrip(":")) for one in found]
    fit = len(labels) <= MAX_COLUMNS and len(set(labels)) == len(labels) and all(0 < len(one) <= 40 for one in labels)
    return labels if fit else []


def _clean(label: str) -> str:
    return "".join(c for c in label.strip().strip("\"'").strip() if c.isprintable())[:40]


def _from_object(line: str) -> dict[str, float]:
    """Return the numbers in a JSON object or a dict; ``{}`` where it is none."""
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        try:
            found = literal(line)
        except ValueError:
            return {}
    if not isinstance(found, dict):
        return {}
    reading: dict[str, float] = {}
    _flatten(found, "", reading)
    return reading if not all(map(isnan, reading.values())) else {}


def _flatten(found: dict[Any, Any], above: str, reading: dict[str, float]) -> None:
    """Add the numbers of an object; those of an object in it as ``outer.inner``."""
    for key, value in found.items():
        name = _clean(f"{above}{key}")
        if isinstance(value, dict) and not above:
            _flatten(value, f"{name}.", reading)
        elif value is None:
            reading[name] = nan
        elif isinstance(value, (int, float)):
            try:
                reading[name] = float(value)
            except OverflowError:
                continue
