"""The history as front ends ask for it, across kernels."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter


def asked(kernel: Jupyter, access: str, **options: Any) -> list[Any]:
    reply = kernel.client.history(reply=True, hist_access_type=access, timeout=20, **options)["content"]
    assert reply["status"] == "ok"
    return list(reply["history"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_two_kernels_at_once_lose_nothing_even_when_one_is_killed(start: Start, tmp_path: Path) -> None:
    env: dict[str, str | None] = {"MICROPYTHON_HISTORY": str(tmp_path / "h.sqlite")}
    first, second = start(env), start(env)
    for number in range(3):
        first.run(f"%comment first {number}")
        second.run(f"%comment second {number}")
    assert asked(first, "tail", n=2)[-1][2] in ("%comment first 2", "%comment second 2")  # all is written
    asked(second, "tail", n=1)
    pid = second.manager.provisioner.pid  # type: ignore[union-attr]
    os.kill(pid, signal.SIGKILL)
    first.run("%comment first 3")
    first.manager.shutdown_kernel()
    cells = [cell for _, _, cell in asked(start(env), "tail", n=100)]
    assert sorted(cells) == sorted(
        [f"%comment first {number}" for number in range(4)] + [f"%comment second {number}" for number in range(3)]
    )


def test_front_ends_ask_in_three_ways(start: Start, tmp_path: Path) -> None:
    env: dict[str, str | None] = {"MICROPYTHON_HISTORY": str(tmp_path / "h.sqlite")}
    before = start(env)
    before.do("%comment earlier")
    before.manager.shutdown_kernel()
    kernel = start(env)
    kernel.do("%comment one")
    kernel.do("%comment two")
    kernel.do("%comment one")
    assert asked(kernel, "tail", n=2) == [[2, 2, "%comment two"], [2, 3, "%comment one"]]
    assert asked(kernel, "tail", n=1, output=True) == [[2, 3, ["%comment one", None]]]
    assert asked(kernel, "range", session=0, start=1, stop=3) == [[2, 1, "%comment one"], [2, 2, "%comment two"]]
    assert asked(kernel, "range", session=-1) == [[1, 1, "%comment earlier"]]
    assert asked(kernel, "search", pattern="*one*", n=10) == [[2, 1, "%comment one"], [2, 3, "%comment one"]]
    assert asked(kernel, "search", pattern="*one*", n=10, unique=True) == [[2, 3, "%comment one"]]


def test_what_is_not_to_be_kept_is_not(start: Start, tmp_path: Path) -> None:
    kernel = start({"MICROPYTHON_HISTORY": str(tmp_path / "h.sqlite")})
    kernel.run("%comment quiet", store_history=False)
    kernel.run("%comment silent", silent=True)
    kernel.run("%connect ws://127.0.0.1:1 --password s3cret")
    assert [cell for *_, cell in asked(kernel, "tail", n=9)] == ["%connect ws://127.0.0.1:1 --password ***"]
    kernel.manager.shutdown_kernel()
    assert b"s3cret" not in (tmp_path / "h.sqlite").read_bytes()


def test_a_damaged_history_is_told_of_once_and_disturbs_no_cell(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "h.sqlite"
    file.write_text("this is no database, and long enough to be taken for one" * 20)
    kernel = start({"MICROPYTHON_HISTORY": str(file)})
    kernel.do("%comment one")
    assert asked(kernel, "tail", n=9) == [[1, 1, "%comment one"]]
    assert str(file) in kernel.do("%comment two").stderr
    assert kernel.do("%comment three").stderr == ""


def test_the_history_can_be_switched_off(start: Start, home: Path, tmp_path: Path) -> None:
    env: dict[str, str | None] = {"MICROPYTHON_HISTORY": "off", "HOME": str(tmp_path)}
    kernel = start(env)
    kernel.do("%comment one")
    assert asked(kernel, "tail", n=9) == [[1, 1, "%comment one"]]
    kernel.manager.shutdown_kernel()
    assert not list(tmp_path.rglob("*.sqlite"))
