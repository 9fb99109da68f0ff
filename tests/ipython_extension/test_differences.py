"""The list of what is different, and the page that tells it."""

from __future__ import annotations

import re
from pathlib import Path

from . import scenarios
from .differences import DIFFERENCES, QUICK

ROOT = Path(__file__).parents[2]


def test_each_test_that_is_named_is_there() -> None:
    for full in [*scenarios.REASONS, *QUICK]:
        module, _, test = full.partition("::")
        text = (ROOT / "tests" / module).read_text("utf-8")
        assert f"def {test.partition('[')[0]}(" in text or not test, full


def test_what_runs_each_time_is_not_left_out() -> None:
    assert not QUICK & {*scenarios.REASONS}
    assert {full.partition("::")[0] for full in QUICK} <= {*scenarios.shared()}


def test_the_documentation_tells_each_reason() -> None:
    told = (ROOT / "docs" / "python-notebooks.md").read_text("utf-8")
    plain = re.sub(r"\s+", " ", told.replace("`", "")).casefold()
    for reason in DIFFERENCES:
        assert reason.casefold() in plain
