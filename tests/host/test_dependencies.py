"""What a program made of cells lacks."""

from __future__ import annotations

import pytest

from metakernel_micropython.host.dependencies import imported, missing, numbers

OTHERS = [
    (1, "from machine import Pin\nimport time as clock, os.path"),
    (2, "led = Pin(25)\ndef blink():\n    global count\n    count = 1\n    hidden = 2"),
    (3, "led = Pin(26)\nclass Lamp:\n    inside = 1\nfor i in range(3): pass"),
    (4, "x = = broken"),
]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("led.on()", {"led": 3}),
        ("Pin(2); clock.sleep(1); os.x", {"Pin": 1, "clock": 1, "os": 1}),
        ("def f():\n    return led", {"led": 3}),
        ("class A:\n    def f(self):\n        return [led for i in range(count)]", {"led": 3, "count": 2}),
        ("@blink\ndef f(a=led): pass", {"blink": 2, "led": 3}),
        ("lambda: Lamp", {"Lamp": 3}),
        ("led += 1", {}),
        ("led = 1\nled.on()", {}),
        ("import led\nled.on()", {}),
        ("def f(led):\n    return led", {}),
        ("def f():\n    led = 1\n    return led", {}),
        ("[led for led in range(3)]", {}),
        ("hidden, inside, nobody, print", {}),
        ("def f():\n    global led\n    led = 1\nf()\nled", {}),
        ("from machine import *\nled", {}),
        ("led = = 1\nled", {}),
        ("", {}),
    ],
)
def test_names_that_only_other_cells_define(code: str, expected: dict[str, int]) -> None:
    assert missing(code, OTHERS) == expected


def test_modules_that_are_imported_in_any_case() -> None:
    code = "import a, b.c as d\nfrom e.f import g\nfrom . import h\n"
    code += "try:\n    import i\nexcept ImportError:\n    import j\n"
    assert imported(code + "def f():\n    import k\n") == {"a", "b", "e"}
    assert imported("x = = 1") == set()


def test_numbers_of_cells() -> None:
    assert list(numbers("3")) == [3]
    assert list(numbers("5-7")) == [5, 6, 7]
    for wrong in ("", "x", "3-", "-3", "1-2-3", "7-5", "1" * 30):
        with pytest.raises(ValueError, match="cell"):
            numbers(wrong)
