import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from metakernel_micropython.errors import ConnectError, LineBusy, LineLost
from metakernel_micropython.transports import ConnectionOptions, Transport, open_transport
from metakernel_micropython.transports.open_errors import holders_of

from ..boards import in_background
from .conftest import Microbit, Terminal, linux_only, posix_only, read_until

Keep = Callable[[Transport], Transport]

ALL_BYTES = bytes(range(256))


def test_every_byte_passes_unchanged_both_ways(terminal: Terminal, closing: Keep) -> None:
    line = closing(open_transport(terminal.device))
    line.write(ALL_BYTES)
    assert os.read(terminal.master, 999) == ALL_BYTES
    os.write(terminal.master, ALL_BYTES)
    assert read_until(line, ALL_BYTES) == ALL_BYTES


@linux_only
def test_a_port_that_this_program_has_open_is_said_to_be_its_own(terminal: Terminal, closing: Keep) -> None:
    closing(open_transport(terminal.device))
    assert f"this program itself (process {os.getpid()})" in list(holders_of(terminal.device))


def test_one_read_gives_all_that_is_there(terminal: Terminal, closing: Keep) -> None:
    line = closing(open_transport(terminal.device))
    os.set_blocking(terminal.master, False)
    sent = 0
    for _ in range(10):
        sent += os.write(terminal.master, b"x" * 1000)
        time.sleep(0.01)
    time.sleep(0.2)
    assert line.read(5) == b"x" * sent
    assert sent > 4096


def test_a_read_that_hears_nothing_returns_nothing_at_its_deadline(terminal: Terminal, closing: Keep) -> None:
    line = closing(open_transport(terminal.device))
    start = time.monotonic()
    assert line.read(0.2) == b""
    assert time.monotonic() - start >= 0.19
    assert line.read(0) == b""


def test_closing_wakes_the_reader(terminal: Terminal) -> None:
    line = open_transport(terminal.device)
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    line.close()
    assert isinstance(ended(), LineLost)
    with pytest.raises(LineLost, match="is closed"):
        line.read()
    with pytest.raises(LineLost, match="is closed"):
        line.write(b"x")
    line.close()


def test_closing_wakes_the_writer(terminal: Terminal) -> None:
    line = open_transport(terminal.device)
    ended = in_background(lambda: line.write(b"x" * 1_000_000, 60))
    time.sleep(0.2)
    line.close()
    assert isinstance(ended(), LineLost)


def test_unplugging_ends_the_read_with_the_name_of_the_device(terminal: Terminal, closing: Keep) -> None:
    line = closing(open_transport(terminal.device))
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    terminal.unplug()
    error = ended()
    assert isinstance(error, LineLost)
    assert terminal.device in str(error)
    with pytest.raises(LineLost):
        line.write(b"x")


def test_what_was_said_before_unplugging_is_still_read_where_the_system_keeps_it(
    terminal: Terminal, closing: Keep
) -> None:
    line = closing(open_transport(terminal.device))
    os.write(terminal.master, b"last words")
    assert line.read(5) == b"last words"
    terminal.unplug()
    with pytest.raises(LineLost):
        line.read(5)


def test_a_board_that_does_not_read_is_busy_within_the_deadline(terminal: Terminal, closing: Keep) -> None:
    line = closing(open_transport(terminal.device))
    start = time.monotonic()
    with pytest.raises(LineBusy, match=re.escape(terminal.device)):
        line.write(b"x" * 1_000_000, 0.3)
    assert 0.25 < time.monotonic() - start < 5


def test_a_long_write_arrives_whole_and_in_order(terminal: Terminal, closing: Keep) -> None:
    line = closing(open_transport(terminal.device))
    sent = os.urandom(300_000)
    ended = in_background(lambda: line.write(sent, 30))
    got = b""
    while len(got) < len(sent):
        got += os.read(terminal.master, 4096)
    assert ended() is None
    assert got == sent


def test_writers_do_not_mix(terminal: Terminal, closing: Keep) -> None:
    line = closing(open_transport(terminal.device))
    waits = [in_background(lambda char=char: line.write(char * 50_000, 30)) for char in (b"a", b"b", b"c")]
    got = b""
    while len(got) < 150_000:
        got += os.read(terminal.master, 4096)
    assert [wait() for wait in waits] == [None] * 3
    assert len(re.findall(rb"a+|b+|c+", got)) == 3


def test_a_port_opens_once_and_the_second_is_told_who_has_it(terminal: Terminal, closing: Keep) -> None:
    closing(open_transport(terminal.device))
    with pytest.raises(ConnectError, match="in use by") as caught:
        open_transport(terminal.device)
    if sys.platform.startswith("linux"):
        assert str(os.getpid()) in str(caught.value)


@linux_only
def test_another_program_that_has_the_port_is_named(terminal: Terminal) -> None:
    code = f"import serial; s = serial.Serial({terminal.device!r}, exclusive=True); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(ConnectError, match=rf"in use by \S+ \(process {other.pid}\)"):
            open_transport(terminal.device)
        other.kill()


def test_a_port_is_free_at_once_after_close(terminal: Terminal) -> None:
    for _ in range(20):
        line = open_transport(terminal.device)
        reader = in_background(lambda line=line: line.read())
        line.close()
        assert isinstance(reader(), LineLost)


def test_closing_does_not_wait_for_a_board_that_does_not_read(terminal: Terminal) -> None:
    line = open_transport(terminal.device)
    with pytest.raises(LineBusy):
        line.write(b"x" * 1_000_000, 0.1)
    start = time.monotonic()
    line.close()
    assert time.monotonic() - start < 2
    open_transport(terminal.device).close()


def test_what_was_written_last_arrives_after_close(terminal: Terminal) -> None:
    line = open_transport(terminal.device)
    line.write(b"\x03\x02")
    line.close()
    assert os.read(terminal.master, 9) == b"\x03\x02"


def test_closing_from_many_threads_frees_once(terminal: Terminal) -> None:
    for _ in range(20):
        line = open_transport(terminal.device)
        reader = in_background(lambda line=line: line.read())
        threads = [threading.Thread(target=line.close) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        assert isinstance(reader(), LineLost)


@posix_only
def test_a_missing_port_lists_what_is_plugged_in() -> None:
    with pytest.raises(ConnectError, match=r"There is no /dev/ttyNothing42\. (Plugged in|No serial port)"):
        open_transport("/dev/ttyNothing42")


@posix_only
@pytest.mark.parametrize("path", ["/etc/passwd", "/usr"])
def test_a_file_and_a_folder_are_no_serial_ports(path: str) -> None:
    with pytest.raises(ConnectError, match=r"not a serial port|You may not open"):
        open_transport(path)


@posix_only
def test_a_port_without_permission_names_the_group_to_join(terminal: Terminal) -> None:
    if os.geteuid() == 0:
        # root may open anything: see what the sentence would be
        from metakernel_micropython.transports.open_errors import port_error_text

        os.chown(terminal.device, -1, 20)
        Path(terminal.device).chmod(0o660)
        said = port_error_text(terminal.device, terminal.device, PermissionError(13, "Permission denied"))
    else:
        Path(terminal.device).chmod(0)
        with pytest.raises(ConnectError) as caught:
            open_transport(terminal.device)
        said = str(caught.value)
    assert said.startswith(f"You may not open {terminal.device}: ")
    if os.geteuid() == 0:
        assert re.search(r"sudo usermod -aG \w+ \$USER", said)


@pytest.mark.parametrize("baud", [0, -1, 2**40])
def test_a_speed_that_no_port_has_is_refused(terminal: Terminal, baud: int) -> None:
    with pytest.raises(ConnectError):
        open_transport(terminal.device, ConnectionOptions(baud=baud))
    open_transport(terminal.device).close()


@pytest.mark.parametrize("dtr", [None, True, False])
@pytest.mark.parametrize("rts", [None, True, False])
def test_a_terminal_without_control_lines_opens_whatever_they_should_be(
    terminal: Terminal, dtr: bool | None, rts: bool | None
) -> None:
    open_transport(terminal.device, ConnectionOptions(dtr=dtr, rts=rts)).close()


@posix_only
@pytest.mark.parametrize(
    ("dtr", "rts", "levels"),
    [(None, None, None), (True, True, 0b11), (False, None, 0b10), (None, False, 0b01), (False, False, 0b00)],
)
def test_control_lines_change_in_one_step(
    monkeypatch: pytest.MonkeyPatch, dtr: bool | None, rts: bool | None, levels: int | None
) -> None:
    """No level in between may reset a board. A stand-in for the driver: no real port is here to be asked."""
    import fcntl
    import struct
    import termios

    from metakernel_micropython.transports import serial

    done: list[int] = []

    def ioctl(_fd: int, request: int, value: bytes) -> bytes:
        if request == termios.TIOCMGET:
            return struct.pack("I", termios.TIOCM_DTR | termios.TIOCM_RTS | termios.TIOCM_CTS)
        assert request == termios.TIOCMSET
        done.extend(struct.unpack("I", value))
        return value

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    serial._set_lines(0, dtr, rts)
    if levels is None:
        assert done == []
    else:
        [value] = done
        assert value & termios.TIOCM_CTS
        assert bool(value & termios.TIOCM_DTR) == bool(levels & 1)
        assert bool(value & termios.TIOCM_RTS) == bool(levels & 2)


def test_the_microbit_answers_on_a_terminal(microbit_on_pty: Microbit, closing: Keep) -> None:
    line = closing(open_transport(microbit_on_pty.address))
    line.write(b"\r\x03")
    read_until(line, b">>> ")
    line.write(b"print(6*7)\r")
    read_until(line, b"\r\n42\r\n>>> ")
    ended = in_background(lambda: line.read())
    microbit_on_pty.unplug()
    assert isinstance(ended(), LineLost)
