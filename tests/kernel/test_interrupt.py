"""Stop."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..conftest import Start
    from ..front_end import Jupyter, Reply

LIMIT = 2.0
"""Seconds: half a second is promised, the rest is for slow machines."""


def stopped(reply: Reply, presses: int = 1) -> Reply:
    assert reply.error.name == "KeyboardInterrupt"
    assert len(reply.interrupted_at) == presses
    assert reply.seconds - reply.interrupted_at[-1] < LIMIT
    return reply


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time\ntime.sleep(60)",
        "import time\nwhile True:\n    print('tick')\n    time.sleep(0.05)",
        "while True: print('x' * 20)",
        "def f():\n    while True:\n        try: 1/0\n        except Exception: pass\nf()",
    ],
    ids=["loop", "sleep", "ticks", "flood", "except"],
)
def test_stop_ends_the_cell_and_keeps_the_variables(jupyter: Jupyter, code: str) -> None:
    jupyter.do("x = 7")
    stopped(jupyter.run(code, stop_after=0.5))
    assert jupyter.do("x").value == "7"


def test_stop_shows_where_the_program_was(jupyter: Jupyter) -> None:
    reply = stopped(jupyter.run("print('go')\n\nwhile True: pass", stop_at="go"))
    assert f"Cell In[{reply.number}], line 3" in reply.error.text
    assert "while True: pass" in reply.error.text


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1])
def test_stop_ends_a_cell_that_has_just_begun(jupyter: Jupyter, delay: float) -> None:
    # On the way to the board: a small one takes a third of a second for this source.
    stopped(jupyter.run("x = 1\n" * 150 + "while True: pass", stop_at_start=delay, timeout=8))
    assert jupyter.do("1").value == "1"


def test_a_program_may_clean_up_after_stop(jupyter: Jupyter) -> None:
    reply = stopped(
        jupyter.run("try:\n    print('go')\n    while True: pass\nfinally:\n    print('motor off')", stop_at="go")
    )
    assert reply.stdout == "go\nmotor off\n"


def test_a_program_that_handles_stop_itself_succeeds(jupyter: Jupyter) -> None:
    reply = jupyter.do(
        "try:\n    print('go')\n    while True: pass\nexcept KeyboardInterrupt:\n    print('done')", stop_at="go"
    )
    assert reply.stdout == "go\ndone\n"


def test_stop_without_a_running_cell_harms_nothing(jupyter: Jupyter) -> None:
    jupyter.do("x = 7")
    jupyter.manager.interrupt_kernel()
    time.sleep(0.3)  # until the kernel has got it
    assert jupyter.do("x").value == "7"


def test_stop_in_quick_succession_harms_nothing(jupyter: Jupyter) -> None:
    jupyter.do("x = 7")
    for _ in range(5):
        reply = jupyter.run("while True: pass", stop_after=[0.3, 0.31, 0.32])
        assert reply.status == "error"
    assert jupyter.do("x").value == "7"


STUBBORN = """
print('go')
for i in range({times}):
    try:
        while True: pass
    except KeyboardInterrupt: pass
"""


def test_a_second_stop_gives_up_a_program_that_catches_the_first(jupyter: Jupyter) -> None:
    jupyter.do("x = 7")
    reply = jupyter.run(STUBBORN.format(times=4), stop_after=[0.7, 1.4])
    assert reply.error.name == "BoardBusy"
    assert "did not stop" in reply.error.value
    assert reply.seconds - reply.interrupted_at[-1] < LIMIT
    # The program's end comes while the next cell looks for the prompt.
    assert jupyter.do("x").value == "7"


def test_the_kernel_lives_on_beside_a_program_that_never_stops(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("x = 7")
    error = kernel.run(STUBBORN.format(times=10**9), stop_after=[0.5, 1.2]).error
    assert (error.name, "did not stop" in error.value) == ("BoardBusy", True)
    kernel.do("%boards")
    # The next cell tries for a while, and says so; Stop ends it, too.
    reply = kernel.run("1", stop_after=1.0)
    assert reply.status == "error"
    assert reply.seconds - reply.interrupted_at[0] < LIMIT
    kernel.do(f"%connect {virtual_address}")
    assert kernel.do("1").value == "1"


def test_one_stop_on_a_program_that_goes_on_says_what_to_do(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("1")
    reply = kernel.run(STUBBORN.format(times=3), stop_after=[0.7, 2.2])
    assert "Stop again" in reply.stderr
    assert kernel.do("1").value == "1"


def test_stop_ends_a_magic_that_waits(plain: Jupyter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reply = plain.run(f"%connect socket://127.0.0.1:{silent.getsockname()[1]}", stop_after=1.0)
    stopped(reply)
    assert plain.do("%boards").stdout.startswith("connected: none")


def test_stop_ends_the_connecting_of_the_first_cell(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kernel = start({"MICROPYTHON_BOARD": f"socket://127.0.0.1:{silent.getsockname()[1]}"})
        stopped(kernel.run("1", stop_after=1.0))


@pytest.mark.parametrize("code", ["%%python\nimport time\ntime.sleep(30)", "%%python\nwhile True: pass"])
def test_stop_ends_python_on_the_host(plain: Jupyter, code: str) -> None:
    reply = plain.run(code, stop_after=0.7)
    assert reply.error.name == "KeyboardInterrupt"
    assert reply.seconds < 5


def test_stop_ends_what_the_host_does_after_a_program(jupyter: Jupyter) -> None:
    stopped(jupyter.run("%time 1 + 1\n%python __import__('time').sleep(30)", stop_after=1))
    assert jupyter.do("6 * 7").value == "42"


def test_stop_during_completion_and_inspection_harms_nothing(jupyter: Jupyter) -> None:
    jupyter.do("x = 7")
    jupyter.client.complete("pri")
    jupyter.manager.interrupt_kernel()
    jupyter.client.inspect("print")
    jupyter.manager.interrupt_kernel()
    time.sleep(0.2)
    assert jupyter.do("x").value == "7"


def test_stop_counts_from_when_the_front_end_hears_of_the_cell(start: Start, virtual_address: str) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("x = 7")
    # The instant between the announcement of a cell and its beginning, made longer.
    kernel.do(
        "%%python\n"
        "import time\n"
        "do_execute = kernel.do_execute\n"
        "async def late(*args, **kwargs):\n"
        "    time.sleep(0.8)\n"
        "    return await do_execute(*args, **kwargs)\n"
        "kernel.do_execute = late"
    )
    stopped(kernel.run("x = 8\nwhile True: pass", stop_at_start=0.2, timeout=8))
    assert kernel.do("x").value == "7"
