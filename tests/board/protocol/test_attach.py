"""Boards that do not want to come to their prompt, and lines that do not lead to one."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import Board
from metakernel_micropython.errors import ConnectError

from ...boards import Microbit, needs_virtual
from ...virtual.boards import TcpBoard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = {
    "an endless loop": "while True: pass",
    "printing without pause": "while True: print('x' * 200)",
    "catching one Ctrl-C": "try:\n while True: pass\nexcept KeyboardInterrupt: pass\nwhile True: pass",
    "catching while it prints": "while True:\n try: print('on')\n except BaseException: print('caught')",
    "catching every Ctrl-C": "while True:\n try:\n  while True: print('busy')\n except KeyboardInterrupt: print('no')",
    "catching every Ctrl-C in silence": "while True:\n try:\n  while True: pass\n except KeyboardInterrupt: pass",
    "long naps that catch": "import time\nwhile True:\n try: time.sleep(10)\n except KeyboardInterrupt: print('no')",
    "short naps that catch": "import time\nwhile True:\n try: time.sleep_ms(20)\n except KeyboardInterrupt: pass",
    "restarting again and again, as by a watchdog": "import machine, time\ntime.sleep(0.2)\nmachine.reset()",
    "reading its input": "import sys\nwhile True: sys.stdin.read(1)",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_main_py_that_never_ends_is_stopped(program: str, tmp_path: Path) -> None:
    needs_virtual()
    (tmp_path / "main.py").write_text(program)
    served = TcpBoard("--folder", str(tmp_path))
    try:
        with Board.connect(served.address, timeout=30) as board:  # a busy machine hits a short handler less often
            assert board.evaluate("6 * 7") == 42
    finally:
        served.end()


@pytest.mark.parametrize("program", ["catching every Ctrl-C", "catching every Ctrl-C in silence"])
def test_a_program_that_catches_every_ctrl_c_is_stopped_by_many(microbit: Microbit, program: str) -> None:
    board = Board.connect(microbit.address)
    board.start(PROGRAMS[program])
    time.sleep(0.3)
    board.close(exit_raw_repl=False)
    with Board.connect(microbit.address, timeout=30) as again:
        assert again.evaluate("6 * 7") == 42


def test_a_board_that_cannot_be_interrupted_is_given_up_in_time_with_the_way_out(tmp_path: Path) -> None:
    needs_virtual()
    (tmp_path / "main.py").write_text(
        "import micropython, time\nmicropython.kbd_intr(-1)\nwhile True:\n print('deaf')\n time.sleep(0.1)"
    )
    served = TcpBoard("--folder", str(tmp_path))
    began = time.monotonic()
    try:
        with pytest.raises(ConnectError) as caught:
            Board.connect(served.address, timeout=1.5)
    finally:
        served.end()
    assert time.monotonic() - began < 8
    for part in (
        "within 1.5 s",
        "deaf",
        "cannot be interrupted",
        "reset button",
        f"connect({served.address!r}, timeout=60)",
    ):
        assert part in str(caught.value)


# Nothing real can be had that answers at another speed: a terminal on which somebody says what a UART would hear.


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    if sys.platform == "win32":
        pytest.skip("Windows has no pseudo-terminals")
    master, slave = os.openpty()
    yield master, os.ttyname(slave)
    for fd in (master, slave):
        with suppress(OSError):
            os.close(fd)


def answers(master: int, said: bytes) -> None:
    def serve() -> None:
        with suppress(OSError):
            while os.read(master, 100):
                os.write(master, said)

    threading.Thread(target=serve, daemon=True).start()


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xf8\xe0\x80\x00\xfe\x78\x1e",
        b"\xff\xfe\xfc\xff\x8a\xc3r$\xf0\x1f",
        b"\x00\x00\x00\x00\x80",
    ],
)
def test_a_wrong_baud_rate_is_recognised(line: tuple[int, str], said: bytes) -> None:
    answers(line[0], said)
    with pytest.raises(ConnectError) as caught:
        Board.connect(line[1], timeout=1)
    for part in ("baud rate is probably wrong", "9600", "921600", f"Board.connect({line[1]!r}, baud="):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        b"temperature 21.5\r\n",
        "Grüße: 21 °C\r\n".encode(),
        b"\x1b[32mI (31) boot: ready\x1b[0m\r\n",
        "温度\r\n".encode(),
    ],
)
def test_text_is_no_sign_of_a_wrong_baud_rate(line: tuple[int, str], said: bytes) -> None:
    answers(line[0], said)
    with pytest.raises(ConnectError) as caught:
        Board.connect(line[1], timeout=0.7)
    assert "baud rate is probably" not in str(caught.value)
    assert "cannot be interrupted" in str(caught.value)
