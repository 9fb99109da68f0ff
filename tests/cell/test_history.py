"""The history's database: shared, bounded, private, and no trouble where it cannot be used."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.cell import history as module
from metakernel_micropython.cell.history import Entry, History

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "history.sqlite"


@pytest.fixture
def filled(path: Path) -> Iterator[History]:
    """The third session, which has two cells; the first had three, the second one."""
    for cells in (["a = 1", "b = 2", "a = 1"], ["print(a)"], ["[1]*2", "c"]):
        made = History(path)
        for line, source in enumerate(cells, 1):
            made.add(line, source)
        made.tail(1)  # each is written when the next one begins
    yield made
    made.close()


def test_cells_of_all_sessions_come_in_their_order(filled: History) -> None:
    assert filled.tail(None) == [
        Entry(1, 1, "a = 1"),
        Entry(1, 2, "b = 2"),
        Entry(1, 3, "a = 1"),
        Entry(2, 1, "print(a)"),
        Entry(3, 1, "[1]*2"),
        Entry(3, 2, "c"),
    ]
    assert [entry.source for entry in filled.tail(2)] == ["[1]*2", "c"]
    assert filled.tail(0) == []


@pytest.mark.parametrize(
    ("pattern", "count", "unique", "found"),
    [
        ("*a*", None, False, ["a = 1", "a = 1", "print(a)"]),
        ("*a*", 2, False, ["a = 1", "print(a)"]),
        ("*a*", None, True, ["a = 1", "print(a)"]),
        ("? = 2", None, False, ["b = 2"]),
        ("[[]1]*", None, False, ["[1]*2"]),
        ("A*", None, False, []),
        ("'; drop table cells; --", None, False, []),
    ],
)
def test_cells_are_searched_by_pattern(
    filled: History, pattern: str, count: int | None, unique: bool, found: list[str]
) -> None:
    assert [entry.source for entry in filled.search(pattern, count, unique=unique)] == found


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), ["[1]*2", "c"]),
        ((0, 2), ["c"]),
        ((0, -1), ["c"]),
        ((-1,), ["print(a)"]),
        ((-2, 1, 3), ["a = 1", "b = 2"]),
        ((1, 2, -1), ["b = 2"]),
        ((17,), []),
        ((-17,), []),
    ],
)
def test_a_range_is_cells_of_one_session(filled: History, arguments: tuple[int, ...], found: list[str]) -> None:
    assert [entry.source for entry in filled.range(*arguments)] == found


def test_before_its_first_cell_a_session_has_none_and_the_one_before_is_the_last(filled: History) -> None:
    new = History(filled.path)
    assert new.range() == []
    assert [entry.source for entry in new.range(-1)] == ["[1]*2", "c"]


def test_two_at_once_lose_nothing(path: Path) -> None:
    ours = History(path)
    code = (
        "import sys\nfrom pathlib import Path\nfrom metakernel_micropython.cell.history import History\n"
        "h = History(Path(sys.argv[1]))\nfor i in range(40): h.add(i, f'theirs {i}')\nh.close()\nprint(h.problem())"
    )
    theirs = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    for number in range(40):
        ours.add(number, f"ours {number}")
    assert theirs.communicate(timeout=60)[0].strip() == ""
    kept = [entry.source for entry in ours.tail(None)]
    assert sorted(kept) == sorted(f"{whose} {number}" for whose in ("ours", "theirs") for number in range(40))
    assert [source for source in kept if source[0] == "o"] == [f"ours {number}" for number in range(40)]


def test_its_size_has_a_bound(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CELLS", 5)
    for _ in range(3):
        made = History(path)
        for line in range(4):
            made.add(line, str(line))
        made.close()
    assert len(History(path).tail(None)) == 5 + 4
    made.add(5, "x" * (module.MAX_SOURCE + 1))
    made.add(6, " \n")
    assert made.tail(1)[0].source == "3"


def test_odd_text_is_kept(path: Path) -> None:
    made = History(path)
    made.add(1, "'\ud800 \0 €'\n")
    assert made.tail(1) == [Entry(1, 1, "'? \0 €'")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_nobody_else_reads_it(filled: History, path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def no_database(path: Path) -> None:
    path.write_bytes(b"no database" * 100)


def another_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cells (something TEXT)")


def a_folder(path: Path) -> None:
    path.mkdir()


def read_only(path: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    path.parent.chmod(0o500)


@pytest.mark.parametrize("spoil", [no_database, another_database, a_folder, read_only])
def test_one_that_cannot_be_used_is_told_of_once_and_kept_in_memory(path: Path, spoil: object) -> None:
    path.parent.mkdir()
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else None
    made = History(path)
    assert made.problem() == ""
    made.add(1, "a")
    made.add(2, "b")
    assert [entry.source for entry in made.tail(None)] == ["a", "b"]
    told = made.problem()
    assert str(path) in told
    assert "MICROPYTHON_HISTORY" in told
    assert made.problem() == ""
    made.close()
    assert (path.read_bytes() if path.is_file() else None) == before


def test_without_a_file_it_lasts_as_long_as_the_kernel() -> None:
    made = History(None)
    made.add(1, "a")
    assert made.range() == [Entry(1, 1, "a")]
    assert made.problem() == ""
    made.close()
    assert made.tail(None) == []


def test_a_history_that_nobody_closes_closes_its_database(path: Path) -> None:
    history = History(path)
    history.add(1, "a = 1")
    history.tail(1)
    connection = history._connection
    assert connection is not None
    del history
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_program_that_ends_without_closing_its_history_leaves_nothing_open(path: Path) -> None:
    code = (
        "import sqlite3, pathlib\n"
        "class Told(sqlite3.Connection):\n"
        "    def close(self):\n"
        "        super().close()\n"
        "        print('closed')\n"
        "make = sqlite3.connect\n"
        "sqlite3.connect = lambda *place, **how: make(*place, factory=Told, **how)\n"
        "from metakernel_micropython.cell.history import History\n"
        f"history = History(pathlib.Path({str(path)!r}))\n"
        "history.add(1, 'a = 1')\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("closed\n", "")
    assert History(path).tail(None) == [Entry(1, 1, "a = 1")]
