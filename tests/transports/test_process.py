import os
import shlex
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from metakernel_micropython.errors import ConnectError, LineBusy, LineLost
from metakernel_micropython.transports import Transport, open_transport

from ..boards import in_background
from .conftest import linux_only, posix_only, read_until

Keep = Callable[[Transport], Transport]

pytestmark = posix_only

ALL_BYTES = bytes(range(256))


def python(code: str) -> str:
    return f"exec:{shlex.quote(sys.executable)} -u -c {shlex.quote(code)}"


def test_every_byte_passes_unchanged_both_ways(closing: Keep) -> None:
    line = closing(open_transport("exec:cat"))
    line.write(ALL_BYTES)
    got = b""
    while len(got) < 256:
        got += line.read(5)
    assert got == ALL_BYTES


def test_a_long_write_arrives_whole_and_in_order(closing: Keep) -> None:
    line = closing(open_transport("exec:cat"))
    sent = os.urandom(300_000)
    ended = in_background(lambda: line.write(sent, 30))
    got = b""
    while len(got) < len(sent):
        got += line.read(5)
    assert ended() is None
    assert got == sent


def test_the_first_bytes_are_not_translated(closing: Keep) -> None:
    line = closing(open_transport("exec:printf 'a\\nb\\r\\nc'"))
    assert read_until(line, b"c") == b"a\nb\r\nc"


def test_nothing_is_echoed(closing: Keep) -> None:
    line = closing(open_transport(python("import time; time.sleep(60)")))
    line.write(b"hello\r\x03\x04")
    assert line.read(0.3) == b""


def test_the_terminal_is_wide_and_the_commands_own(closing: Keep) -> None:
    code = "import os; print(os.isatty(0), os.get_terminal_size().columns > 1000, os.getsid(0) == os.getpid())"
    line = closing(open_transport(python(code)))
    assert read_until(line, b"\n") == b"True True True\n"


def test_a_command_that_ends_is_told_with_its_status_and_last_words(closing: Keep) -> None:
    line = closing(open_transport("exec:sh -c 'echo oh dear; exit 3'"))
    read_until(line, b"oh dear\n")
    with pytest.raises(LineLost, match=r"the command ended with exit status 3, having said: oh dear\.$"):
        line.read(5)
    with pytest.raises(LineLost):
        line.read(5)


def test_a_command_that_is_killed_is_told_with_the_signal(closing: Keep) -> None:
    line = closing(open_transport("exec:sh -c 'kill -KILL $$'"))
    with pytest.raises(LineLost, match="ended by signal SIGKILL"):
        line.read(5)


def test_a_command_that_was_talked_to_has_no_last_words(closing: Keep) -> None:
    line = closing(open_transport(python("print('x' * 10000)")))
    read_until(line, b"\n")
    with pytest.raises(LineLost, match=r"exit status 0\.$"):
        line.read(5)


@pytest.mark.parametrize("command", ["no-such-command-42", "/no/such/command", "./no such", "/etc/passwd", "/usr"])
def test_a_command_that_does_not_exist_is_refused(command: str) -> None:
    with pytest.raises(ConnectError, match=r"There is no command|could not be started"):
        open_transport(f"exec:{shlex.quote(command)}")


def test_closing_wakes_the_reader() -> None:
    line = open_transport("exec:cat")
    ended = in_background(lambda: line.read())
    time.sleep(0.1)
    line.close()
    assert isinstance(ended(), LineLost)


@linux_only
def test_closing_ends_the_command_and_its_children(closing: Keep) -> None:
    from pathlib import Path

    line = open_transport("exec:sh -c 'sleep 1000 & echo $! $$; wait'")
    pids = read_until(line, b"\n").split()
    line.close()
    for pid in pids:
        status = Path(f"/proc/{int(pid)}/stat")
        deadline = time.monotonic() + 5
        with suppress(OSError):  # it is gone
            # A grandchild is init's to collect: it may stay a zombie, but it does not run.
            while status.read_text().rpartition(")")[2].split()[0] not in "ZX":
                assert time.monotonic() < deadline, f"{pid!r} still runs"
                time.sleep(0.01)


def test_a_command_that_ignores_signals_is_killed_in_time() -> None:
    line = open_transport("exec:sh -c 'trap \"\" HUP TERM INT; echo up; while :; do sleep 1; done'")
    read_until(line, b"up\n")
    start = time.monotonic()
    line.close()
    assert time.monotonic() - start < 3


def test_a_command_that_does_not_read_is_busy_within_the_deadline(closing: Keep) -> None:
    line = closing(open_transport(python("import time; time.sleep(60)")))
    with pytest.raises(LineBusy):
        line.write(b"x" * 1_000_000, 0.3)
