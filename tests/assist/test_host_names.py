"""Names of the host's Python: found without running anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.assist.host_names import names_at_the_end

if TYPE_CHECKING:
    from pathlib import Path


class Nasty:
    """Runs code wherever somebody looks at it."""

    kind = "plain"
    asked: list[str] = []  # noqa: RUF012

    @property
    def value(self) -> str:
        self.asked.append("property")
        return "text"

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return None

    def __dir__(self) -> list[str]:
        self.asked.append("dir")
        return []

    def turn(self) -> None:
        self.asked.append("turn")


@pytest.mark.parametrize(
    "code", ["thing.", "thing.value.", "thing.value", "thing.turn(", "x = thing.t", "thing.", "th"]
)
def test_a_value_is_not_asked(code: str) -> None:
    Nasty.asked.clear()
    names_at_the_end(code, {"thing": Nasty()})
    assert Nasty.asked == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("thi", "thing"),
        ("thing.", "turn"),
        ("thing.va", "value"),
        ("thing.own", "own_name"),
        ("thing.kind.up", "upper"),
        ("math.si", "sin"),
        ("pri", "print"),
        ("import math\nmath.co", "cos"),
        ("import json\njson.du", "dumps"),
        ("whi", "while"),
        ("def speed(): pass\nspe", "speed"),
    ],
)
def test_what_can_be_seen_is_offered(code: str, found: str) -> None:
    thing = Nasty()
    thing.own_name = 1
    assert found in names_at_the_end(code, {"thing": thing, "math": math})


def test_files_beside_the_notebook_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside.py").write_text("secret_name = 1\n")
    monkeypatch.chdir(tmp_path)
    assert "secret_name" not in names_at_the_end("import beside\nbeside.", {})
    assert "beside" not in names_at_the_end("import besi", {})
