"""A program that runs on while the host does something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board.protocol.unsolicited import UNSOLICITED_LIMIT
from metakernel_micropython.errors import BoardBusy, DeviceError, LineLost

if TYPE_CHECKING:
    from metakernel_micropython.board.board import Board


def test_what_nobody_reads_is_kept_in_bounds_and_the_program_does_not_wait(virtual_board: Board) -> None:
    program = virtual_board.background.start("for i in range(6000):\n    print(i, 'x' * 100)")
    assert program.wait(60)
    text, dropped = program.take()
    assert text.endswith("5999 " + "x" * 100 + "\n")
    assert len(text) == UNSOLICITED_LIMIT
    assert dropped > 300_000
    assert program.failure is None


def test_a_program_that_is_watched_waits_for_its_reader_and_loses_nothing(virtual_board: Board) -> None:
    program = virtual_board.background.start("import time\ntime.sleep(0.5)\nfor i in range(60000):\n    print(i)")
    program.watch(True)
    text = ""
    while not program.ended or (more := program.read(0)):
        more = program.read(0.1)
        text += more
        assert len(more) < 4 * UNSOLICITED_LIMIT
    assert text.split() == [str(i) for i in range(60000)]


def test_an_interrupt_ends_a_program_that_waits_for_its_reader(virtual_board: Board) -> None:
    program = virtual_board.background.start("while True:\n    print('x' * 100)")
    program.watch(True)
    while len(program._kept) < UNSOLICITED_LIMIT:
        program.wait(0.05)
    program.interrupt()
    assert program.wait(20)
    assert isinstance(program.failure, DeviceError)
    assert program.failure.name == "KeyboardInterrupt"
    assert virtual_board.execute("print(1)") == "1\n"


def test_what_is_to_be_shown_is_taken_whole(virtual_board: Board) -> None:
    code = "import time\nprint('a\\x1e!mk[1, \\x1e!mk=', end='')\ntime.sleep(0.5)\nprint('2\\x1e!mk]b')\ntime.sleep(9)"
    program = virtual_board.background.start(code)
    try:
        assert program.read(5) == "a"
        assert program.read(0.05) == ""
        assert program.read(5) == "\x1e!mk[1, \x1e!mk=2\x1e!mk]b\n"
    finally:
        program.interrupt()
        program.wait(5)


def test_no_other_program_runs_meanwhile(virtual_board: Board) -> None:
    program = virtual_board.background.start("while True:\n    pass")
    with pytest.raises(BoardBusy, match="runs a program"):
        virtual_board.execute("1")
    assert not virtual_board.idle
    program.interrupt()
    assert program.wait(20)


def test_a_line_that_ends_ends_the_program_for_the_host(virtual_board: Board) -> None:
    program = virtual_board.background.start("while True:\n    pass")
    virtual_board.close(exit_raw_repl=False)
    assert program.wait(20)
    assert isinstance(program.failure, LineLost)


def test_a_board_that_is_left_to_itself_is_interrupted_by_nothing_but_attach(virtual_board: Board) -> None:
    virtual_board.execute("f = open('main.py', 'w')\nf.write('n = 0\\nwhile True: n += 1')\nf.close()")
    virtual_board.background.run_main()
    assert virtual_board.background.running
    for use in (lambda: virtual_board.evaluate("1"), virtual_board.soft_reset, virtual_board.hard_reset):
        with pytest.raises(BoardBusy, match="left to itself"):
            use()
    assert virtual_board.platform == ""
    assert "MicroPython" in virtual_board.background.attach()
    assert not virtual_board.background.running
    assert virtual_board.evaluate("n > 0") is True
