"""Sixteen boards behind four engines: a cell each for files, packages, tests, plots, values; losses."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from ..boards import needs
from ..front_end import Jupyter
from ..package_index import PackageIndex
from .test_fleet import TIMEOUT, process_of, running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

ENGINES = 4
BOARDS = 4
"""Virtual boards for each engine."""

NAMES = [f"{engine}/virtual{board}" for engine in range(ENGINES) for board in range(BOARDS)]
ALL = ", ".join(f"{engine}/virtual0–{engine}/virtual3" for engine in range(ENGINES))  # noqa: RUF001

TESTS = """%%fleet
%%test
def test_synced():
    assert numbered.value() == 7
def test_installed():
    assert words.x == 1
def test_own():
    assert n != 5
"""

LONG = """%%fleet
import time
for _ in range(80): time.sleep(0.1)
print('done')
"""


def test_sixteen_boards(home: Path, virtual_address: str, tmp_path: Path) -> None:
    needs(importlib.util.find_spec("matplotlib"), "matplotlib")
    index = PackageIndex()
    index.package("words", "0.1", {"words.py": b"x = 1\n"})
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "numbered.py").write_text("def value(): return 7\n", encoding="utf-8")
    notebook = Jupyter(tmp_path, {"MICROPYTHON_HISTORY": "off", "MICROPYTHON_MIP_INDEX": index.url})
    try:
        with running(ENGINES) as cluster:
            assert "16 boards, 4 engines, 1 host" in notebook.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT).stdout
            told = notebook.do("%%fleet\nfor i in range(100): print(i)\n'ok'", timeout=TIMEOUT).stdout.splitlines()
            for name in NAMES:
                assert [line.split(" | ")[1] for line in told if line.startswith(f"{name} |")] == [
                    *map(str, range(100))
                ]
            assert told[-2:] == [f"{ALL}:", " " * 10 + " | 'ok'"]

            synced = notebook.do("%%fleet\n%sync project /lib\nimport numbered", timeout=TIMEOUT).stdout
            assert "Synced project to /lib: 1 file sent (22 bytes), 0 unchanged, SHA-256 verified" in synced
            notebook.do("%%fleet\n%mip install words\nimport words", timeout=TIMEOUT)
            assert len(index.asked) == len(set(index.asked)) == 2, "downloaded once, here"
            for number, name in enumerate(NAMES):
                notebook.do(f"%%fleet {name}\nn = {number}", timeout=TIMEOUT)
            tested = notebook.run(TESTS, timeout=TIMEOUT)
            assert (
                tested.error.value
                == "1 of 16 boards failed:\n  1/virtual1: TestsFailed: 1 of 3 tests failed: test_own."
            )
            table = tested.of("display_data")[-1]["data"]["text/plain"]
            assert "1/virtual1" in table
            cell = "%%fleet\n%%plot\nfor i in range(5): print('level:', 10 * n + i)"
            figure = [
                c["data"] for _, kind, c in notebook.do(cell, timeout=TIMEOUT).messages if "display_data" in kind
            ][-1]
            assert "image/png" in figure
            assert all(f"{name}" in figure["text/plain"] for name in NAMES)
            notebook.do("%%fleet\n%get square=n*n", timeout=TIMEOUT)
            assert notebook.do("%python [square[name] for name in sorted(square)]").value == str(
                [n * n for n in range(16)]
            )

            # A board that is killed costs itself, an engine the time that its boards take once more.
            with cluster.connect_client_sync() as client:
                board = psutil.Process(client[0].apply_async(process_of, NAMES[0]).get(timeout=TIMEOUT))
                engine = client[3].apply_sync(os.getpid)
            threading.Timer(2.0, board.kill).start()
            threading.Timer(3.0, os.kill, (engine, signal.SIGKILL)).start()
            lost = notebook.run(LONG, timeout=TIMEOUT)
            assert lost.error.value.startswith(f"1 of 16 boards failed:\n  {NAMES[0]}: LineLost: ")
            assert lost.stdout.count(" | done\n") == 15
            assert lost.stderr.count("engine 3 was lost") == BOARDS
            again = notebook.do("%%fleet\n6 * 7", timeout=TIMEOUT)
            assert again.stdout.splitlines()[-2:] == [f"{ALL}:", " " * 10 + " | 42"]
    finally:
        notebook.close(now=True)
        index.close()
