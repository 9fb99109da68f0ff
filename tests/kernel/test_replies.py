"""Every request gets a reply, whatever its handler raises."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ..boards import needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter


@pytest.fixture
def anything(plain: Jupyter) -> Iterator[Jupyter]:
    """A kernel whose client sends whatever JSON can say, also half of a surrogate pair."""
    session = plain.client.session
    before = session.pack
    session.pack = lambda content: json.dumps(content, default=str).encode()
    yield plain
    session.pack = before


def ask(kernel: Jupyter, kind: str, content: Any) -> dict[str, Any]:
    message = kernel.client.session.msg(kind + "_request", content)
    kernel.client.shell_channel.send(message)
    return kernel._ask(message["header"]["msg_id"], kind + "_reply")


HISTORY = {"output": False, "raw": True}
TAIL = {**HISTORY, "hist_access_type": "tail"}
RANGE = {**HISTORY, "hist_access_type": "range"}
SEARCH = {**HISTORY, "hist_access_type": "search"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("complete", {"code": "%%time\n\ud800 = 1\n%c", "cursor_pos": 13}),
        ("complete", {"code": "x.\ud800", "cursor_pos": 3}),
        ("complete", {"code": "\udfffpri", "cursor_pos": 4}),
        ("complete", {"code": "%cat \ud800", "cursor_pos": 6}),
        ("complete", {"code": None, "cursor_pos": 1}),
        ("complete", {"code": "x", "cursor_pos": 10**30}),
        ("complete", {}),
        ("inspect", {"code": "\ud800", "cursor_pos": 1}),
        ("inspect", {"code": "%\ud800", "cursor_pos": 2}),
        ("inspect", {"code": 5, "cursor_pos": "x"}),
        ("inspect", {}),
        ("is_complete", {"code": "\ud800"}),
        ("is_complete", {"code": None}),
        ("is_complete", {}),
        ("history", {**TAIL, "n": 10**30}),
        ("history", {**TAIL, "n": -(10**30)}),
        ("history", {**TAIL, "n": "many"}),
        ("history", {**RANGE, "session": 10**30, "start": -(10**30), "stop": 10**30}),
        ("history", {**SEARCH, "pattern": "\ud800", "n": 3}),
        ("history", {**SEARCH, "pattern": 7}),
        ("history", {"wrong": 1}),
        ("execute", {}),
        ("execute", {"code": None}),
        ("execute", {"code": "%\ud800", "allow_stdin": False}),
        ("execute", {"code": "%cat \ud800", "allow_stdin": False}),
        ("comm_info", {"target_name": "\ud800"}),
        ("kernel_info", {}),
        ("connect", {}),
    ],
)
def test_a_request_gets_its_reply(anything: Jupyter, kind: str, content: dict[str, Any]) -> None:
    reply = ask(anything, kind, content)
    assert reply.get("status") or kind == "is_complete"
    # What a front end reads is there also where the status tells of an error.
    wanted = {"complete": "matches", "inspect": "found", "history": "history", "is_complete": "status"}
    assert wanted.get(kind, "status") in reply


def test_a_very_large_number_of_cells_is_all_of_them(anything: Jupyter) -> None:
    anything.run("# one")
    reply = ask(anything, "history", {**TAIL, "n": 10**30})
    assert reply["status"] == "ok"
    assert reply["history"]


def test_a_full_disk_leaves_no_question_unanswered_and_nothing_behind(start: Start, tmp_path: Path) -> None:
    needs(sys.platform != "win32", "limits for files")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    kernel = start({"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(temporary)})
    kernel.do("%python import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))")
    assert kernel.complete("pri") is not None
    kernel.inspect("print")
    assert kernel.complete("%boa") == ["%boards"]
    left = [path for folder in (tmp_path / "cache", temporary) for path in folder.rglob("*.pyi")]
    assert left == []
