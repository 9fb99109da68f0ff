"""RELIABILITY.md names tests that are there, and every part of the bench."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_promise_names_tests_that_exist() -> None:
    text = (ROOT / "RELIABILITY.md").read_text(encoding="utf-8")
    promises = [line for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    assert promises
    here = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    named = set()
    for promise in promises:
        tests = re.findall(r"`([\w/]+\.py)`", promise.split("|")[3])
        for test in tests:
            assert (ROOT / test).is_file() or test in here, test
        assert tests or "all of `tests/faults`" in promise, promise
        named |= {Path(test).name for test in tests}
    assert here - {Path(__file__).name} <= named
