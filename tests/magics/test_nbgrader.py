"""nbgrader grades a notebook for a board: what teachers do with it, by its own commands.

nbgrader is no package that the tests install: it brings a server's extensions of its own. ``pip install nbgrader`` into
any environment whose ``bin`` is in the PATH does; without one this test is left out, also in CI.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..boards import needs_virtual

STUDENTS = {
    "anna": {
        "inverse": "def inverse(x):\n    return 1 / x",
        "squares": "def print_squares(n):\n    for i in range(1, n + 1):\n        print(i, i * i)",
        "led": "from machine import Pin\nled = Pin(2, Pin.OUT)\nled.on()",
    },
    "ben": {
        "inverse": "def inverse(x):\n    return 1 // x",
        "squares": "def print_squares(n):\n    while True:\n        pass",
        "led": "from machine import Pin\nled = Pin(2, Pin.OUT)",
    },
    "carl": {},  # as it was handed out
}
POINTS = {
    "anna": {"inverse_test": 2, "squares_test": 3, "partial_test": 1.5, "led_test": 1},
    "ben": {"inverse_test": 0, "squares_test": 0, "partial_test": 1.5, "led_test": 0},
    "carl": {"inverse_test": 0, "squares_test": 0, "partial_test": 0, "led_test": 0},
}


def cell(source: str, name: str = "", points: float | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"cell_type": "code", "execution_count": None, "outputs": [], "metadata": {}}
    found["source"] = source
    found["id"] = name or "plain"
    if name:
        graded = points is not None
        told = {"grade_id": name, "grade": graded, "locked": graded, "solution": not graded, "task": False}
        found["metadata"]["nbgrader"] = {"schema_version": 3, **told} | ({"points": points} if graded else {})
    return found


CELLS = [
    cell("%connect virtual"),
    cell("def inverse(x):\n    ### BEGIN SOLUTION\n    return 1 / x\n    ### END SOLUTION", "inverse"),
    cell(
        "%%checkpoint inverse\nassert inverse(4) == 0.25, 'inverse(4) is 0.25'\n"
        "### BEGIN HIDDEN TESTS\nassert inverse(2) == 0.5\n### END HIDDEN TESTS",
        "inverse_test",
        2,
    ),
    cell("def print_squares(n):\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION", "squares"),
    cell(
        '%%checkpoint table --timeout 5\n%assert_output "1 1" "2 4" "3 9"\nprint_squares(3)',
        "squares_test",
        3,
    ),
    cell("%%checkpoint partial\n(inverse(1) == 1) + 0.5", "partial_test", 2),
    cell("from machine import Pin\n### BEGIN SOLUTION\npass\n### END SOLUTION", "led"),
    cell("%expect GP2 == 1", "led_test", 1),
]
NOTEBOOK = {
    "cells": CELLS,
    "metadata": {"kernelspec": {"name": "micropython", "display_name": "MicroPython", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_graded_notebook_gives_the_points_that_its_checkpoints_say(tmp_path: Path) -> None:
    needs_virtual()
    nbgrader = shutil.which("nbgrader")
    if nbgrader is None:
        pytest.skip("nbgrader is not installed")
    kernel = tmp_path / "jupyter" / "kernels" / "micropython" / "kernel.json"
    course = tmp_path / "course"
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "PATH": os.pathsep.join([str(Path(nbgrader).parent), os.environ["PATH"]]),  # it starts alembic
    }

    def write(path: Path, content: object) -> None:
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content), encoding="utf-8")

    def run(*words: str) -> None:
        done = subprocess.run([nbgrader, *words], cwd=course, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    argv = [sys.executable, "-P", "-m", "metakernel_micropython", "-f", "{connection_file}"]
    write(kernel, {"argv": argv, "display_name": "MicroPython", "language": "python", "interrupt_mode": "message"})
    write(course / "source" / "lesson" / "lesson.ipynb", NOTEBOOK)
    run("generate_assignment", "lesson", "--create")
    text = (course / "release" / "lesson" / "lesson.ipynb").read_text(encoding="utf-8")
    assert "raise NotImplementedError" in text
    assert "inverse(2)" not in text  # a hidden test
    for student, solutions in STUDENTS.items():
        notebook = json.loads(text)
        for one in notebook["cells"]:
            name = one["metadata"].get("nbgrader", {}).get("grade_id")
            one["source"] = solutions.get(name, one["source"])
        write(course / "submitted" / student / "lesson" / "lesson.ipynb", notebook)
    run("autograde", "lesson", "--create")
    with sqlite3.connect(course / "gradebook.db") as book:
        rows = book.execute(
            "select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade"
            " join base_cell on grade.cell_id = base_cell.id"
            " join submitted_notebook on grade.notebook_id = submitted_notebook.id"
            " join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id"
        ).fetchall()
    given: dict[str, dict[str, float]] = {}
    for student, name, score in rows:
        given.setdefault(student, {})[name] = score
    assert given == POINTS
    run("generate_feedback", "lesson")
    feedback = (course / "feedback" / "ben" / "lesson" / "lesson.html").read_text(encoding="utf-8")
    assert "inverse(4) is 0.25" in feedback
