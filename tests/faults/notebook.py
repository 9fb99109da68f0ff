"""A kernel on the bench, seen from a notebook."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from ..front_end import Jupyter, Reply
from .bench import Violation
from .parts import Virtual
from .plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

_HURRY = f"""\
%%python
import sys, pytest
sys.path.append({str(Path(__file__).parents[2])!r})
from tests.faults.deadlines import shorten
patch_of_the_tests = pytest.MonkeyPatch()
shorten(patch_of_the_tests, 2.0)
"""
"""Makes the kernel's own deadlines short, in its process."""

STOPS = [2.5, 4.0, 5.5]
"""Seconds after which somebody presses Stop in a cell that has not ended."""


class Notebook:
    """A kernel with a board behind a line with faults, and what the cells of a run have shown."""

    def __init__(self, folder_of: Callable[[str], object], *, hurry: bool = True) -> None:
        self.folder_of = folder_of
        self.desk = folder_of("desk")
        self.part = Virtual(folder_of("board"))  # type: ignore[arg-type]
        try:
            self.jupyter = Jupyter(str(self.desk))
            if hurry:
                self.jupyter.do(_HURRY)
        except BaseException:
            self.part.end()
            raise
        self.shown: dict[str, str] = {}
        self.files: dict[str, set[bytes | None]] = {}
        self.rng = random.Random()
        self.plan = Plan(0, "")

    def begin(self, plan: Plan) -> None:
        self.plan, self.rng, self.shown = plan, plan.random, {}
        self.part.line.heal()
        self.jupyter.do(f"%connect {self.part.line.address}")
        self.jupyter.do("%reboot")
        self.files = self.part.prepare(None, self.rng)  # type: ignore[arg-type]

    def mark(self) -> str:
        return f"<{self.rng.getrandbits(64):016x}>"

    def run(self, cell: str, mark: str = "") -> Reply:
        """Run a cell to its reply, pressing Stop where it does not end by itself."""
        reply = self.jupyter.run(cell, stop_after=STOPS, timeout=30)
        if mark:
            self.shown[mark] = reply.stdout
        if not reply.ok:
            error = reply.error
            if error.name.startswith("_"):
                raise Violation(f"an error with a name of the program's own: {error.text}")
            if "Traceback" in error.text and "metakernel_micropython/" in error.text:
                raise Violation(f"no clear error: {error.text}")
        return reply

    def check_after(self) -> None:
        """The fault is over: the next cell works or says why not, connecting makes all well, and files are whole."""
        line = self.part.line
        # Stop may have been pressed when the cell had just ended, and hits the next one then.
        self.jupyter.control("kernel_info_request", {})
        self.run("%comment something for Stop to stop")
        mark = self.mark()
        following = self.run(f"print('{mark}')", mark)
        # Above it, the kernel may say that it has connected again.
        if following.ok and not following.stdout.endswith(f"{mark}\n") and not line.forged:
            raise Violation(f"the next cell shows {following.stdout[:300]!r}")
        self.jupyter.do(f"%connect {line.address}", timeout=30)
        mark = self.mark()
        self.shown[mark] = self.jupyter.do(f"print('{mark}')").stdout
        if self.shown[mark] != f"{mark}\n":
            raise Violation(f"a cell after %connect shows {self.shown[mark][:300]!r}")
        for own, shown in self.shown.items():
            for other in self.shown:
                if other != own and other in shown and not line.forged:
                    raise Violation(f"what {other} printed was shown under {own}")
        there = self.part.contents(None)  # type: ignore[arg-type]
        for name, allowed in self.files.items():
            if there.get(name) not in allowed:
                raise Violation(f"{name} on the board is neither old nor new")

    def end(self) -> None:
        self.jupyter.close(now=True)
        self.part.end()
