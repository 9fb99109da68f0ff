"""%%start, %monitor, %connect --attach, %reboot --run: looking at a board's program without touching it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from ..boards import in_background
from ..webrepl_server import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..boards import Microbit
    from ..front_end import Jupyter
    from ..webrepl_server import WebReplServer

WAIT = """
try:
    from microbit import sleep
except ImportError:
    from time import sleep_ms as sleep
"""

COUNTS = WAIT + "n = 0\nwhile True:\n    n += 1\n    print('tick', n)\n    sleep(50)\n"

INTERRUPTED = "is interrupted: this cell needs the board]"


def start(kernel: Jupyter, program: str) -> str:
    """Start a program, which has to run on; return what the cell shows."""
    reply = kernel.do("%%start\n" + program)
    assert "[the program runs on" in reply.stderr
    return reply.stdout


def ticks(text: str) -> list[int]:
    """The numbers that were printed, also where the first or last line is cut."""
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith("tick ") and line.split()[1:]]


def counted(kernel: Jupyter) -> int:
    """How far the program has counted; it is interrupted for that."""
    reply = kernel.do("n")
    assert INTERRUPTED in reply.told
    return int(reply.value or 0)


def stop(kernel: Jupyter) -> None:
    """Press Stop where no cell runs, and let it arrive."""
    assert kernel.control("interrupt_request", {})["status"] == "ok"


def end_of_program(kernel: Jupyter) -> str:
    """What is said about the end of a program, which comes soon."""
    reply = kernel.run("%monitor 10")
    return reply.stderr if reply.ok else reply.error.text


def goes_on(kernel: Jupyter, *, beyond: int = 0) -> list[int]:
    """Look until the program has counted on; return what was seen of that."""
    before = [beyond, *ticks(kernel.do("%monitor", stop_at="\ntick ").stdout)][-1]
    later = ticks(kernel.do("%monitor", stop_at="\ntick ").stdout)
    assert later[-1] > before
    return later


def told(kernel: Jupyter, what: str) -> str:
    """Run cells that need no board until their margins have told something; return all that they told."""
    deadline = time.monotonic() + 20
    said = ""
    while what not in said:
        assert time.monotonic() < deadline, said
        said += kernel.do("%python import time; time.sleep(0.1)").stderr
    return said


# -- %%start -------------------------------------------------------------------------------------------------------


def test_a_started_program_runs_on_and_the_next_cell_says_that_it_interrupts_it(jupyter: Jupyter) -> None:
    shown = start(jupyter, COUNTS)
    reply = jupyter.do("n")
    assert [line for line in reply.stderr.splitlines() if "tick" not in line and "started is" in line]
    assert reply.told.count(INTERRUPTED) == 1
    assert int(reply.value or 0) >= len(ticks(shown))
    assert jupyter.do("n").stderr == "", "it is over"


def test_what_a_started_program_prints_is_shown_between_cells(virtual: Jupyter) -> None:
    start(virtual, "import time\ntime.sleep(3)\nprint('late news')")
    assert "[printed between cells]\nlate news" in told(virtual, "late news")
    told_end = told(virtual, "") + virtual.do("1").stderr
    assert told_end.count("has ended]") <= 1
    assert virtual.do("1").stderr == ""


def test_an_error_of_a_started_program_is_shown_by_the_next_cell_which_runs(virtual: Jupyter) -> None:
    start(virtual, "import time\ntime.sleep(3)\n1/0")
    said = told(virtual, "has ended with an error]")
    assert "line 4" in said, "counted in the cell, with its magic"
    assert "ZeroDivisionError" in said
    assert INTERRUPTED not in said
    reply = virtual.do("6 * 7")
    assert (reply.value, reply.stderr) == ("42", "")


@pytest.mark.parametrize(("program", "name"), [("1/0", "ZeroDivisionError"), ("x = (", "SyntaxError")])
def test_a_program_that_fails_at_once_fails_the_cell_that_starts_it(jupyter: Jupyter, program: str, name: str) -> None:
    error = jupyter.fail(f"%%start\n{program}")
    assert error.name == name
    assert "line 2" in error.text


def test_a_program_that_ends_at_once_is_shown_as_a_cell_is(virtual: Jupyter) -> None:
    reply = virtual.do("%%start\nprint('short')")
    assert reply.stdout == "short\n"
    assert "runs on" not in reply.stderr
    assert virtual.do("1").stderr == ""


def test_a_started_program_that_asks_is_stopped_and_says_why(jupyter: Jupyter) -> None:
    started = jupyter.run("%%start" + WAIT + "sleep(1000)\nname = input('your name? ')")
    error = jupyter.fail("%monitor 15") if started.ok else started.error
    assert error.name == "CannotAsk"
    assert "'your name?'" in error.value
    assert "ordinary cell" in error.value
    assert jupyter.do("1").value == "1"


def test_completion_and_the_hosts_commands_leave_a_started_program_alone(virtual: Jupyter) -> None:
    start(virtual, COUNTS)
    virtual.complete("no_such_name")
    virtual.inspect("n")
    virtual.do("%python 1")
    virtual.do("!echo here")
    virtual.do("%connect_info")
    later = goes_on(virtual)
    assert counted(virtual) >= later[-1]


def test_stop_of_a_command_on_the_host_leaves_a_started_program_alone(virtual: Jupyter) -> None:
    start(virtual, COUNTS)
    assert virtual.fail("%python import time; time.sleep(15)", stop_after=0.5).name == "KeyboardInterrupt"
    assert goes_on(virtual)


def test_stop_where_no_cell_runs_interrupts_a_started_program(jupyter: Jupyter) -> None:
    start(jupyter, COUNTS)
    stop(jupyter)
    assert "KeyboardInterrupt" in end_of_program(jupyter)
    assert jupyter.do("1").stderr == ""


def test_what_a_front_end_asks_silently_interrupts_no_program(virtual: Jupyter) -> None:
    start(virtual, COUNTS)
    refused = virtual.run("n", silent=True)
    assert refused.content["ename"] == "BoardBusy"
    assert goes_on(virtual)


def test_a_program_that_does_not_stop_fails_the_cell_that_needs_the_board(virtual: Jupyter) -> None:
    start(
        virtual,
        "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except KeyboardInterrupt:\n        pass",
    )
    error = virtual.fail("1")
    assert error.name == "BoardBusy"
    assert "did not stop" in error.value
    assert virtual.do("2").value == "2", "the second try sends many Ctrl-C"


def test_a_cell_on_several_boards_says_that_it_interrupts_a_program(virtual: Jupyter) -> None:
    start(virtual, COUNTS)
    assert INTERRUPTED in virtual.do("%%on all\nprint(1)").told


@pytest.mark.parametrize("above", ["%%time", "%%plot"])
def test_what_follows_a_program_to_its_end_does_not_go_with_start(virtual: Jupyter, above: str) -> None:
    error = virtual.fail(f"{above}\n%%start\nprint(1)")
    assert error.name == "MagicError"
    assert above in error.value


def test_start_without_a_program_says_so(virtual: Jupyter) -> None:
    assert "no program" in virtual.fail("%%start").value
    assert "right below" in virtual.fail("%%start\n%%time\n1").value


# -- %monitor ------------------------------------------------------------------------------------------------------


def test_stop_ends_the_look_and_the_program_counts_on(jupyter: Jupyter) -> None:
    start(jupyter, COUNTS)
    reply = jupyter.do("%monitor", stop_at="\ntick ")
    assert "the program runs on" in reply.stderr
    later = goes_on(jupyter, beyond=ticks(reply.stdout)[-1])
    assert counted(jupyter) >= later[-1]


def test_a_second_stop_interrupts_the_program(jupyter: Jupyter) -> None:
    start(jupyter, COUNTS)
    jupyter.do("%monitor", stop_at="\ntick ")
    stop(jupyter)
    assert "KeyboardInterrupt" in end_of_program(jupyter)


def test_the_look_ends_after_its_seconds(jupyter: Jupyter) -> None:
    start(jupyter, COUNTS)
    reply = jupyter.do("%monitor 1")
    assert 1 <= reply.seconds < 10
    seen = ticks(reply.stdout)
    assert seen[:-1] == list(range(seen[0], seen[0] + len(seen) - 1)), "nothing is missing; the last may be cut"
    assert len({at for at, _ in reply.streams()}) > 1, "live"


def test_nothing_is_sent_to_the_board_while_one_looks(virtual: Jupyter) -> None:
    start(virtual, COUNTS)
    virtual.do("%connect_info\n%trace on")
    reply = virtual.do("%monitor", stop_at="\ntick ")
    virtual.do("%trace off")
    assert " < b'tick" in reply.trace
    assert " > b'" not in reply.trace


def test_a_program_that_fails_while_one_looks_fails_the_look(jupyter: Jupyter) -> None:
    start(jupyter, WAIT + "sleep(3000)\nprint('near')\n1/0")
    reply = jupyter.run("%monitor")
    assert "near" in reply.stdout
    assert reply.error.name == "ZeroDivisionError"
    assert "line 9" in reply.error.text


def test_a_program_that_ends_while_one_looks_ends_the_look(jupyter: Jupyter) -> None:
    start(jupyter, WAIT + "sleep(3000)\nprint('over')")
    reply = jupyter.do("%monitor")
    assert "over" in reply.stdout
    assert "has ended]" in reply.stderr


def test_what_timers_print_at_the_prompt_is_shown(start_kernel: Jupyter, server: WebReplServer) -> None:
    # The boards here have no timers: what one prints is put on the line.
    start_kernel.do(f"%connect {server.address} --password {PASSWORD}\nx = 7")
    threading.Timer(0.3, server.say, [b"from a timer\r\n"]).start()
    reply = start_kernel.do("%monitor", stop_at="from a timer")
    assert (reply.stdout, reply.stderr) == ("from a timer\n", "[no longer watched]\n")
    assert start_kernel.do("x").value == "7"


def test_a_flood_is_shown_as_fast_as_it_is_read_and_stop_ends_the_look(virtual: Jupyter) -> None:
    start(virtual, "i = 0\nwhile True:\n    i += 1\n    print('tick', i)")
    reply = virtual.do("%monitor", stop_after=2)
    assert reply.seconds - reply.interrupted_at[0] < 5
    seen = ticks(reply.stdout)
    assert int(virtual.do("i").value or 0) > seen[-2]


def test_the_line_that_is_lost_while_one_looks_ends_the_look(start_kernel: Jupyter, microbit: Microbit) -> None:
    start_kernel.do(f"%connect {microbit.address}")
    start(start_kernel, COUNTS)
    threading.Timer(1, microbit.unplug).start()
    error = start_kernel.fail("%monitor")
    assert error.name == "LineLost"
    assert "The next cell connects" in error.value
    microbit.start()
    reply = start_kernel.do("%connect_info")
    assert reply.ok


@pytest.fixture
def start_kernel(plain: Jupyter) -> Iterator[Jupyter]:
    """A kernel for a board of the test's own."""
    yield plain
    plain.run("%disconnect")


def test_a_plot_draws_what_a_started_program_prints(virtual: Jupyter) -> None:
    start(virtual, "import time\nfor i in range(60):\n    print(i * i)\n    time.sleep(0.05)")
    reply = virtual.do("%%plot\n%monitor")
    assert reply.of("display_data") or reply.of("update_display_data")


def test_what_a_started_program_displays_is_shown_also_where_nobody_looked(virtual: Jupyter) -> None:
    virtual.do("%display on")
    start(virtual, "import time\ntime.sleep(3)\ndisplay({'answer': 42})")
    deadline = time.monotonic() + 20
    while not (reply := virtual.do("%connect_info")).of("display_data"):
        assert time.monotonic() < deadline
    assert "answer" in str(reply.of("display_data"))
    assert "\x1e" not in reply.stderr
    virtual.do("%display off")


def test_a_look_without_a_board_says_how_to_connect_without_a_stop(plain: Jupyter) -> None:
    plain.run("%disconnect")
    error = plain.fail("%monitor")
    assert error.name == "NotConnected"
    assert "--attach" in error.value


@pytest.mark.parametrize("words", ["x", "0", "-1", "inf", "nan", "1 2"])
def test_a_time_that_is_none_is_refused(virtual: Jupyter, words: str) -> None:
    assert virtual.fail(f"%monitor {words}").name == "MagicError"


def test_tab_offers_the_options(virtual: Jupyter) -> None:
    assert "%monitor --reset" in virtual.complete("%monitor --r")
    assert "%reboot --run" in virtual.complete("%reboot --r")
    assert "%connect --attach" in virtual.complete("%connect --at")


# -- %connect --attach, %reboot --run --------------------------------------------------------------------------------


def with_main(folder: Path) -> str:
    """The address of a virtual board that runs a main.py which counts."""
    (folder / "main.py").write_text(COUNTS)
    return f"virtual:{folder}"


def test_a_board_that_is_attached_to_goes_on_until_a_cell_needs_it(
    start_kernel: Jupyter, virtual_address: str, tmp_path: Path
) -> None:
    told = start_kernel.do(f"%connect {with_main(tmp_path)} --attach").stdout
    assert "a program may run there" in told
    first = start_kernel.do("%monitor", stop_at="\ntick ")
    assert first.ok
    later = goes_on(start_kernel, beyond=ticks(first.stdout)[-1])
    start_kernel.complete("tim")
    assert counted(start_kernel) >= later[-1]
    assert "MicroPython" in start_kernel.do("%connect_info").stdout, "it could be asked now"


def test_a_second_stop_interrupts_a_board_that_was_attached_to(
    start_kernel: Jupyter, virtual_address: str, tmp_path: Path
) -> None:
    start_kernel.do(f"%connect {with_main(tmp_path)} --attach")
    start_kernel.do("%monitor", stop_at="\ntick ")
    stop(start_kernel)
    assert "main.py" in told(start_kernel, "KeyboardInterrupt")
    told(start_kernel, "")
    reply = start_kernel.do("n")
    assert INTERRUPTED not in reply.told, "nothing runs any more"


def test_a_board_that_was_attached_to_is_left_as_it_was_found(start_kernel: Jupyter, server: WebReplServer) -> None:
    connect = f"%connect {server.address} --password {PASSWORD}"
    start_kernel.do(connect)
    start_kernel.do(f"f = open('main.py', 'w')\nf.write({COUNTS!r})\nf.close()")
    shown = start_kernel.do("%reboot --run", stop_at="\ntick ")
    assert "soft reboot" in shown.stdout
    start_kernel.do("%disconnect")
    start_kernel.do(f"{connect} --attach")
    before = ticks(start_kernel.do("%monitor", stop_at="\ntick ").stdout)
    assert before[0] > ticks(shown.stdout)[0]
    start_kernel.do("%disconnect")
    sent = len(server.seen)
    start_kernel.do(f"{connect} --attach")
    assert ticks(start_kernel.do("%monitor", stop_at="\ntick ").stdout)[-1] > before[-1]
    assert server.seen[sent:] == b"", "not a byte"
    assert counted(start_kernel) > before[-1]
    start_kernel.do("import os\nos.remove('main.py')")


def test_a_line_that_is_lost_while_one_looks_can_be_looked_at_again(
    start_kernel: Jupyter, server: WebReplServer
) -> None:
    start_kernel.do(f"%connect {server.address} --password {PASSWORD}")
    start(start_kernel, COUNTS)
    threading.Timer(0.5, server.drop).start()
    assert start_kernel.fail("%monitor").name == "LineLost"
    again = start_kernel.do("%monitor", stop_at="\ntick ")
    assert "its program was not interrupted" in again.told
    assert counted(start_kernel) >= ticks(again.stdout)[-1]


def test_reboot_run_has_boot_and_main_run_and_leaves_them_running(jupyter: Jupyter) -> None:
    jupyter.do(f"f = open('main.py', 'w')\nf.write({COUNTS!r})\nf.close()")
    reply = jupyter.do("%reboot --run", stop_at="tick 3")
    assert "soft reboot" in reply.stdout
    assert ticks(reply.stdout)[:3] == [1, 2, 3]
    assert counted(jupyter) >= 3
    jupyter.do("import os\nos.remove('main.py')")


def test_monitor_reset_interrupts_restarts_and_looks(jupyter: Jupyter) -> None:
    jupyter.do(f"f = open('main.py', 'w')\nf.write({COUNTS!r})\nf.close()")
    start(jupyter, WAIT + "while True:\n    sleep(100)")
    reply = jupyter.do("%monitor --reset", stop_at="tick 3")
    assert INTERRUPTED in reply.told
    assert ticks(reply.stdout)[:2] == [1, 2]
    jupyter.do("import os\nos.remove('main.py')")


def test_an_error_in_main_py_is_shown_as_the_board_says_it(
    start_kernel: Jupyter, virtual_address: str, tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text("print('begun')\n1/0\n")
    start_kernel.do(f"%connect virtual:{tmp_path}")
    shown = start_kernel.do("%reboot --run", stop_at="ZeroDivisionError").stdout
    assert "begun" in shown
    assert 'File "main.py", line 2' in shown
    assert "ZeroDivisionError" in shown
    assert start_kernel.do("1").value == "1"


def test_attach_without_an_address_asks_no_port(plain: Jupyter) -> None:
    error = plain.fail("%connect --attach")
    assert "name it" in error.value


def test_run_and_hard_do_not_go_together(virtual: Jupyter) -> None:
    assert "--run" in virtual.fail("%reboot --hard --run").value


def test_the_kernel_ends_at_once_while_a_started_program_runs(start_kernel: Jupyter, virtual_address: str) -> None:
    start_kernel.do("%connect virtual")
    start(start_kernel, COUNTS)
    assert in_background(lambda: start_kernel.do("%disconnect"))() is None
