"""%connect --log and %connect replay:FILE: notebooks give the same outputs without their board."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from metakernel_micropython.install import install
from metakernel_micropython.transports import recording

from ..boards import Microbit
from ..kernel.test_input import Person

if TYPE_CHECKING:
    from ..conftest import Start
    from ..front_end import Jupyter

EXAMPLES = Path(__file__).parents[2] / "examples"


def executed(path: Path, folder: Path, connect: str) -> list[list[Any]]:
    """The outputs of a notebook's cells, without those of its %connect and %disconnect, and without its address."""
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[1].source.startswith("%connect")
    notebook.cells[1].source = connect
    spec = importlib.util.spec_from_file_location("examples_run", EXAMPLES / "run.py")
    assert spec is not None
    assert spec.loader is not None
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    result = runner.execute(notebook, folder)
    cells = [cell for cell in result.cells if cell.cell_type == "code" and "connect" not in cell.source]
    return [[_comparable(output, connect.split()[1]) for output in cell.outputs] for cell in cells]


def _comparable(output: Any, address: str) -> str:
    """An output without the board's address, line breaks, which depend on it, and this computer's time."""
    text = " ".join(json.dumps(output, sort_keys=True).replace("\\n", " ").split())
    text = re.sub(r"host time: [\d.]+ \S+", "host time", text)
    return text.replace(address, "virtual")


@pytest.mark.parametrize("name", ["01-first-steps", "02-files", "06-understanding"])
def test_a_recorded_example_gives_the_same_outputs_again(
    name: str, tmp_path: Path, virtual_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(prefix=str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    notebook = EXAMPLES / f"{name}.ipynb"
    recorded = executed(notebook, tmp_path, f"%connect {virtual_address} --log board.jsonl")
    assert sum(map(bool, recorded)) > len(recorded) / 2
    replayed = executed(notebook, tmp_path, "%connect replay:board.jsonl")
    assert replayed == recorded


CELLS = [
    "%%file one.py\nx = 'größe'\n",
    "from one import x\nx",
    "%ls",
    "for i in range(3):\n    print(i)\ni * 7",
    "1/0",
    "%who",
    "def f(",
    "%reboot",
    "x",
    "%rtc",
    "%info",
    "%rm one.py",
    "%cat one.py",
]


def outcome(kernel: Jupyter, cell: str) -> tuple[object, ...]:
    reply = kernel.run(cell, timeout=60)
    error = (reply.error.name, reply.error.value) if not reply.ok else ()
    return reply.stdout, reply.told, reply.value, error, len(reply.of("display_data"))


@pytest.mark.parametrize("kind", ["virtual", pytest.param("microbit", marks=pytest.mark.soak)])
def test_magics_and_cells_say_the_same_again(start: Start, kind: str, tmp_path: Path) -> None:
    kernel = start()
    microbit = Microbit() if kind == "microbit" else None
    address = microbit.address if microbit else "virtual"
    try:
        kernel.do(f"%connect {address} --log board.jsonl")
        before = [outcome(kernel, cell) for cell in CELLS]
        kernel.do("%disconnect")
    finally:
        if microbit:
            microbit.unplug()
    kernel.do("%connect replay:board.jsonl")
    after = [outcome(kernel, cell) for cell in CELLS]
    for cell, first, second in zip(CELLS, before, after, strict=True):
        told = [str(one).replace("replay:board.jsonl", address) for one in second]
        if cell != "%rtc":
            assert [" ".join(one.split()) for one in told] == [" ".join(str(one).split()) for one in first], cell
    kernel.complete("impo")
    kernel.complete("one.")
    kernel.do("%comment still there")


def test_a_cell_that_differs_fails_and_the_notebook_goes_on_when_it_is_right_again(start: Start) -> None:
    kernel = start()
    kernel.do("%connect virtual --log board.jsonl")
    kernel.do("a = 20\na + 1")
    kernel.do("print('second')")
    kernel.do("%disconnect")
    kernel.do("%connect replay:board.jsonl")
    error = kernel.fail("a = 20\na + 2")
    assert error.name == "RecordingDiffers"
    assert "cell 2 of the recording board.jsonl was another one" in error.value
    assert 'its line 2 is "a + 1", and now it is "a + 2"' in error.value
    assert kernel.fail("print('second')").name == "RecordingDiffers"
    assert kernel.do("a = 20\na + 1").value == "21"
    assert kernel.do("print('second')").stdout == "second\n"
    assert "no more programs" in kernel.fail("print('third')").value
    assert "has no answer" in kernel.fail("%ls").value


def split_into_bytes(path: Path) -> None:
    """Have a recording's board say one byte at a time, as a slow line may."""
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    split: list[Any] = []
    for event in events:
        if event.get("event") == "received" and "text" in event:
            split += [{**event, "text": character} for character in event["text"]]
        else:
            split.append(event)
    assert len(split) > 2 * len(events)
    path.write_text("".join(json.dumps(event) + "\n" for event in split), encoding="utf-8")


@pytest.mark.parametrize("in_bytes", [False, True])
def test_values_are_shown_however_the_line_splits_them(start: Start, tmp_path: Path, in_bytes: bool) -> None:
    kernel = start()
    kernel.do("%connect virtual --log board.jsonl\n6 * 7")
    kernel.do("%disconnect")
    if in_bytes:
        split_into_bytes(tmp_path / "board.jsonl")
    assert kernel.do("%connect replay:board.jsonl\n6 * 7").value == "42"


@pytest.mark.parametrize("in_bytes", [False, True])
def test_tracebacks_name_the_lines_of_the_cell_that_runs_now(start: Start, tmp_path: Path, in_bytes: bool) -> None:
    kernel = start()
    kernel.do("%connect virtual --log board.jsonl")
    assert ", line 2" in kernel.run("def f():\n    1/0\nf()").error.text
    kernel.do("%disconnect")
    if in_bytes:
        split_into_bytes(tmp_path / "board.jsonl")
    error = kernel.run("%connect replay:board.jsonl\n\ndef f():\n    1/0\nf()").error
    assert error.name == "ZeroDivisionError"
    assert ", line 4, in f\n    1/0" in error.text
    assert ", line 5, in <module>" in error.text


def test_a_recording_takes_the_place_of_every_board(start: Start, tmp_path: Path) -> None:
    first = start()
    first.do("%connect virtual --log board.jsonl\n6 * 7")
    first.do("%disconnect")
    recorded = (tmp_path / "board.jsonl").read_bytes()
    second = start({"MICROPYTHON_REPLAY": "board.jsonl"})
    reply = second.do("%connect /dev/ttyNONE --baud 9600 --log board.jsonl\n6 * 7")
    assert "Connected to replay:board.jsonl" in reply.stdout
    assert reply.value == "42"
    second.do("%disconnect")
    assert (tmp_path / "board.jsonl").read_bytes() == recorded
    kernel = start({"MICROPYTHON_BOARD": "replay:board.jsonl"})
    assert kernel.do("6 * 7").value == "42"


def test_secrets_are_not_in_a_recording_and_it_plays_without_them(start: Start, tmp_path: Path) -> None:
    kernel = start()
    kernel.do("%connect virtual --log board.jsonl")
    cell = "word = input('Password: ')\nprint('it is', word)\nlen(word)"
    reply = Person(kernel, "correct horse").run(cell)
    assert reply.stdout.endswith("it is correct horse\n")
    kernel.do("%disconnect")
    assert b"horse" not in (tmp_path / "board.jsonl").read_bytes()
    kernel.do("%connect replay:board.jsonl")
    again = Person(kernel, "whatever").run(cell)
    assert again.stdout.endswith("it is ***\n")
    assert again.value == reply.value == "13"


def test_what_cannot_be_recorded_or_replayed_is_told(start: Start, tmp_path: Path) -> None:
    kernel = start()
    (tmp_path / "kept.txt").write_text("kept")
    assert "kept.txt is no recording, and is not overwritten" in kernel.fail("%connect virtual --log kept.txt").value
    assert (tmp_path / "kept.txt").read_text() == "kept"
    kernel.do("%connect virtual --log kept.txt --force\n1")
    assert "was cut: its end is missing" in kernel.fail("%connect replay:kept.txt").value
    assert kernel.do("%connect replay:kept.txt?partial=1\n1").value == "1"
    kernel.do("%disconnect")
    assert "is the recording that is to be replayed" in kernel.fail("%connect replay:kept.txt --log kept.txt").value
    assert "kept.txt is no recording" not in kernel.fail("%connect replay:none.txt").value
    assert "--pace is for recordings" in kernel.fail("%connect virtual --pace").value
    (tmp_path / "text.txt").write_text("hello")
    assert "is no recording of a board's line" in kernel.fail("%connect replay:text.txt").value
    assert "%connect replay:kept.txt" in kernel.complete("%connect replay:k")
    assert "%connect replay:" in kernel.complete("%connect re")
    assert "%connect virtual --log kept.txt" in kernel.complete("%connect virtual --log ke")
    assert len(recording.load(tmp_path / "kept.txt", partial=True)) > 5


@pytest.mark.soak
def test_a_recording_plays_at_its_own_pace(start: Start) -> None:
    kernel = start()
    cell = "import time\nprint('go')\ntime.sleep(1)\nprint('end')"
    kernel.do("%connect virtual --log board.jsonl\n" + cell)
    kernel.do("%disconnect")
    kernel.do("%connect replay:board.jsonl --pace")
    reply = kernel.do(cell)
    times = [at for at, _ in reply.streams()]
    assert reply.stdout == "go\nend\n"
    assert times[-1] - times[0] > 0.5
    kernel.do("%connect replay:board.jsonl --pace")
    reply = kernel.run(cell, stop_at="go")
    assert reply.error.name == "KeyboardInterrupt"
