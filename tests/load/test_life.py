"""A life at random holds what is promised: each request is answered, nothing is left, no output is under a wrong cell.

The short form runs with the other tests. ``make soak`` runs the long one, for LIFE_MINUTES (30) from LIFE_SEED.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ..boards import needs_virtual
from .life import Holdings, Life, Violation
from .life_steps import Step

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are looked at as POSIX has them")

MINUTES = float(os.environ.get("LIFE_MINUTES", "30"))
SEED = int(os.environ.get("LIFE_SEED", "1"))


@pytest.fixture
def kernel(start: Start, tmp_path: Path) -> Jupyter:
    needs_virtual()
    (tmp_path / "tmp").mkdir()
    made = start({"TMPDIR": str(tmp_path / "tmp"), "MICROPYTHON_HISTORY": str(tmp_path / "history.sqlite")})
    made.do("%connect virtual")
    # The first large message makes ZeroMQ start what it needs for such ones, which stays.
    made.do("for _ in range(20): print('x' * 50_000)")
    made.do("%%python\n6 * 7")  # IPython and its loop stay as well
    return made


def lived(kernel: Jupyter, folder: Path, seed: int, **how: float) -> None:
    temporary = folder / "tmp"
    life = Life(kernel, seed, folder)
    life.live(steps=25)  # what stays once it was used is there now
    kernel.do("%connect virtual")
    before = Holdings.of(kernel, temporary)
    life.live(**how)  # type: ignore[arg-type]
    kernel.do("%connect virtual")
    deadline = time.monotonic() + 10
    while (now := Holdings.of(kernel, temporary)) != before and time.monotonic() < deadline:
        time.sleep(0.2)  # what ends takes a moment
    print(life.told())
    before.check(now)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_short_life_at_random(kernel: Jupyter, tmp_path: Path) -> None:
    lived(kernel, tmp_path, 7, steps=20)


@pytest.mark.soak
@pytest.mark.timeout(60 * MINUTES + 900)
def test_a_long_life_at_random(kernel: Jupyter, tmp_path: Path) -> None:
    lived(kernel, tmp_path, SEED, seconds=60 * MINUTES)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step("value", "6 * 7", 1, "", "43"), "has the value '42'"),
        (Step("print", "print('<2>')", 1), "shows what the cells [2] printed"),
        (Step("print", "print('<1>')", 1, "<1>\n<1>\n"), "printed '<1>"),
        (Step("error", "1 / 0", 1), "ended with 'ZeroDivisionError'"),
        (Step("error", "1", 1, errors=frozenset({"NameError"})), "ended with ''"),
    ],
)
def test_a_life_notices_what_is_not_true(kernel: Jupyter, tmp_path: Path, step: Step, said: str) -> None:
    life = Life(kernel, 1, tmp_path)
    request = life._run(step)
    life._wait_for(request)
    with pytest.raises(Violation, match=re.escape(said)):
        life._check(request)
