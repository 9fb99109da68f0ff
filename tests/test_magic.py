"""A magic's call has a state of its own; what the magic keeps lasts."""

from __future__ import annotations

import contextvars
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from metakernel_micropython.magic import BoardMagic, ExceptionWrapper, MagicError, Namespace, argument, arguments


class Kernel(SimpleNamespace):
    """What a magic needs of a kernel here."""

    def __init__(self) -> None:
        super().__init__(printed=[], magic=None)

    def Print(self, *words: object, end: str = "\n") -> None:  # noqa: N802 - MetaKernel's name
        self.printed.append(" ".join(map(str, words)))


class ProbeMagic(BoardMagic):
    """A magic as people write them."""

    calls = 0

    @arguments(argument("word"))
    def line_probe(self, args: Namespace) -> None:
        """%probe WORD - for tests."""
        self.calls += 1
        if args.word == "fail":
            raise MagicError("no")
        if args.word == "nested":
            inner = self.call_magic("line", "probe", "inner", "swallow")
            assert (inner.code, inner.evaluate) == ("inner!", False)
        if args.word == "end":
            self.at_end(lambda: self.kernel.Print(f"end of {self.code}"))
        if args.word == "bad_end":
            self.at_end(self.bad_end)
        if args.word == "meet":
            self.kernel.barrier.wait()
        self.code += "!"
        if args.word == "swallow":
            self.evaluate = False
        if args.word == "meet":
            self.kernel.barrier.wait()

    def bad_end(self) -> None:
        raise MagicError("the end went wrong")


@pytest.fixture
def magic() -> ProbeMagic:
    kernel: Any = Kernel()
    return ProbeMagic(kernel)


def test_threads_that_call_a_magic_at_the_same_time_do_not_meet_each_others_cells(magic: ProbeMagic) -> None:
    magic.kernel.barrier = threading.Barrier(8, timeout=30)
    left: dict[str, str] = {}

    def call(code: str) -> None:
        left[code] = magic.call_magic("line", "probe", code, "meet").get_code()

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(call, f"cell{number}"), daemon=True)
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert left == {f"cell{number}": f"cell{number}!" for number in range(8)}


def test_a_run_that_failed_leaves_nothing_to_the_next(magic: ProbeMagic) -> None:
    failed = magic.call_magic("line", "probe", "a", "fail")
    after = magic.call_magic("line", "probe", "b", "x")
    assert isinstance(failed.post_process("value"), ExceptionWrapper)
    assert not failed.evaluate
    assert after.evaluate
    assert after.post_process("value") == "value"


def test_a_magic_that_calls_itself_has_its_own_cell_back_afterwards(magic: ProbeMagic) -> None:
    run = magic.call_magic("line", "probe", "outer", "nested")
    assert run.post_process(None) is None
    assert (run.get_code(), run.evaluate) == ("outer!", True)


def test_what_a_magic_keeps_in_itself_lasts(magic: ProbeMagic) -> None:
    for _ in range(3):
        magic.call_magic("line", "probe", "", "x")
    assert magic.calls == 3


def test_steps_for_the_end_run_at_the_end_with_their_runs_cell(magic: ProbeMagic) -> None:
    run = magic.call_magic("line", "probe", "a", "end")
    magic.call_magic("line", "probe", "b", "x")
    assert magic.kernel.printed == []
    failed = ExceptionWrapper("E", "cell", [])
    assert run.post_process(failed) is failed
    assert magic.kernel.printed == ["end of a!"]


def test_a_step_for_the_end_that_fails_fails_the_cell_but_not_in_place_of_its_own_error(magic: ProbeMagic) -> None:
    value = magic.call_magic("line", "probe", "", "bad_end").post_process("value")
    assert isinstance(value, ExceptionWrapper)
    assert value.evalue == "the end went wrong"
    own = ExceptionWrapper("E", "the cell's own", [])
    assert magic.call_magic("line", "probe", "", "bad_end").post_process(own) is own


def test_help_is_printed_and_ends_the_cell(magic: ProbeMagic) -> None:
    run = magic.call_magic("line", "probe", "code", "--help")
    assert "usage: %probe" in magic.kernel.printed[0]
    assert not run.evaluate
    assert run.post_process(None) is None
