"""The bar for what takes long, as a notebook or a console shows it."""

from __future__ import annotations

import threading

import pytest

from metakernel_micropython.display import progress
from metakernel_micropython.display.progress import Bar


def screen(text: str) -> list[str]:
    r"""What is left to see when ``\r`` has moved the cursor."""
    lines = []
    for line in text.split("\n"):
        seen = ""
        for part in line.split("\r"):
            seen = part + seen[len(part) :]
        lines.append(seen.rstrip())
    return lines


def test_what_is_quick_shows_no_bar() -> None:
    written: list[str] = []
    with Bar(written.append, "a.py") as bar:
        bar(10, 100)
        bar(100, 100)
    assert "".join(written) == ""


def test_what_takes_long_shows_a_bar_that_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 1e-9)
    monkeypatch.setattr(progress, "INTERVAL", 0)
    written: list[str] = []
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Bar(written.append, "a.py") as bar:
        bar(1000, 4000)
        bar(3000, 4000)
        bar(1000, 4000)  # sent again
        bar(2000, 4000)
        assert threading.active_count() == threads
        raise KeyboardInterrupt
    written.append("Sent a.py\n")
    shown = "".join(written)
    for state in ("a.py:  25%", "a.py:  75%", "a.py:  50%", "2.00k/4.00k"):
        assert state in shown
    assert screen(shown) == ["Sent a.py", ""]
