"""Stop is a signal in IPython's kernel: it may come between any two steps."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from metakernel_micropython.interrupts import HeldInterrupts
from metakernel_micropython.signal_stop import SignalStop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from ..front_end import Reply
    from .python_notebook import PythonNotebook

DEADLINE = 10.0
"""Seconds until a thread that hangs fails the test."""

Pressed = Callable[[str, int, str], "Reply"]


@pytest.fixture
def pressed(virtual: PythonNotebook) -> Iterator[Pressed]:
    """Run a cell, and press Stop at a place on its way through IPython."""
    virtual.python(
        "import signal\n"
        "shell, presses = get_ipython(), {}\n"
        "def press(where, cell):\n"
        "    for _ in range(presses.pop(where, 0) if '# pressed' in cell else 0):\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "def transform(lines):\n    press('transform', ''.join(lines))\n    return lines\n"
        "def before(info):\n    press('before', info.raw_cell)\n"
        "def after(result):\n    press('after', result.info.raw_cell)\n"
        "own = shell.kernel.finish_metadata\n"
        "def finish(parent, *args):\n    press('reply', parent['content']['code'])\n    return own(parent, *args)\n"
        "shell.kernel.finish_metadata = finish\n"
        "shell.input_transformers_cleanup.append(transform)\n"
        "shell.events.register('pre_run_cell', before)\n"
        "shell.events.register('post_run_cell', after)"
    )

    def run(where: str, presses: int, cell: str) -> Reply:
        virtual.python(f"presses[{where!r}] = {presses}")
        return virtual.python(cell + "  # pressed", timeout=8)

    yield run
    virtual.python(
        "del shell.kernel.finish_metadata\n"
        "shell.input_transformers_cleanup.remove(transform)\n"
        "shell.events.unregister('pre_run_cell', before)\n"
        "shell.events.unregister('post_run_cell', after)"
    )


@pytest.mark.parametrize("presses", [1, 2])
@pytest.mark.parametrize("where", ["transform", "before"])
def test_stop_before_the_first_statement_ends_the_cell(
    virtual: PythonNotebook, pressed: Pressed, where: str, presses: int
) -> None:
    for cell in ("%%micropython\nwhile True: pass", "while True: pass"):
        reply = pressed(where, presses, cell)  # a callback that the second one ends has its own error shown, too
        assert reply.content["ename"] == "KeyboardInterrupt"
    assert virtual.do("6 * 7").value == "42"
    assert virtual.python("6 * 7").value == "42"


@pytest.mark.parametrize("cell", ["%%micropython\n1", "_n = 1", "def ("], ids=["board", "python", "no Python"])
def test_stop_behind_the_last_statement_leaves_a_reply(virtual: PythonNotebook, pressed: Pressed, cell: str) -> None:
    for where, presses in (("after", 1), ("after", 2), ("reply", 1), ("reply", 2)):
        assert pressed(where, presses, cell).content
    assert virtual.do("6 * 7").value == "42"


def test_python_that_runs_takes_stop_as_ever(virtual: PythonNotebook) -> None:
    reply = virtual.python(
        "import time\ntry:\n    time.sleep(30)\nexcept KeyboardInterrupt:\n    stopped = 1", stop_at_start=0.3
    )
    assert reply.ok and virtual.python("stopped").value == "1"
    mixed = virtual.python("%boards\nwhile True: pass", stop_at="connected")
    assert mixed.error.name == "KeyboardInterrupt"


def test_completing_and_inspecting_are_no_cells(virtual: PythonNotebook) -> None:
    handler = "signal.getsignal(signal.SIGINT)"
    virtual.python("import signal\nclass Told:\n    def __dir__(self): seen.append(" + handler + "); return []")
    virtual.python("told, seen = Told(), []")
    virtual.complete("%put told.a")
    assert virtual.python("{*seen} <= {signal.default_int_handler}").value == "True"


def test_unloading_leaves_stop_to_ipykernel(notebook: PythonNotebook) -> None:
    names = "sorted({'do_execute', 'pre_handler_hook'} & {*vars(get_ipython().kernel)}), get_ipython().ast_transformers"
    notebook.python("%unload_ext metakernel_micropython")
    assert notebook.python(names).value == "([], [])"
    notebook.python("import signal")
    assert "SIG_IGN" in str(notebook.python("get_ipython().kernel.saved_sigint_handler").value)
    notebook.load()
    notebook.python("%unload_ext metakernel_micropython")
    notebook.load()
    assert notebook.python(f"({names})[0]").value == "['do_execute', 'pre_handler_hook']"
    notebook.python("%reload_ext metakernel_micropython")
    assert notebook.python("len(get_ipython().ast_transformers)").value == "1"


def test_stop_between_cells_ends_a_started_program_and_harms_nothing_else(virtual: PythonNotebook) -> None:
    virtual.python("%%start\nimport time\nwhile True:\n    time.sleep(0.01)")
    virtual.manager.interrupt_kernel()
    told, deadline = "", time.monotonic() + DEADLINE
    while "was stopped" not in told and time.monotonic() < deadline:
        told += virtual.python("_n = 1").stderr
    assert "KeyboardInterrupt" in told
    virtual.manager.interrupt_kernel()
    assert virtual.do("6 * 7").value == "42"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Windows has no signal that ends a wait")
def test_a_signal_that_ends_no_wait_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come between the main thread's last look at signals and its wait: then that would go on."""
    sent: list[int] = []
    kill = signal.pthread_kill

    def lose_two(thread: int, number: int) -> None:
        sent.append(number)
        if len(sent) > 2:
            kill(thread, number)

    monkeypatch.setattr(signal, "pthread_kill", lose_two)
    stops = SignalStop(lambda: stops.interrupt_host())
    try:
        with pytest.raises(KeyboardInterrupt), stops:
            stops.begin()
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
            threading.Event().wait(DEADLINE)
        stops.finish()
    finally:
        stops.end()
    assert len(sent) > 2
    assert signal.SIGINT not in sent  # which another handler might take for a second Stop


def test_what_must_not_be_left_halfway_is_told_of_stop_once() -> None:
    stops = SignalStop(lambda: None)
    try:
        with pytest.raises(KeyboardInterrupt), stops:
            stops.begin()
            with HeldInterrupts() as held:
                threading.Timer(0.1, stops.interrupt_host).start()
                deadline = time.monotonic() + DEADLINE
                while not held.count and time.monotonic() < deadline:
                    time.sleep(0.01)
                time.sleep(0.1)
        assert held.count == 1
        stops.finish()
    finally:
        stops.end()


def test_stop_between_any_two_steps_leaves_nothing_behind() -> None:
    """What leaves a thread or a lock behind has the next cell wait for it."""
    stopped: list[str] = []
    stops = SignalStop(lambda: stopped.append("now"))
    own = {SignalStop.__enter__.__code__, SignalStop.__exit__.__code__, stops.begin.__code__, stops.finish.__code__}
    handler = signal.getsignal(signal.SIGINT)
    steps, at = 0, -1

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal steps
        if frame.f_code in own:
            steps += 1
            if steps == at:
                signal.raise_signal(signal.SIGINT)
        return trace

    def one_cell() -> None:
        nonlocal steps
        steps = 0
        sys.settrace(trace)
        try:
            with stops:
                stops.begin()
                stops.finish()
        except KeyboardInterrupt:
            assert signal.getsignal(signal.SIGINT) is handler  # nothing was done yet, or all of it
        finally:
            sys.settrace(before)

    before = sys.gettrace()
    one_cell()
    assert steps > 20
    for at in range(1, steps + 1):  # noqa: B007 - the trace looks at it
        one_cell()
        assert signal.getsignal(signal.SIGINT) is handler
        assert [thread.name for thread in threading.enumerate()].count("Stop") == 1
        stopped.clear()
        with stops:  # the next cell, which gets its own Stop alone
            stops.begin()
            assert stopped == []
            signal.raise_signal(signal.SIGINT)
            deadline = time.monotonic() + DEADLINE
            while not stopped and time.monotonic() < deadline:
                time.sleep(0.001)
            stops.finish()
        assert stopped == ["now"]
    stops.end()
