"""Shift-Tab on names of the host's Python: told without running anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.assist.host_help import help_on
from metakernel_micropython.assist.host_names import names_at_the_end

if TYPE_CHECKING:
    from ..front_end import Jupyter


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        NASTY.append(f"class {name}")
        return super().__getattribute__(name)


NASTY: list[str] = []
"""What has run."""


class Nasty(metaclass=Meta):
    """A class that runs code wherever somebody looks."""

    def __init__(self, speed: int, *, unit: str = "m/s") -> None:
        self.speed = speed

    def __repr__(self) -> str:
        NASTY.append("repr")
        return "nasty"

    def __getattr__(self, name: str) -> Any:
        NASTY.append(name)
        raise AttributeError(name)

    @property
    def value(self) -> int:
        """How fast it is."""
        NASTY.append("value")
        return self.speed

    @classmethod
    def make(cls) -> None:
        """Make one."""


def drive(car: Any, speed: int = 5, /, *places: Any, by: str = "night", way: object = None, **more: Any) -> None:
    """Drive
    somewhere."""


def names() -> dict[str, Any]:
    thing = Nasty(5)

    def nasty_default(car: Any = thing) -> None:
        pass

    return {"Nasty": Nasty, "thing": thing, "drive": drive, "nasty_default": nasty_default, "math": math}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("drive", "drive(car, speed=5, /, *places, by='night', way=None, **more)\n\nDrive\nsomewhere."),
        ("nasty_default", "nasty_default(car=...)"),
        ("Nasty", "class Nasty(speed, *, unit='m/s')\n\nA class that runs code wherever somebody looks."),
        ("thing", "thing: Nasty\n\nA class that runs code wherever somebody looks."),
        ("thing.value", "property thing.value\n\nHow fast it is."),
        ("thing.make", "thing.make(cls)\n\nMake one."),
        ("thing.speed", "thing.speed: int\nValue: 5"),
        ("math.pi", f"math.pi: float\nValue: {math.pi}"),
        ("math.sqrt", "math.sqrt(x, /)\n\nReturn the square root of x."),
    ],
)
def test_a_name_is_told_and_nothing_runs(name: str, told: str) -> None:
    variables = names()
    NASTY.clear()
    assert help_on(name, name, len(name), variables) == told
    assert NASTY == []


@pytest.mark.parametrize("name", ["thing.value.real", "thing.nothing", "nothing", "", "1", "a.", "drive.x.y"])
def test_what_only_running_would_tell_is_not_told(name: str) -> None:
    variables = names()
    NASTY.clear()
    assert help_on(name, name, len(name), variables) is None
    assert NASTY == []


def test_long_values_are_cut() -> None:
    variables = {"text": "x" * 10**6, "number": 1 << 10**6, "many": [0] * 10**6, "one": {1}}
    for name in variables:
        assert len(help_on(name, name, len(name), variables) or "") < 400
    assert help_on("many", "", 0, variables) == "many: list with 1000000 items"
    assert help_on("one", "", 0, variables) == "one: set with 1 item"


def test_the_code_itself_tells_of_what_has_not_run_yet() -> None:
    code = "from statistics import mean\nmean("
    assert "arithmetic mean" in (help_on("mean", code, len(code), {}) or "")


def test_shift_tab_asks_the_host_below_python_and_the_board_elsewhere(plain: Jupyter) -> None:
    plain.do("%%python\ndef drive(speed, place='home'):\n    'Drive somewhere.'")
    for code in ("%%python\ndrive", "%%python\ndrive(1, ", "%python drive(", "# remark\n%%python -e\nx = 1\ndrive"):
        assert plain.inspect(code) == "drive(speed, place='home')\n\nDrive somewhere.", code
    assert "timeout: seconds" in plain.inspect("%%python\nboard.execute(")
    assert "%python - run a line" in plain.inspect("%python drive", 3)
    assert "drive(speed" not in plain.inspect("drive")


def test_the_board_is_completed_without_one(plain: Jupyter) -> None:
    assert "%%python\nboard.execute" in plain.complete("%%python\nboard.ex")


def test_names_of_ipython_are_offered_before_it_is_loaded() -> None:
    assert names_at_the_end("disp", {}) == ["display"]
