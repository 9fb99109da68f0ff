"""What the parts of a cell on several boards share, and answers that the page shows once."""

from __future__ import annotations

import json
import threading

import pytest

from metakernel_micropython.board_tests.results import Outcome, Problem, Result
from metakernel_micropython.board_tests.run import Run
from metakernel_micropython.cell.program import new_mark
from metakernel_micropython.cell.timing import Stopwatch
from metakernel_micropython.errors import LineLost
from metakernel_micropython.magic import ExceptionWrapper
from metakernel_micropython.sessions.board_jobs import without_address
from metakernel_micropython.sessions.board_part import MadeOnce
from metakernel_micropython.sessions.labelled_output import LabelledOutput


def test_a_thing_is_made_once_for_all_who_ask_at_the_same_time() -> None:
    shared, made, begun = MadeOnce(), list[int](), threading.Event()
    found: list[str] = []

    def make() -> str:
        made.append(1)
        begun.wait(10)
        return "it"

    threads = [threading.Thread(target=lambda: found.append(shared.get("key", make))) for _ in range(5)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join(10)
    assert (made, found) == ([1], ["it"] * 5)


def test_who_waits_gets_the_error_too_or_is_stopped() -> None:
    shared = MadeOnce()

    def fails() -> None:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            shared.get("key", fails)
    going = threading.Event()
    threading.Thread(target=shared.get, args=("slow", lambda: going.wait(20)), daemon=True).start()
    while "slow" not in shared._made:
        pass
    with pytest.raises(KeyboardInterrupt):
        shared.get("slow", lambda: None, lambda: True)
    going.set()


def page(names: list[str]) -> tuple[LabelledOutput, list[str]]:
    shown: list[str] = []
    return LabelledOutput(names, lambda _, text: shown.append(text), None), shown


def test_answers_of_one_board_stay_in_their_order_and_equal_ones_are_one() -> None:
    paper, shown = page(["a", "b"])
    for name, first in (("b", "other"), ("a", "first")):
        paper.hold(name, "stdout", first)
        paper.hold(name, "stdout", "second\n")
    paper.release()
    paper.show()
    assert "".join(shown) == "a | first\nb | other\na, b | second\n"


def test_what_a_board_prints_comes_behind_its_answers() -> None:
    paper, shown = page(["a", "b"])
    paper.hold("a", "stdout", "sent")
    paper.write("b", "stdout", "b prints\n")
    paper.show()
    assert "".join(shown) == "b | b prints\n"
    paper.write("a", "stdout", "a prints\n")
    paper.show()
    assert "".join(shown[1:]) == "a | sent\na | a prints\n"


def test_no_value_of_a_board_is_taken_for_the_stopwatchs_clock() -> None:
    marks = {new_mark() for _ in range(50)}
    for mark in [mark for mark in marks for _ in marks]:  # they take turns
        watch = Stopwatch()
        assert watch.feed(f"{mark}[7]{mark}\n") + watch.flush() == f"{mark}[7]{mark}\n"


def test_a_run_of_tests_crosses_as_json() -> None:
    problem = Problem("", "AssertionError", "assert 1 == 2", "Traceback ...")
    results = [
        Result("a.py", "test_a", 3, Outcome.FAILED, 0.5, "out", (problem,)),
        Result("", "test_b", 0, Outcome.SKIPPED, reason="no LED"),
    ]
    run = Run(results, ["test_c"], 2, "", LineLost("gone"), "test_b")
    told = Run.of_data(json.loads(json.dumps(run.as_data())))
    assert (told.results, told.not_run, told.left_out, str(told.broken)) == (results, ["test_c"], 2, "gone")


def test_equal_errors_of_boards_on_different_lines_are_equal() -> None:
    def told(address: str) -> tuple[str, list[str]]:
        text = f"There is no x on the board on {address}. The board on {address}, which is new, and {address}0."
        failed = without_address(
            ExceptionWrapper("NoSuchFile", text, ["NoSuchFile: the board", f"on {address}."]), address
        )
        return failed.evalue, failed.traceback

    text, lines = told("/dev/ttyACM1")
    assert text == "There is no x on the board. The board, which is new, and /dev/ttyACM10."
    assert lines == ["NoSuchFile: the board."]
    assert lines == told("COM7")[1]
