"""Boards from a script, without Jupyter: connecting, executing, interrupting, losing them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board, snippets
from metakernel_micropython.errors import (
    AddressError,
    BoardBusy,
    BoardReset,
    BoardTimeout,
    ConnectError,
    DeviceError,
    LineLost,
    NotConnected,
    SourceError,
)

from ..boards import in_background

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..boards import Microbit


def running(board: Board, source: str = "print('go')\nwhile True: pass") -> Callable[[], BaseException | None]:
    """Start a program in a thread and wait until it has printed ``go``."""
    began = threading.Event()
    came: list[str] = []

    def see(text: str) -> None:
        came.append(text)
        if "go" in "".join(came):
            began.set()

    result = in_background(lambda: board.execute(source, see))
    assert began.wait(10)
    return result


def test_a_connected_board_says_what_it_is(board: Board, board_address: str) -> None:
    assert board.address == board_address
    assert board.banner.startswith("MicroPython v")
    assert board.idle
    assert board.lost is None
    assert not board.raw


def test_what_a_program_prints_is_returned(board: Board) -> None:
    assert board.execute("print('é', 1)\nprint('two', end='')") == "é 1\ntwo"
    assert board.execute("x = 1") == ""


@pytest.mark.parametrize("source", ["", "\n", " ", "# nothing"])
def test_a_program_without_code_does_nothing(board: Board, source: str) -> None:
    board.execute("x = 7")
    assert board.execute(source) == ""
    assert board.evaluate("x") == 7


def test_what_a_program_prints_is_given_out_as_it_comes(board: Board) -> None:
    came: list[tuple[float, str]] = []
    begin = time.monotonic()
    source = "import time\nfor i in range(3):\n    print(i)\n    time.sleep(0.3)"
    assert board.execute(source, lambda text: came.append((time.monotonic() - begin, text))) == ""
    assert "".join(text for _, text in came) == "0\n1\n2\n"
    assert came[-1][0] - came[0][0] > 0.3


@pytest.mark.parametrize(
    "expression",
    [
        "1",
        "-2.5",
        "'é\\n'",
        "b'\\x00\\xff'",
        "None",
        "True",
        "[1, (2, 3), {'a': b'b'}]",
        "()",
        "{1, 2}",
        "'__import__'",
    ],
)
def test_values_come_as_data(board: Board, expression: str) -> None:
    value = board.evaluate(expression)
    assert value == eval(expression)
    assert type(value) is type(eval(expression))


@pytest.mark.parametrize("expression", ["print", "object()", "type", "lambda: 1", "(i for i in [])", "Loud()"])
def test_what_is_not_plain_data_is_refused(board: Board, expression: str) -> None:
    board.execute("class Loud:\n    def __repr__(self): return \"__import__('os')\"")
    with pytest.raises(ValueError, match="not plain data"):
        board.evaluate(expression)


def test_a_value_that_is_too_long_is_refused(virtual_address: str) -> None:
    with Board.connect(virtual_address) as big, pytest.raises(ValueError, match="too long"):
        big.evaluate("'x' * 70000")


def test_an_exception_on_the_board_is_raised_with_its_name(board: Board) -> None:
    with pytest.raises(DeviceError) as caught:
        board.execute("def f():\n    raise OSError(5)\nf()")
    assert caught.value.name == "OSError"
    assert "5" in caught.value.message
    assert caught.value.traceback.startswith("Traceback (most recent call last):\n")
    assert "line 2, in f" in caught.value.traceback
    assert "\r" not in caught.value.traceback
    with pytest.raises(DeviceError, match="NameError"):
        board.evaluate("nothing_of_the_sort")


def test_what_was_printed_before_an_exception_is_given_out(board: Board) -> None:
    came: list[str] = []
    with pytest.raises(DeviceError):
        board.execute("print('before')\n1/0", came.append)
    assert "".join(came) == "before\n"


def test_a_deadline_interrupts_the_program_and_the_board_is_usable(board: Board) -> None:
    board.execute("x = 7")
    begin = time.monotonic()
    with pytest.raises(BoardTimeout, match=r"within 0\.3 s"):
        board.execute("while True: pass", timeout=0.3)
    assert time.monotonic() - begin < 2
    assert board.evaluate("x") == 7


def test_an_interrupt_from_another_thread_ends_the_program(board: Board) -> None:
    board.execute("x = 7")
    result = running(board)
    assert board.interrupt()
    error = result()
    assert isinstance(error, DeviceError)
    assert error.name == "KeyboardInterrupt"
    assert board.evaluate("x") == 7
    assert not board.interrupt()


def test_a_soft_reset_forgets_variables(board: Board) -> None:
    board.execute("x = 7")
    assert "soft reboot" in board.soft_reset()
    with pytest.raises(DeviceError, match="NameError"):
        board.evaluate("x")
    assert not board.take_unsolicited().restarted


@pytest.mark.parametrize(
    "source",
    ["a = 1\n" * 20_000, f"a = {'x' * 8000!r}\n", f"a = {'x' * 20_000!r}\n"],
    ids=["lines", "literal", "large literal"],
)
def test_a_program_too_large_for_the_boards_memory_is_refused_with_the_numbers(microbit: Microbit, source: str) -> None:
    with Board.connect(microbit.address) as board:
        begun = time.monotonic()
        with pytest.raises(DeviceError) as caught:
            board.execute(source, timeout=60)
        assert time.monotonic() - begun < 30
        assert caught.value.name == "MemoryError"
        assert f"too large for this board's memory: the program has {len(source)} bytes" in str(caught.value)
        assert board.execute("print(6 * 7)") == "42\n"


def test_a_reset_in_the_middle_is_told(microbit: Microbit) -> None:
    with Board.connect(microbit.address) as board:
        with pytest.raises(BoardReset, match="variables are gone"):
            board.execute("import microbit\nmicrobit.reset()\nwhile True: pass")
        assert board.evaluate("1+1") == 2


def test_system_exit_is_a_soft_reset(virtual_address: str) -> None:
    with Board.connect(virtual_address) as board:
        board.execute("x = 7")
        with pytest.raises(BoardReset):
            board.execute("print('bye')\nraise SystemExit")
        assert board.evaluate("'x' in globals()") is False


def test_a_line_that_is_lost_ends_the_program_at_once(microbit: Microbit) -> None:
    board = Board.connect(microbit.address)
    result = running(board)
    begin = time.monotonic()
    microbit.unplug()
    assert isinstance(result(), LineLost)
    assert time.monotonic() - begin < 2
    assert isinstance(board.lost, LineLost)
    assert not board.idle
    for call in (lambda: board.execute("1"), lambda: board.evaluate("1"), board.soft_reset):
        with pytest.raises(LineLost):
            call()
    assert not board.interrupt()
    board.close()


def test_closing_ends_a_running_program_on_both_sides(microbit: Microbit) -> None:
    board = Board.connect(microbit.address)
    board.execute("x = 7")
    result = running(board)
    begin = time.monotonic()
    board.close()
    assert time.monotonic() - begin < 2
    assert result() is not None
    with Board.connect(microbit.address) as again:
        assert again.evaluate("x") == 7


def test_closing_twice_and_using_a_closed_board_is_no_trouble(
    board_address: str, request: pytest.FixtureRequest
) -> None:
    if board_address.startswith("socket"):
        board_address = request.getfixturevalue("microbit").address
    board = Board.connect(board_address)
    board.close()
    board.close()
    with pytest.raises(LineLost):
        board.execute("1")


def test_connecting_stops_what_runs_and_resets_nothing(microbit: Microbit) -> None:
    first = Board.connect(microbit.address)
    first.execute("x = 7")
    first.start("while True:\n    try:\n        while True: pass\n    except ValueError: pass")
    first.close(exit_raw_repl=False)
    with Board.connect(microbit.address) as second:
        assert second.evaluate("x") == 7
        assert "KeyboardInterrupt" in second.greeting


def test_a_port_without_a_board_is_given_up_with_what_came_back() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ConnectError, match="nothing came back"):
            Board.connect(address, timeout=0.6)

        def chatter() -> None:
            client, _ = server.accept()
            with client:
                for _ in range(40):
                    client.sendall(b"SSH-2.0-OpenSSH\r\n")
                    time.sleep(0.05)

        server.accept()[0].close()
        chatting = in_background(chatter)
        with pytest.raises(ConnectError, match=r"SSH-2\.0-OpenSSH"):
            Board.connect(address, timeout=0.6)
        chatting()


@pytest.mark.parametrize("address", ["", "nonsense", "socket://", "ftp://x:1", "socket://u:secret@h:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressError) as caught:
        Board.connect(address)
    assert "secret" not in str(caught.value)


def test_a_raw_line_runs_nothing(microbit: Microbit) -> None:
    with Board.connect(microbit.address, raw=True) as board:
        assert board.raw
        assert not board.idle
        for call in (lambda: board.execute("1"), board.soft_reset):
            with pytest.raises(NotConnected, match="without raw=True"):
                call()


def test_a_source_that_cannot_be_sent_is_refused_and_the_board_is_usable(board: Board) -> None:
    with pytest.raises(SourceError, match="Line 2"):
        board.execute("x = 1\n'\x03'")
    assert board.evaluate("1+1") == 2


@pytest.mark.parametrize("size", [100, 127, 128, 129, 256, 257, 1000])
def test_sources_of_any_size_arrive(board: Board, size: int) -> None:
    head = "x = '"
    assert board.execute(head + "a" * (size - len(head) - 1) + "'\nprint(len(x))").strip() == str(size - len(head) - 1)


def test_windows_line_ends_are_line_ends(board: Board) -> None:
    assert board.execute("for i in range(2):\r\n    print(i)\r\n") == "0\n1\n"


def test_output_with_the_protocols_own_bytes_is_output(board: Board) -> None:
    text = "a\x04b\x04>c\x04\x04d\x01\x02\x03OK"
    assert board.execute(f"print({text!r})") == text + "\n"


@pytest.mark.parametrize("text", ["\x04", "\x04\x04.", "\x04>"])
def test_an_end_mark_that_is_printed_last_is_output(board: Board, text: str) -> None:
    assert board.execute(f"print({text!r}, end='')", timeout=3) == text


def test_a_program_of_twenty_thousand_lines_runs(virtual_address: str) -> None:
    source = "x = 0\n" + "\n" * 19_000 + "x += 1\n" * 999 + "print(x)"
    assert source.count("\n") == 20_000 - 1 + 1
    with Board.connect(virtual_address) as board:
        assert board.execute(source, timeout=30) == "999\n"
        with pytest.raises(DeviceError, match="ZeroDivisionError") as caught:
            board.execute("\n" * 19_999 + "1/0")
        assert "line 20000" in caught.value.traceback


def test_a_program_that_does_not_fit_into_the_board_fails_and_the_board_is_usable(virtual_address: str) -> None:
    with Board.connect(virtual_address, heap=64 * 1024) as board:
        with pytest.raises(DeviceError, match="MemoryError"):
            board.execute("x = [\n" + "'0123456789',\n" * 20_000 + "]")
        assert board.evaluate("1+1") == 2


def test_output_that_nobody_takes_lets_the_board_wait(virtual_address: str) -> None:
    limit = 4 * 1024 * 1024
    with Board.connect(virtual_address) as board:
        execution = board.start(f"for i in range({3 * limit // 1000}):\n    print('x' * 998)")
        deadline = time.monotonic() + 20
        while len(execution._pending) < limit and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        assert len(execution._pending) < limit + 1024 * 1024
        assert not execution.done
        taken = 0
        while True:
            done = execution.done
            taken += len(execution.read(10))
            if done:
                break
        execution.check()
        assert taken == 3 * limit // 1000 * 999


def test_an_interrupt_ends_a_program_whose_output_nobody_takes(virtual_address: str) -> None:
    with Board.connect(virtual_address) as board:
        execution = board.start("while True: print('x' * 1000)")
        time.sleep(0.5)
        board.interrupt()
        deadline = time.monotonic() + 5
        while not execution.done and time.monotonic() < deadline:
            execution.read(0.1)
        with pytest.raises(DeviceError, match="KeyboardInterrupt"):
            execution.check()


STUBBORN = """
for i in range({}):
    try:
        if not i: print('go')
        while True: pass
    except KeyboardInterrupt: pass
"""


def test_a_program_does_not_outlive_what_goes_wrong_on_the_host(board: Board) -> None:
    with pytest.raises(ZeroDivisionError), board.start("print('on')\nwhile True: pass") as execution:
        assert execution.read(10)
        _ = 1 / 0
    assert board.evaluate("6 * 7") == 42


def test_a_program_that_does_not_stop_is_given_up_and_found_again_later(board: Board) -> None:
    board.execute("x = 7")
    result = running(board, STUBBORN.format(4))
    time.sleep(0.5)  # while it may still compile, Ctrl-C is repeated
    begin = time.monotonic()
    board.interrupt()
    time.sleep(0.5)
    board.interrupt()
    error = result()
    assert isinstance(error, BoardBusy)
    assert time.monotonic() - begin < 3
    assert board.evaluate("x") == 7


# What the host itself runs on the board.


def free(board: Board) -> int:
    value = board.evaluate("[__import__('gc').collect(), __import__('gc').mem_free()][1]")
    assert isinstance(value, int)
    return value


SNIPPETS = [
    ("names", ("str", "s", False)),
    ("names", ("str", "", True)),
    ("top_names", ("p",)),
    ("modules", ()),
    ("module_names", ("machine", "", True)),
]


@pytest.mark.parametrize(("name", "arguments"), SNIPPETS)
def test_questions_to_the_board_leave_no_names_and_hardly_any_memory_behind(
    board: Board, name: str, arguments: tuple[str | bool, ...]
) -> None:
    call = snippets.call(name, *arguments)
    names = board.execute("print(sorted(globals()))")
    for _ in range(3):  # names are interned and modules imported once
        board.execute(call)
        before = free(board)
    for _ in range(2):
        board.execute(call)
    assert before - free(board) < 400
    assert board.execute("print(sorted(globals()))") == names


def test_a_question_that_is_interrupted_leaves_no_names_behind(board: Board) -> None:
    names = board.execute("print(sorted(globals()))")
    execution = board.start(snippets.call("modules"))
    board.interrupt()
    while not execution.done:
        execution.read(1)
    assert board.execute("print(sorted(globals()))") == names


@pytest.mark.parametrize("name", ["names", "top_names", "modules", "module_names"])
def test_what_is_sent_to_the_board_is_short_and_readable_by_it(name: str) -> None:
    source = snippets.call(name)
    compile(source, name, "exec")
    assert "#" not in source
    assert "\n\n" not in source
    assert len(source) < 1550
