"""Several boards in one notebook: names, the one that cells run on, and cells on many at the same time."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from metakernel_micropython.sessions.labelled_output import LabelledOutput, grouped
from metakernel_micropython.sessions.registry import is_name, short_name

from .. import preloaded_boards
from ..boards import Cable
from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..boards import Microbit
    from ..conftest import Start


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    """A kernel with two virtual boards, left and right."""
    kernel = Jupyter(tmp_path_factory.mktemp("notebooks"))
    try:
        kernel.do(f"%connect {virtual_address} --name left\n%connect {virtual_address} --name right")
        yield kernel
    finally:
        kernel.close(now=True)


def test_a_cell_runs_on_the_board_that_was_connected_last_or_that_use_names(pair: Jupyter) -> None:
    pair.do("%%on left right\ndel_me = 0")
    pair.do("%use left\nwho = 'l'")
    assert pair.do("%use right\nwho = 'r'\nwho").value == "'r'"
    assert pair.do("who").value == "'r'"
    assert "Cells run on left: virtual" in pair.do("%use left").stdout
    assert pair.do("who").value == "'l'"


def test_a_cell_on_several_boards_shows_who_says_what(pair: Jupyter) -> None:
    pair.do("%use left\nwho = 'l'")
    pair.do("%use right\nwho = 'r'")
    reply = pair.do("# on both\n%%on left right\nprint('I am', who)\nwho * 2")
    assert sorted(reply.stdout.splitlines()) == ["left  | 'll'", "left  | I am l", "right | 'rr'", "right | I am r"]
    assert (reply.value, reply.stderr) == (None, "")
    assert sorted(pair.do("%%on all\nprint(1)").stdout.splitlines()) == ["left  | 1", "right | 1"]
    assert pair.do("%%on right\nprint(1)").stdout == "right | 1\n"


def test_output_comes_while_the_boards_run_and_at_the_same_time(pair: Jupyter) -> None:
    reply = pair.do("%%on all\nimport time\nprint('go')\ntime.sleep(1.5)\nprint('wait', end='')\ntime.sleep(1.5)\n1")
    assert reply.seconds < 6
    shown = reply.streams()
    first = next(at for at, text in shown if "go" in text)
    part = next(at for at, text in shown if "wait" in text)
    assert reply.seconds - first > 2.5
    assert reply.seconds - part > 0.5


def test_an_error_on_one_board_fails_the_cell_and_not_the_other_board(pair: Jupyter) -> None:
    pair.do("%use left\nn = 0")
    pair.do("%use right\nn = 2")
    reply = pair.run("%%on left right\n\nprint(6 // n)")
    assert reply.error.name == "BoardsFailed"
    assert reply.error.value == "1 of 2 boards failed:\n  left: ZeroDivisionError: divide by zero"
    assert reply.stdout == "right | 3\n"
    assert "left  |   Cell In[" in reply.stderr
    assert "line 3" in reply.stderr
    assert pair.do("%%on all\nprint(n)").stdout.count("\n") == 2


def test_stop_interrupts_all_boards_and_keeps_their_variables(pair: Jupyter) -> None:
    pair.do("%%on all\nn = 0")
    reply = pair.run("%%on all\nwhile True: n += 1", stop_at_start=1.0)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds < 6
    assert sorted(reply.stderr.replace("\x1b[0;31m", "").replace("\x1b[1m", "").replace("\x1b[0m", "").split("\n")) == [
        "",
        "left, right | stopped",
    ]
    assert "False" not in pair.do("%%on all\nn > 10").stdout


def test_a_program_that_does_not_want_to_stop_is_given_up_for_its_board_alone(pair: Jupyter) -> None:
    deaf = "def work():\n import micropython\n micropython.kbd_intr(-1)\n while True: pass"
    pair.do(f"%use right\n{deaf}")
    pair.do("%use left\ndef work():\n while True: pass")
    reply = pair.run("%%on all\nwork()", stop_at_start=1.0)
    assert reply.error.name == "BoardsFailed"
    assert "right: BoardBusy: The board did not stop" in reply.error.value
    assert "left  | stopped" in reply.stderr
    assert reply.seconds < 15
    assert pair.do("%use left\n1").value == "1"
    pair.do("%disconnect right\n%connect virtual --name right")


def test_file_magics_act_on_each_board(pair: Jupyter, tmp_path: Path) -> None:
    source = tmp_path / "module_of_mine.py"
    source.write_text("answer = 42\n")
    reply = pair.do(f"%%on left right\n%upload {source}\n%ls\nimport module_of_mine\nmodule_of_mine.answer")
    assert reply.stdout.startswith("left, right | Sent module_of_mine.py: 12 bytes")
    assert reply.stdout.endswith("left, right | 42\n")
    pair.do("%%on all\n%sendtofile note.txt\nthis is\n%not a magic")
    assert pair.do("%%on all\n%cat note.txt").stdout.splitlines() == [
        "left, right | this is",
        "left, right | %not a magic",
    ]
    pair.do("%use right\n%rm note.txt")
    reply = pair.run("%%on all\n%rm note.txt\nprint('removed')")
    assert reply.error.value.startswith("1 of 2 boards failed:\n  right: NoSuchFile")
    assert reply.stdout.endswith("left  | removed\n")


def test_a_folder_goes_to_each_board_as_far_as_it_lacks_it(pair: Jupyter, tmp_path: Path) -> None:
    folder = tmp_path / "synced"
    folder.mkdir()
    (folder / "one.txt").write_text("1")
    pair.do(f"%use left\n%sync {folder}")
    (folder / "two.txt").write_text("22")
    told = pair.do(f"%%on all\n%sync {folder}").stdout
    assert "left  | Synced" in told and "1 file sent (2 bytes), 1 unchanged" in told
    assert "right | Synced" in told and "2 files sent (3 bytes), 0 unchanged" in told
    listed = pair.do("%%on all\nimport os\nsorted(os.listdir('synced'))").stdout.splitlines()
    assert listed == ["left, right | ['one.txt', 'two.txt']"]


def test_stop_ends_transfers_between_their_steps_and_leaves_nothing_half(pair: Jupyter, tmp_path: Path) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(bytes(range(256)) * 40_000)
    reply = pair.run(f"%%on all\n%upload {source}", stop_at_start=1.0)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds < 12
    assert "big" not in pair.do("%%on all\n%ls").stdout


@pytest.mark.parametrize("cell", ["%%time\n%%on all\n6 * 7", "%%on all\n%%time\n6 * 7", "%%on all\n%time 6 * 7"])
def test_times_are_a_table_by_board(pair: Jupyter, cell: str) -> None:
    reply = pair.do(cell)
    assert reply.stdout == "left, right | 42\n"
    table = reply.of("display_data")[0]["data"]["text/plain"].splitlines()
    assert table[0].split("  ")[0] == "board"
    assert [line.split()[0] for line in table[2:4]] == ["left", "right"]
    assert all(line.count("s") == 2 for line in table[2:4])  # ms or s, of the board and of the host


@pytest.mark.parametrize(
    ("cell", "name", "hint"),
    [
        ("%%on lft\n1", "NotConnected", "Did you mean left?"),
        ("%%on left nobody\n1", "NotConnected", "Connected: left, right"),
        ("%%on\n1", "MagicError", "usage: %%on"),
        ("%%on all\n%connect virtual", "MagicError", "%connect does not work inside %%on"),
        ("%%on all\n%romfs build x", "MagicError", "%romfs does not work inside %%on: build makes a file on this comp"),
        ("%%on all\n%firmware install", "MagicError", "writes one board at a time"),
        ("%%on all\n%reboot --run 2", "MagicError", "--run watches the board that cells run on"),
        ("%%on all\n%df\n%python 1", "MagicError", "%python does not work inside %%on: it runs on this computer, once"),
        ("%%on all\n%upload x --nothing", "MagicError", "unrecognized arguments: --nothing"),
        ("%%on all\n%plot on\n1", "MagicError", "%plot does not work inside %%on: it is a setting"),
        ("%%on all\n%%test --coverage\n1", "MagicError", "--coverage follows one board"),
        ("%%on all\n%fleet", "MagicError", "%fleet does not work inside %%on"),
        ("%%on all\n%px 1", "MagicError", "%px does not work inside %%on"),
        ("%%lineprofile\n%%on all\n1", "MagicError", "follows one board (%%coverage, %%lineprofile"),
        ("%assert_output 1\n%%on all\n1", "MagicError", "follows one board (%%coverage, %%lineprofile"),
        ("%%lineprofile\n%%fleet\n1", "MagicError", "follows one board (%%coverage, %%lineprofile"),
        ("%%on all\n%capture x.txt\n1", "MagicError", "%capture does not work"),
        ("%%on all\n!ls", "MagicError", "!ls does not work"),
        ("%%on all\n%no-such-magic", "MagicError", "no magic %no-such-magic"),
        ("%use nobody", "NotConnected", "No board is called nobody"),
        ("%disconnect nobody", "NotConnected", "No board is called nobody"),
        ("%connect virtual --name all", "MagicError", "cannot be a name"),
        ("%connect virtual --name 'a b'", "MagicError", "cannot be a name"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_touches_no_board(
    pair: Jupyter, cell: str, name: str, hint: str
) -> None:
    reply = pair.run(cell)
    assert reply.error.name == name
    assert hint in reply.error.value
    assert reply.stdout == ""


def test_a_magic_below_code_is_told_behind_the_syntax_errors_of_the_boards(pair: Jupyter) -> None:
    error = pair.fail("%%on all\nx = 1\n%ls")
    assert "left, right: SyntaxError: invalid syntax" in error.value
    assert error.value.endswith("\n%ls stands below code: magics go to the top of a cell, or into one of their own.")
    error = pair.fail('%%on all\n"""\n%header\n"""\nx x')
    assert "stands below code" not in error.value


def test_a_question_on_several_boards_fails_and_does_not_wait(pair: Jupyter) -> None:
    reply = pair.run("%%on left right\nname = input('who? ')", allow_stdin=True)
    assert "CannotAsk" in reply.error.value
    assert "who?" in reply.error.value
    assert reply.seconds < 8
    assert pair.do("%%on all\nprint(1)").stdout.count("| 1\n") == 2


def test_a_capture_takes_the_labelled_output(pair: Jupyter, tmp_path: Path) -> None:
    pair.do(f"%capture {tmp_path / 'all.txt'}\n%%on left\nprint(7)")
    assert (tmp_path / "all.txt").read_text() == "left | 7\n"


def test_names_are_completed(pair: Jupyter) -> None:
    assert pair.complete("%use l") == ["%use left"]
    assert pair.complete("%%on left ri") == ["%%on left right"]
    assert pair.complete("%disconnect ") == ["%disconnect all", "%disconnect left", "%disconnect right"]


def test_boards_lists_all_and_marks_the_one_that_cells_run_on(pair: Jupyter) -> None:
    pair.do("%use left")
    lines = pair.do("%boards").stdout.splitlines()
    assert lines[0] == "connected: 2 (* is the one that cells run on)"
    assert lines[1].startswith("* left   virtual  MicroPython v")
    assert lines[2].startswith("  right  virtual  MicroPython v")
    assert lines[3] == "plugged in:"


def test_disconnect_frees_by_name_and_no_other_board_takes_its_place_unasked(
    start: Start, virtual_address: str
) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("\n".join(f"%connect {virtual_address} --name {name}" for name in "abc"))
    assert kernel.do("%disconnect a").stdout == "Disconnected from a (virtual).\n"
    assert kernel.do("1").value == "1"
    assert "Connected: b" in kernel.do("%disconnect").stdout
    error = kernel.fail("1")
    assert error.name == "NotConnected"
    assert "%use NAME" in error.value
    assert kernel.do("%use b\n1").value == "1"
    # Boards without a name take each other's place, and leave the others alone.
    kernel.do(f"%connect {virtual_address}\nx = 1")
    kernel.do(f"%connect {virtual_address}")
    assert kernel.fail("x").name == "NameError"
    assert "* virtual" in kernel.do("%boards").stdout
    assert kernel.do(f"%connect {virtual_address} --name b").stdout.startswith("Connected to virtual as b: MicroPython")
    assert kernel.do("%disconnect all").stdout.count("\n") == 2
    assert kernel.do("%boards").stdout.startswith("connected: none")


def test_a_port_is_connected_once(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address} --name bit")
    assert "%use bit" in kernel.fail(f"%connect {microbit.address}").value
    assert kernel.do("1").value == "1"
    kernel.do(f"%connect {microbit.address} --name bit")


def test_a_lost_board_among_several_comes_back_by_itself(
    start: Start, microbit: Microbit, virtual_address: str
) -> None:
    cable = Cable(microbit.port)
    try:
        kernel = start()
        kernel.do(f"%connect {virtual_address} --name wasm\n%connect {cable.address} --name bit")
        kernel.do("%%on all\nx = 7")
        threading.Timer(1.0, cable.pull).start()
        reply = kernel.run("%%on all\nimport utime as time\nfor i in range(30): time.sleep_ms(100)\nprint('done')")
        assert reply.error.value.startswith("1 of 2 boards failed:\n  bit: LineLost")
        assert "wasm | done" in reply.stdout
        assert "bit   " in kernel.do("%boards").stdout
        reply = kernel.do("%%on all\nprint(x)")
        assert sorted(reply.stdout.splitlines()) == ["bit  | 7", "wasm | 7"]
        assert "bit  | [connected again" in reply.stderr
    finally:
        cable.close()


@pytest.mark.skipif(sys.platform == "win32", reason="processes are looked at as POSIX has them")
def test_sixteen_boards_run_a_cell_at_once_and_one_that_dies_is_told_alone(start: Start, virtual_address: str) -> None:
    kernel = start({preloaded_boards.VARIABLE: None})  # its boards are its own processes
    for first in (0, 8):
        names = [f"b{number}" for number in range(first, first + 8)]
        kernel.do("\n".join(f"%connect {virtual_address} --name {name}" for name in names), timeout=120)
    kernel.do("%%on all\nimport time\nboard = None", timeout=60)
    began = time.monotonic()
    reply = kernel.do("%%on all\ntime.sleep(1)\nprint('slept')", timeout=60)
    assert time.monotonic() - began < 12  # one after the other it would take 16 s
    assert sorted(reply.stdout.split()[::3]) == sorted(f"b{number}" for number in range(16))
    boards = psutil.Process(kernel.manager.provisioner.pid).children()  # type: ignore[attr-defined]
    assert len(boards) == 16
    boards.sort(key=lambda process: process.create_time())
    threading.Timer(1.0, boards[5].kill).start()
    reply = kernel.run("%%on all\nfor _ in range(30): time.sleep(0.1)\nprint('done')", timeout=60)
    assert reply.error.value.startswith("1 of 16 boards failed:\n  b5: LineLost: ")
    assert reply.stdout.count("| done\n") == 15
    assert "b5" not in reply.stdout
    began = time.monotonic()
    kernel.close()
    assert time.monotonic() - began < 10
    for board in boards:
        assert not board.is_running() or board.status() == psutil.STATUS_ZOMBIE


# The parts.


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("virtual", "virtual"),
        ("virtual:~/my board", "my-board"),
        ("/dev/ttyACM0", "ttyACM0"),
        ("COM5", "COM5"),
        ("ws://pico.local", "pico.local"),
        ("ws://192.168.4.1", "ws-192.168.4.1"),
        ("socket://localhost:2000", "localhost-2000"),
        ("exec:/usr/bin/micropython -X heapsize=1m", "micropython"),
        ("id:E661", "E661"),
        ("2e8a:0005", "usb-2e8a-0005"),
        ("virtual:all", "virtual-all"),
        ("virtual:/", "virtual"),
    ],
)
def test_an_address_gives_a_name(address: str, name: str) -> None:
    assert short_name(address) == name
    assert is_name(name)


def page() -> tuple[LabelledOutput, list[tuple[str, str]]]:
    shown: list[tuple[str, str]] = []
    return (
        LabelledOutput(
            ["a", "long"],
            lambda stream, text: shown.append((stream, text)),
            lambda data: shown.append(("data", data["text/html"])),
        ),
        shown,
    )


def test_data_stands_below_a_line_with_its_boards_name() -> None:
    paper, shown = page()
    paper.write("a", "stdout", "begun")
    paper.display("a", {"text/plain": "x\n1", "text/html": "<table>"})
    paper.write("long", "stdout", "after\n")
    paper.show()
    assert shown == [
        ("stdout", "a    | begun\na    | <text/html>\n"),
        ("data", "<table>"),
        ("stdout", "long | after\n"),
    ]


def test_what_boards_give_to_be_shown_comes_with_their_names(pair: Jupyter) -> None:
    pair.do("%use left\n%display on")
    try:
        reply = pair.do("%%on all\ndisplay([{'a': 1}])\ndisplay('plain')\ndisplay('b', ['c'])\n'end'")
        lines = sorted(reply.stdout.splitlines())
        assert lines == [
            *(f"{name:<5} | {text}" for name in ("left",) for text in ("<text/html>", "plain")),
            "left, right | 'end'",
            *(f"right | {text}" for text in ("<text/html>", "plain")),
        ]
        assert [list(content["data"]) for content in reply.of("display_data")] == [["text/plain", "text/html"]] * 2
        assert reply.stderr.count("gave something that is not shown") == 2
    finally:
        pair.do("%use right\n%display off")
    for name in ("left", "right"):
        assert pair.fail(f"%use {name}\ndisplay(1)").name == "NameError"


def test_use_wants_one_board(pair: Jupyter) -> None:
    assert "Cells run on one board" in pair.fail("%use all").value


def test_boards_tells_a_name_that_was_chosen(start: Start, virtual_address: str) -> None:
    assert "lonely" in start().do(f"%connect {virtual_address} --name lonely\n%boards").stdout


def test_lines_are_whole_and_never_mixed() -> None:
    paper, shown = page()
    for piece in ("one", " line\nsec", "ond\n"):
        paper.write("a", "stdout", piece)
        paper.write("long", "stdout", piece.upper())
    paper.show()
    assert shown == [("stdout", "a    | one line\nlong | ONE LINE\na    | second\nlong | SECOND\n")]


def test_what_has_no_line_end_is_shown_when_the_board_is_done_or_after_a_while() -> None:
    paper, shown = page()
    paper.write("a", "stdout", "end")
    paper.show()
    assert shown == []
    paper.end("a")
    paper.show()
    assert shown == [("stdout", "a    | end\n")]
    paper.write("long", "stdout", "wait")
    time.sleep(0.6)
    paper.show()
    assert shown[1:] == [("stdout", "long | wait\n")]


def test_errors_stand_apart_and_lose_their_colours() -> None:
    paper, shown = page()
    paper.write("a", "stdout", "x\n")
    paper.write("a", "stderr", "\x1b[0;31mred\x1b[0m\n")
    paper.write("a", "stdout", "y\n")
    paper.show()
    assert shown == [("stdout", "a    | x\n"), ("stderr", "a    | red\n"), ("stdout", "a    | y\n")]


def test_of_a_line_that_is_written_over_the_last_state_counts() -> None:
    paper, shown = page()
    paper.write("a", "stdout", "10%\r20%\rdone\n")
    paper.write("a", "stdout", "30%\r      \r")
    paper.end("a")
    paper.show()
    assert shown == [("stdout", "a    | done\n")]


def test_a_flood_waits_until_it_is_shown_and_ends_with_the_page() -> None:
    paper, _ = page()
    written = threading.Event()

    def flood() -> None:
        for _ in range(40):
            paper.write("a", "stdout", "x" * 60_000 + "\n")
        written.set()

    threading.Thread(target=flood, daemon=True).start()
    assert not written.wait(0.5)
    paper.show()
    assert not written.wait(0.3)
    paper.close()
    assert written.wait(5)


def test_equal_values_are_shown_once_and_different_ones_in_the_order_of_names(pair: Jupyter) -> None:
    assert pair.do("%%on right left\n1\n'two\\nlines'").stdout == "left, right | 'two\\nlines'\n"
    pair.do("%use left\nwho = 'l'")
    pair.do("%use right\nwho = 'r'")
    assert pair.do("%%on right left\nwho").stdout == "left  | 'l'\nright | 'r'\n"


def test_equal_errors_are_shown_once(pair: Jupyter) -> None:
    reply = pair.run("%%on all\n1/0")
    assert reply.error.value == "2 of 2 boards failed:\n  left, right: ZeroDivisionError: divide by zero"
    assert reply.stderr.count("Traceback") == 1


def test_the_value_of_a_fast_board_does_not_wait_for_a_slow_one(pair: Jupyter) -> None:
    pair.do("%use left\nwait = 0")
    pair.do("%use right\nwait = 3")
    reply = pair.do("%%on all\nimport time\ntime.sleep(wait)\nwait")
    shown = {text: at for at, text in reply.streams()}
    assert shown["right | 3\n"] - shown["left  | 0\n"] > 1


def test_patterns_name_boards(pair: Jupyter) -> None:
    assert pair.do("%%on l*\n1").stdout == "left  | 1\n".replace("  |", " |")
    assert pair.do("%%on *f? right\n1").stdout == "left, right | 1\n"
    assert "No board is called x*" in pair.fail("%%on x*\n1").value
    assert "is a pattern" in " ".join(pair.fail("%use *").value.split())


def test_get_makes_a_dict_by_the_boards_names(pair: Jupyter) -> None:
    pair.do("%use left\nx = 1")
    pair.do("%use right\nx = 2.5")
    pair.do("%%on all\n%get x double=x*2")
    assert pair.do("%%python\nx, double").value == "({'left': 1, 'right': 2.5}, {'left': 2, 'right': 5.0})"
    pair.do("%use right\ny = 1")
    pair.do("%use left\n%reboot")
    assert "left: NameError" in pair.fail("%%on all\n%get y").value
    assert pair.do("%%python\ny").value == "{'right': 1}"
    pair.do("%use right\n%get x")
    assert pair.do("%%python\nx").value == "2.5"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["desk2", "desk1", "desk3"], "desk1–desk3"),  # noqa: RUF001
        (["desk9", "desk10"], "desk9, desk10"),
        (["a1", "a2", "a4", "b", "a3", "b5"], "a1–a4, b, b5"),  # noqa: RUF001
        (["desk09", "desk10", "desk08"], "desk08, desk09, desk10"),
        (["3", "left"], "3, left"),
    ],
)
def test_names_in_a_row_are_told_as_the_first_and_the_last(names: list[str], told: str) -> None:
    assert grouped(names) == told


def test_a_long_label_stands_above_what_its_boards_say() -> None:
    shown: list[str] = []
    names = [f"a-rather-long-name-{letter}" for letter in "abcdef"]
    page = LabelledOutput(names, lambda _, text: shown.append(text), lambda _: None)
    for name in names:
        page.hold(name, "stdout", "1")
    page.release()
    page.show()
    first, second = "".join(shown).splitlines()
    assert first == ", ".join(names) + ":"
    assert second.strip() == "| 1"
