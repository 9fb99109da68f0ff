"""Boards behind the engines of a local ipyparallel cluster."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import psutil
import pytest
from metakernel_micropython.magics.parallel import ParallelMagic, _chosen

from metakernel_micropython.board import Board
from metakernel_micropython.errors import NotConnected
from metakernel_micropython.fleet import engine
from metakernel_micropython.fleet.client import Fleet, Member
from metakernel_micropython.fleet.labels import Labels
from metakernel_micropython.fleet.stops import BEGUN
from metakernel_micropython.interrupts import interrupt_main_thread
from metakernel_micropython.magic import MagicError

from ..boards import needs
from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENGINES = 2
BOARDS = 2
"""Virtual boards for each engine."""

TIMEOUT = 90
pytestmark = pytest.mark.timeout(300)


@contextmanager
def running(engines: int) -> Iterator[Any]:
    """A cluster on this machine, with all its engines."""
    needs(importlib.util.find_spec("ipyparallel"), "ipyparallel")
    from ipyparallel import Cluster

    # The virtual board is compiled once, and not by all boards at the same time.
    Board.connect("virtual", timeout=60).close()
    made = Cluster(n=engines, controller_ip="127.0.0.1", cluster_id="", log_level=30, engine_timeout=TIMEOUT)
    try:
        made.start_cluster_sync()
        with made.connect_client_sync() as client:
            client.wait_for_engines(engines, timeout=TIMEOUT, interactive=False)
        yield made
    finally:
        made.stop_cluster_sync()


@pytest.fixture(scope="module")
def cluster(home: Path, virtual_address: str) -> Iterator[Any]:
    with running(ENGINES) as made:
        yield made


@pytest.fixture
def notebook(cluster: Any, tmp_path: Path) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path, {"MICROPYTHON_HISTORY": "off"})
    yield made
    made.close(now=True)


def test_px_runs_code_and_magics_in_every_engine(notebook: Jupyter) -> None:
    assert "There are no kernels" in notebook.fail("%px 1").value
    made = notebook.do("%parallel metakernel_micropython MicroPythonKernel", timeout=TIMEOUT)
    assert "MicroPythonKernel runs in 2 engines: 0, 1" in made.stdout
    connected = notebook.do("%px %connect virtual --timeout 60", timeout=TIMEOUT).stdout
    assert "[0] Connected to virtual" in connected and "[1] Connected to virtual" in connected

    told = notebook.do("%%px\nx = 6\nprint('six', x)\nx * 7", timeout=TIMEOUT).stdout
    assert sorted(told.splitlines()) == ["[0] 42", "[0] six 6", "[1] 42", "[1] six 6"]

    error = notebook.fail("%px 1 / (x - 6)", timeout=TIMEOUT)
    assert error.name == "ZeroDivisionError"
    assert "2 of 2 engines" in error.value
    assert "[0]" in error.text and "[1]" in error.text and "line 1" in error.text

    # Stop ends the boards' programs.
    stopped = notebook.run("%%px\nprint('on')\nwhile True: pass", stop_at="on", timeout=TIMEOUT)
    assert stopped.error.name == "KeyboardInterrupt"
    assert notebook.do("%px x", timeout=TIMEOUT).stdout.count("] 6\n") == ENGINES

    # The engines' own IPython stays theirs.
    told = notebook.do(
        "%%px\n%%python\nprint('host')\ndisplay(6)\nawait __import__('asyncio').sleep(0)\n6 * 7", timeout=TIMEOUT
    )
    assert sorted(told.stdout.splitlines()) == sorted(f"[{n}] {text}" for n in range(2) for text in ("host", "6", "42"))
    assert "division" in notebook.fail("%px %python 1/0", timeout=TIMEOUT).text

    # Help and plots come as text.
    assert "Example" in notebook.do("%px %plot?", timeout=TIMEOUT).stdout
    assert "least 0, greatest 2" in notebook.do("%%px\n%%plot\nfor i in range(3): print(i)", timeout=TIMEOUT).stdout

    # An error in one alone names that one.
    notebook.do("%parallel metakernel_micropython MicroPythonKernel -i [1]", timeout=TIMEOUT)
    assert "No board is connected" in notebook.fail("%px 1", timeout=TIMEOUT).text
    assert "no engine 7" in notebook.fail("%parallel metakernel_micropython MicroPythonKernel -i [7]").value


def test_a_fleet_runs_a_cell_on_all_boards_and_fails_by_board(notebook: Jupyter) -> None:
    assert "run %fleet first" in notebook.fail("%%fleet\n1").value
    listed = notebook.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT).stdout
    assert f"{ENGINES * BOARDS} boards, {ENGINES} engines" in listed

    names = [f"{engine}/virtual{board}" for engine in range(ENGINES) for board in range(BOARDS)]
    told = notebook.do("%%fleet\nx = 6\nprint('six')\nx * 7", timeout=TIMEOUT).stdout.splitlines()
    # Equal values are shown once.
    assert sorted(told) == sorted([*(f"{name} | six" for name in names), f"{', '.join(names)} | 42"])

    # Output comes while the cell runs.
    reply = notebook.do("%%fleet 0\nimport time\nprint('first')\ntime.sleep(2)\nprint('last')", timeout=TIMEOUT)
    times = {word: [at for at, text in reply.streams() if word in text] for word in ("first", "last")}
    assert times["last"][0] - times["first"][0] > 1

    # Without arguments it lists the same boards again.
    listed = notebook.do("%fleet", timeout=TIMEOUT).stdout.splitlines()
    assert f"{ENGINES * BOARDS} boards" in listed[0]
    assert listed[1].split() == ["host", "board", "firmware", "free", "state"]
    assert [line.split()[1] for line in listed[2:]] == names
    assert all("KiB  idle" in line for line in listed[2:])
    error = notebook.fail("%%fleet 0/virtual0\ninput('who? ')", timeout=TIMEOUT)
    assert "asks 'who?' with input(), which nobody answers" in error.value

    # A failure is that board's alone.
    notebook.do("%%fleet 1/virtual0\nx = 0", timeout=TIMEOUT)
    reply = notebook.run("%%fleet\nprint(6 // x)", timeout=TIMEOUT)
    assert reply.stdout.count(" | 1\n") == ENGINES * BOARDS - 1
    assert reply.error.name == "BoardsFailed"
    assert reply.error.value == "1 of 4 boards failed:\n  1/virtual0: ZeroDivisionError: divide by zero"
    assert "no board nobody" in notebook.fail("%%fleet nobody\n1").value

    # It names the cells and their lines.
    defined = notebook.do("%%fleet\n\ndef inverse(x):\n    return 1 / x", timeout=TIMEOUT).number
    reply = notebook.run("# one more\n%%fleet 0/virtual1\ny = 1\ninverse(0)", timeout=TIMEOUT)
    lines = [line.removeprefix("0/virtual1 |").strip() for line in reply.stderr.splitlines()]
    assert lines[:6] == [
        "Traceback (most recent call last):",
        f"Cell In[{reply.number}], line 4, in <module>",
        "inverse(0)",
        f"Cell In[{defined}], line 4, in inverse",
        "return 1 / x",
        "ZeroDivisionError: divide by zero",
    ]
    shown = notebook.fail(
        "%%fleet 0/virtual1\nclass Odd:\n    def __repr__(self): return 1 / 0\nOdd()", timeout=TIMEOUT
    )
    assert "ZeroDivisionError" in shown.text

    # Stop stops all boards, which keep their variables.
    reply = notebook.run("%%fleet\nprint('on')\nwhile True: pass", stop_at="on", timeout=TIMEOUT)
    assert reply.error.name == "KeyboardInterrupt"
    assert notebook.do("%%fleet 0/*\nx", timeout=TIMEOUT).stdout == "0/virtual0, 0/virtual1 | 6\n"


def test_stop_reaches_an_engine_that_has_not_begun_yet(notebook: Jupyter, cluster: Any) -> None:
    # An engine that does nothing, or something else, is deaf to Stop.
    notebook.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT)
    with cluster.connect_client_sync() as client:
        deaf = "import signal as s, time; s.signal(s.SIGINT, s.SIG_IGN); time.sleep(2)"
        busy = client[1].apply_async(exec, deaf, {})
        reply = notebook.run("%%fleet\nprint('on')\nwhile True: pass", stop_at="on", timeout=30)
        busy.get(10)
        assert reply.error.name == "KeyboardInterrupt"

        notebook.do("%parallel metakernel_micropython MicroPythonKernel\n%px %connect virtual", timeout=TIMEOUT)
        busy = client[1].apply_async(exec, deaf, {})
        reply = notebook.run("%%px\nprint('on')\nwhile True: pass", stop_at="on", timeout=30)
        busy.get(10)
        assert reply.error.name == "KeyboardInterrupt"
    assert notebook.do("%%fleet\n6*7", timeout=TIMEOUT).stdout.count("virtual") == ENGINES * BOARDS


def test_stop_while_engines_get_their_cells_reaches_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever was not asked has not done it, and who has not begun with this cell may be at another notebook's.
    stopped: list[int] = []

    class Result:
        def __init__(self, number: int) -> None:
            self.number, self.msg_ids, self.data, self.stdout, self.stderr = number, [f"{number}"], {}, "", ""

        def wait(self, _seconds: float) -> None:
            self.data = BEGUN

        def ready(self) -> bool:
            return self.number in stopped

        def wait_for_output(self, _seconds: float) -> None:
            pass

        def get(self) -> tuple[str, str, list[str]]:
            return ("KeyboardInterrupt", "", ["stopped"])

    class Client:
        ids = (0, 1)
        aborted: ClassVar[list[int]] = []

        def __getitem__(self, number: int) -> Any:
            def apply_async(*_: Any) -> Result:
                if number == 0:
                    interrupt_main_thread()
                return Result(number)

            return SimpleNamespace(apply_async=apply_async)

        def abort(self, _messages: list[str], *, targets: int, block: bool) -> None:
            self.aborted.append(targets)

        def send_signal(self, _number: int, *, targets: int, block: bool) -> None:
            stopped.append(targets)

    magic = ParallelMagic.__new__(ParallelMagic)
    magic._client, magic._engines = Client(), (0, 1)
    monkeypatch.setattr(ParallelMagic, "kernel", SimpleNamespace(Write=print), raising=False)
    assert magic._each(lambda _: (print,)) == {number: ("KeyboardInterrupt", "", ["stopped"]) for number in (0, 1)}
    assert Client.aborted == stopped == [0, 1]


def test_a_board_belongs_to_one_notebook_at_a_time(cluster: Any, tmp_path: Path) -> None:
    first, second = (Jupyter(tmp_path, {"MICROPYTHON_HISTORY": "off", "JPY_SESSION_NAME": name}) for name in ("a", "b"))
    try:
        # Notebooks of other tests were killed, which engines of the same host see.
        assert "4 boards" in first.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT).stdout
        reply = second.run(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT)
        assert "The notebook a on " in reply.stderr and "has it" in reply.stderr
        assert "None of the boards of 2 engines is connected" in reply.error.value
        assert "4 boards" in second.do("%fleet --take", timeout=TIMEOUT).stdout
        error = first.fail("%%fleet 0/virtual0\n1", timeout=TIMEOUT)
        assert "The notebook b has taken it. %fleet --take gets it back." in error.value
        assert second.do("%%fleet 0/virtual0\n1", timeout=TIMEOUT).stdout == "0/virtual0 | 1\n"
        second.do("%fleet --release", timeout=TIMEOUT)
        assert "4 boards" in first.do("%fleet", timeout=TIMEOUT).stdout
        first.close()
        assert "4 boards" in second.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT).stdout
    finally:
        for notebook in (first, second):
            notebook.close(now=True)


def test_on_runs_a_cell_on_boards_of_the_fleet(notebook: Jupyter) -> None:
    error = notebook.fail("%%on fleet:*\n1")
    assert error.value == "No fleet is connected: run %fleet first."
    notebook.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT)
    assert notebook.do("%%on fleet:*\n6 * 7", timeout=TIMEOUT).stdout.count("virtual") == ENGINES * BOARDS
    told = notebook.do("%%on fleet:0/virtual1 fleet:1\n# one word\nprint('here')", timeout=TIMEOUT).stdout
    assert sorted(told.splitlines()) == ["0/virtual1 | here", "1/virtual0 | here", "1/virtual1 | here"]
    error = notebook.fail("%%on fleet:1/virtual0\n1 / 0", timeout=TIMEOUT)
    assert error.value == "1 of 1 boards failed:\n  1/virtual0: ZeroDivisionError: divide by zero"

    assert "no board nobody" in notebook.fail("%%on fleet:nobody\n1").value
    assert "with %%on left and with %%on fleet:0" in notebook.fail("%%on left fleet:0\n1").value
    for magic in ("%%on fleet:*", "%%fleet"):
        assert "%connect does not work inside %%fleet" in notebook.fail(f"{magic}\n%connect auto").value
        assert "%ls stands below code" in notebook.fail(f"{magic}\nx = 1\n%ls").value
    names = [f"{engine}/virtual{board}" for engine in range(ENGINES) for board in range(BOARDS)]
    assert notebook.complete("%%on fle") == [f"%%on fleet:{name}" for name in ("*", *names)]


def test_magics_run_where_the_boards_are(notebook: Jupyter, tmp_path: Path) -> None:
    notebook.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT)
    everywhere = "0/virtual0, 0/virtual1, 1/virtual0, 1/virtual1"
    (tmp_path / "project" / "sub").mkdir(parents=True)
    (tmp_path / "project" / "answer.py").write_text("def answer():\n    return 42\n", encoding="utf-8")
    (tmp_path / "project" / "sub" / "data.txt").write_bytes(b"1\r\n")
    synced = notebook.do("%%fleet\n%sync project /lib\nimport answer\nanswer.answer()", timeout=TIMEOUT).stdout
    assert "Synced project to /lib: 2 files sent (31 bytes), 0 unchanged" in synced
    assert f"{everywhere} | 42" in synced
    absolute = tmp_path / "project" / "answer.py"
    notebook.do(f"%%fleet 1/virtual1\n%upload '{absolute}' copy.py", timeout=TIMEOUT)
    assert notebook.do("%%fleet 1/virtual1\nimport copy\ncopy.answer()", timeout=TIMEOUT).stdout == "1/virtual1 | 42\n"

    compiled = notebook.do("%%fleet\n%sync project /mpy --mpy\nimport os\nos.listdir('/mpy')", timeout=TIMEOUT).stdout
    assert f"{everywhere} | ['answer.mpy', 'sub']" in compiled

    notebook.do("%%python\nimport math\nscale = [1, math.pi]")
    notebook.do("%%fleet\n%put scale top=math.floor(scale[1])", timeout=TIMEOUT)
    notebook.do("%%fleet 0/virtual0\ntop = 4")
    told = notebook.do("%%fleet\n%get twice=top*2", timeout=TIMEOUT).stdout
    assert "twice: int 6" in told and "twice: int 8" in told
    shown = notebook.do("%%python\ntwice").value
    assert shown == "{'0/virtual0': 8, '0/virtual1': 6, '1/virtual0': 6, '1/virtual1': 6}"
    assert "which cannot be sent to boards" in notebook.fail("%%fleet\n%put x=open('project/answer.py')").value

    reply = notebook.do("%%fleet\n%%time\n%%plot\nprint(5)\nprint(6)\n7", timeout=TIMEOUT)
    assert reply.stdout == f"{everywhere} | 7\n"
    assert "1/virtual1  least 5, greatest 6, last 6" in reply.of("display_data")[0]["data"]["text/plain"]
    assert reply.of("display_data")[-1]["data"]["text/plain"].count("/virtual") == ENGINES * BOARDS
    failed = notebook.run("%%fleet\n%%test\ndef test_wrong():\n    assert 1 == 2", timeout=TIMEOUT)
    assert failed.stdout.count("Cell In[") == 1
    assert failed.of("display_data")[0]["data"]["text/plain"].splitlines()[-1].split() == [
        *everywhere.split(),
        "0",
        "1",
    ]

    missing = notebook.fail("%%fleet\n%sync nowhere /lib", timeout=TIMEOUT)
    assert f"{everywhere}: HostFileProblem: nowhere on this computer is not there." in missing.value


def process_of(name: str) -> int:
    """The process of a virtual board; goes to the engine as it stands."""
    from metakernel_micropython.fleet import engine

    (holder,) = [one for one in engine._holders.values() if name in one.boards.names]
    transport: Any = dict(holder.boards)[name].board._session.line.transport
    pid: int = transport._child.pid
    return pid


def test_a_board_that_dies_in_the_middle_is_told_alone(notebook: Jupyter, cluster: Any) -> None:
    notebook.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT)
    doomed = "0/virtual1"

    with cluster.connect_client_sync() as client:
        # Its execute() waits for a message that a busy machine may lose.
        pid = client[0].apply_async(process_of, doomed).get(timeout=TIMEOUT)
    threading.Timer(1.0, psutil.Process(pid).kill).start()
    reply = notebook.run("%%fleet\nimport time\nfor _ in range(30): time.sleep(0.1)\nprint('done')", timeout=TIMEOUT)
    assert reply.error.value.startswith(
        f"1 of 4 boards failed:\n  {doomed}: LineLost: virtual: the virtual board ended"
    )
    assert reply.stdout.count(" | done\n") == ENGINES * BOARDS - 1
    assert doomed not in reply.stdout
    # The next cell has it again.
    reply = notebook.do("%%fleet\n6 * 7", timeout=TIMEOUT)
    assert reply.stdout.count("virtual") == ENGINES * BOARDS
    assert f"{doomed} | [a new virtual board was started" in reply.stderr


def test_the_boards_of_a_lost_engine_run_again_through_another_one(notebook: Jupyter, cluster: Any) -> None:
    notebook.do(f"%fleet --virtual {BOARDS}", timeout=TIMEOUT)
    with cluster.connect_client_sync() as client:
        doomed = client.ids[-1]
        pid = client[doomed].apply_sync(os.getpid)
    notebook.do("%parallel metakernel_micropython MicroPythonKernel", timeout=TIMEOUT)
    threading.Timer(3, os.kill, (pid, signal.SIGKILL)).start()
    start = time.monotonic()
    reply = notebook.do("%%fleet\nimport time\ntime.sleep(6)\nprint('done')", timeout=TIMEOUT)
    assert time.monotonic() - start > 6
    assert reply.stdout.count(" | done\n") == ENGINES * BOARDS
    assert reply.stderr.count(f"engine {doomed} was lost") == BOARDS
    cluster.start_engines_sync(n=1)
    with cluster.connect_client_sync() as client:
        client.wait_for_engines(ENGINES, timeout=TIMEOUT, interactive=False)
        joined = client.ids[-1]
    reply = notebook.do("%%fleet\n6 * 7", timeout=TIMEOUT)
    assert f"[engine {joined} has joined with {joined}/virtual0, {joined}/virtual1]" in reply.stderr
    assert reply.stdout.count("virtual") == (ENGINES + 1) * BOARDS
    assert "joined" not in notebook.do("%%fleet\n6 * 7", timeout=TIMEOUT).stderr
    error = notebook.fail("%px 1", timeout=TIMEOUT)
    assert error.name == "EngineLost"
    assert f"[{doomed}]" in error.text


def test_stop_at_any_moment_leaves_no_board_running(virtual_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "tell_begun", lambda: None)
    names = ["a", "b", "c"]
    said = engine.own([(name, virtual_address) for name in names], NOTEBOOK)
    assert all("MicroPython" in told["banner"] for told in said.values()), said
    expected = False

    def on_signal(*_: Any) -> None:  # the last press may come late
        if expected:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        for delay in range(20):
            over = threading.Event()
            thread = threading.Thread(target=press_stop, args=(delay / 1000, over))
            thread.start()
            # It may come before the cell has begun, as in any engine.
            with suppress(KeyboardInterrupt):
                expected = True
                boards = engine.run(cell("print('on')\nwhile True: pass"), names)["boards"]
                expected = False
                assert {one["failed"][0] for one in boards.values()} == {"KeyboardInterrupt"}
            expected = False
            over.set()
            thread.join()
            boards = engine.run(cell("6 * 7"), names)["boards"]
            assert [one["failed"] for one in boards.values()] == [None] * 3
    finally:
        signal.signal(signal.SIGINT, before)
        engine.release("test")


NOTEBOOK = {
    "user": "test",
    "module": "metakernel_micropython.kernel",
    "class": "MicroPythonKernel",
    "title": "The notebook of a test",
    "host": "elsewhere",
    "pid": 1,
    "started": 0.0,
}


def cell(code: str, **more: Any) -> dict[str, Any]:
    """A cell as the notebook sends it."""
    plain: dict[str, Any] = {
        "user": "test",
        "code": code,
        "text": code,
        "number": 1,
        "files": {},
        "downloads": {},
        "compiled": [],
    }
    plain |= {"variables": {}, "environment": {}, "display": False, "allow_html": False, "reload": False}
    return plain | {"limit": 10_000} | more


def press_stop(delay: float, over: threading.Event) -> None:
    time.sleep(delay)
    while not over.is_set():
        interrupt_main_thread()
        over.wait(0.5)


def test_a_lone_notebook_says_how_to_start_a_cluster(plain: Jupyter) -> None:
    error = plain.fail("%fleet --profile nobody", timeout=TIMEOUT)
    assert error.name == "ConnectError"
    assert "ipcluster start" in error.value


def test_engines_are_chosen_as_lists_and_ranges() -> None:
    there = (0, 1, 2, 5)
    assert _chosen("", there) == there
    assert _chosen("[0,2]", there) == (0, 2)
    assert _chosen("[1:3]", there) == (1, 2)
    assert _chosen("[5, 0:2]", there) == (5, 0, 1)
    for wrong in ("[x]", "[0,]", "[__import__('os')]", "[7]"):
        with pytest.raises(MagicError):
            _chosen(wrong, there)


def test_boards_of_a_fleet_are_chosen_by_names_patterns_and_engines() -> None:
    fleet = Fleet(None, {})
    for name in ("0/a", "0/b", "1/a", "11/a"):
        fleet.members[name] = Member(name, "virtual", "here", int(name.partition("/")[0]))
    assert fleet.choose(["*"]) == ["0/a", "0/b", "1/a", "11/a"]
    assert fleet.choose(["1"]) == ["1/a"]
    assert fleet.choose(["*/a", "0"]) == ["0/a", "0/b", "1/a", "11/a"]
    with pytest.raises(NotConnected, match="no board 2"):
        fleet.choose(["2"])


def test_lines_of_several_boards_stay_whole() -> None:
    said: list[str] = []
    labels = Labels(said.append)
    labels("left", "one\ntw")
    labels("right", "eins\n")
    labels("left", "o\n\n")
    labels("right", "zwei")
    labels.flush()
    assert "".join(said) == "[left] one\n[right] eins\n[left] two\n[left] \n[right] zwei\n"
