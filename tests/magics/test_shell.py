"""! and %%shell: commands of this computer, each with all that it starts."""

from __future__ import annotations

import os
import random
import sys
import time
from ast import literal_eval
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psutil
import pytest

from metakernel_micropython.host import process_group, shell
from metakernel_micropython.host.process_group import ProcessGroup, ThreadedOutput

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..conftest import Start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands here are those of a POSIX shell")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A kernel without a board, in a folder of its own."""
    made = Jupyter(tmp_path_factory.mktemp("x$(touch Y)"))
    made.do("!true")
    yield made
    made.close(now=True)


def processes(marker: str) -> list[psutil.Process]:
    """The processes that have a text in their command line."""
    found = []
    for one in psutil.process_iter(["cmdline", "status"]):
        if one.info["status"] != psutil.STATUS_ZOMBIE and any(marker in word for word in one.info["cmdline"] or ()):
            found.append(one)
    return found


def gone(marker: str, timeout: float = 5) -> bool:
    """Whether the processes with this text end."""
    until = time.monotonic() + timeout
    while processes(marker) and time.monotonic() < until:
        time.sleep(0.02)
    return not processes(marker)


def sleeper(marker: str) -> str:
    """A command that runs for long and can be found."""
    return f"sh -c 'sleep 60; : {marker}'"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("!echo one", "one\n"),
        ("  !echo one", "one\n"),
        ("!!echo one", "one\n"),
        ("!!\necho one\necho two", "one\ntwo\n"),
        ("!!echo one\necho two", "one\ntwo\n"),
        ("%shell echo 'two  words' {x} $((2 + 3))", "two  words {x} 5\n"),
        ("%%shell\nfor i in 1 2; do\n  echo $i\ndone", "1\n2\n"),
        ("%%bash\necho ${BASH_VERSION:+bash}", "bash\n"),
        ("%%sh\necho sh", "sh\n"),
        ("!echo a \\\n  b\n!echo c", "a b\nc\n"),
        ("!read x; echo got:$x", "got:\n"),
        ("!printf 'gr\\303\\274n'", "grün"),
        ("!printf '\\377.'", "\ufffd."),
        ("!test -t 0 || test -t 1 || echo no terminal", "no terminal\n"),
        ("%%shell", ""),
    ],
)
def test_what_a_command_prints_is_shown(host: Jupyter, cell: str, shown: str) -> None:
    assert host.do(cell).stdout == shown


def test_errors_of_a_command_are_on_stderr(host: Jupyter) -> None:
    reply = host.do("!echo fine; echo wrong >&2")
    assert reply.stdout == "fine\n"
    assert "wrong" in reply.stderr


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("!exit 3", "exit status 3"),
        ("!!exit 3", "exit status 3"),
        ("!false", "exit status 1"),
        ("!no-such-command-42", "exit status 127"),
        ("!kill -9 $$", "signal SIGKILL"),
        ("%%shell\ntrue\nfalse", "exit status 1"),
        ("%%shell\nset -e\nfalse\ntrue", "exit status 1"),
    ],
)
def test_a_command_that_fails_fails_the_cell(host: Jupyter, cell: str, told: str) -> None:
    reply = host.run(f"{cell}\n" + ("" if cell[:2] in ("!!", "%%") else "!echo not run"))
    assert reply.error.name == "CommandFailed"
    assert told in reply.error.value
    assert "not run" not in reply.stdout


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("!", "%shell?"),
        ("!!!ls", "There is no !!!"),
        ("!echo \0", "NUL"),
        ("!: " + "x" * 3_000_000, "could not be started"),
    ],
)
def test_what_no_shell_can_run_is_told_in_a_sentence(host: Jupyter, cell: str, told: str) -> None:
    assert told in host.fail(cell).value
    assert host.do("!echo one").stdout == "one\n"


def test_output_is_shown_while_the_command_runs(host: Jupyter) -> None:
    reply = host.run("!echo first; sleep 60", stop_at="first")
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds < 30


def test_a_program_in_python_prints_at_once(host: Jupyter) -> None:
    program = f"{sys.executable} -c \"import time; print('first'); time.sleep(60)\""
    assert host.run(f"!{program}", stop_at="first").error.name == "KeyboardInterrupt"


def test_cd_lasts_until_the_end_of_its_command_and_the_folders_name_is_a_name(host: Jupyter) -> None:
    here = host.do("!pwd").stdout.strip()
    assert Path(here).name.startswith("x$(touch Y)")
    assert "lasts until the end" in host.do("!cd ..").stderr
    assert host.do("!pwd").stdout.strip() == here
    assert host.do("!cd .. && pwd").stdout.strip() == str(Path(here).parent)
    assert not (Path(here) / "Y").exists()


def test_a_folder_that_is_gone_hurts_nobody(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    kernel = start(cwd=folder)
    kernel.do("!true")
    folder.rmdir()
    assert kernel.do("!echo one").stdout == "one\n"
    assert kernel.do("%python 1").value == "1"


def test_help_tells_of_the_magic_and_not_of_the_command(host: Jupyter) -> None:
    for asked in ("!rm -rf x", "%shell rm", "%%bash", "!!rm"):
        assert "this computer" in host.inspect(asked)
    assert "of this computer" in host.do("%shell?").page
    assert host.do("%shell --help").stdout.startswith("usage: %shell")
    assert "of this computer" in host.do("%help !ls").page


def test_stop_ends_all_that_a_command_has_started_within_a_second(host: Jupyter) -> None:
    for command in ("{0}", "{0} | cat", "({0}; true) & wait", "trap '' INT TERM; {0}; {0}"):
        marker = uuid4().hex
        reply = host.run(f"!echo begun; {command.format(sleeper(marker))}", stop_at="begun")
        assert reply.error.name == "KeyboardInterrupt"
        assert not processes(marker)
        assert reply.seconds < 10
        assert host.do("!echo one").stdout == "one\n"


def test_stop_ends_a_flood(host: Jupyter) -> None:
    marker = uuid4().hex
    assert host.run(f"!yes {marker}", stop_at=marker, timeout=60).error.name == "KeyboardInterrupt"
    assert not processes(marker)
    assert host.do("!echo one").stdout == "one\n"


def test_what_is_left_in_the_background_ends_with_the_command(host: Jupyter) -> None:
    for where in ("", " >/dev/null 2>&1"):
        marker = uuid4().hex
        reply = host.do(f"!{sleeper(marker)}{where} & echo done")
        assert reply.stdout == "done\n"
        assert "left something running" in reply.stderr
        assert gone(marker)


def test_what_leaves_the_group_lives_on_and_holds_up_nothing(host: Jupyter) -> None:
    marker = uuid4().hex
    reply = host.do(f"!setsid {sleeper(marker)} & sleep 0.2; echo done")
    assert reply.stdout == "done\n"
    left = processes(marker)
    assert left
    for one in left:
        one.kill()


def test_stop_at_any_moment_leaves_nothing_and_the_kernel_lives(start: Start) -> None:
    chance = random.Random(4)
    for _ in range(3):
        kernel = start()
        for _ in range(12):  # the first is the kernel's first
            marker = uuid4().hex
            reply = kernel.run(f"!{sleeper(marker)}", stop_at_start=chance.uniform(0, 0.2))
            assert reply.error.name == "KeyboardInterrupt"
            assert not processes(marker)
            assert kernel.do("!echo one").stdout == "one\n"


def test_the_end_of_the_kernel_ends_the_command(start: Start) -> None:
    kernel = start()
    marker = uuid4().hex
    kernel.client.execute(f"!{sleeper(marker)}")
    until = time.monotonic() + 20
    while not processes(marker) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes(marker)
    kernel.close()
    assert gone(marker)


def test_nothing_of_a_command_stays_in_the_kernel(host: Jupyter) -> None:
    count = "%python len(__import__('os').listdir('/proc/self/fd')), __import__('threading').active_count()"
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell which files are open")
    host.run("!echo one; sleep 60", stop_at="one")
    files, threads = literal_eval(str(host.do(count).value))
    for _ in range(10):
        host.run("!echo one; exit 1")
        host.run("!echo one; sleep 60", stop_at="one")
    more_files, more_threads = literal_eval(str(host.do(count).value))
    assert more_files < files + 5  # the history opens one now and then
    assert more_threads <= threads


def test_a_flood_takes_bounded_memory(host: Jupyter) -> None:
    rss = "%python __import__('psutil').Process().memory_info().rss >> 20"
    host.do("!head -c 4000000 /dev/zero | tr '\\0' x", timeout=60)
    before = int(host.do(rss).value or 0)
    assert len(host.do("!head -c 30000000 /dev/zero | tr '\\0' x", timeout=120).stdout) == 30_000_000
    assert int(host.do(rss).value or 0) - before < 25


# -- without a kernel ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", [process_group.SelectedOutput, ThreadedOutput])
def test_both_ways_to_read_two_pipes_give_all_of_both(monkeypatch: pytest.MonkeyPatch, output: type) -> None:
    monkeypatch.setattr(process_group, "SelectedOutput", output)
    shown: dict[str, str] = {"stdout": "", "stderr": ""}

    def show(name: str, text: str) -> None:
        shown[name] += text

    shell.run("seq 20000; seq 20000 >&2", show)
    numbers = "".join(f"{number}\n" for number in range(1, 20001))
    assert shown == {"stdout": numbers, "stderr": numbers}
    with pytest.raises(shell.CommandFailed, match="status 4"):
        shell.run("echo x; exit 4", show)


def test_a_shell_that_is_not_there_is_named() -> None:
    with pytest.raises(shell.MagicError, match="no no-such-shell"):
        shell.command_line("true", "no-such-shell")


def test_a_group_has_a_number_of_its_own() -> None:
    group = ProcessGroup(["sh", "-c", "exit 0"], dict(os.environ))
    group.wait(5)
    assert group.status == 0
    assert not group.close()
