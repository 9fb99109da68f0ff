"""This computer's side: a disk that is full or takes no changes, and Stop while a command of its shell runs."""

from __future__ import annotations

import random
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from .bench import Outcome, Violation
from .conftest import note
from .notebook import Notebook
from .plan import Fault, Kind, Plan, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..front_end import Reply

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits, modes and process groups are POSIX's")

_FULL = """\
%%python
import resource
the_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, the_limit[1]))"""
_ROOM_AGAIN = "%python resource.setrlimit(resource.RLIMIT_FSIZE, the_limit)"
"""Writing beyond the size fails in the middle, as on a full disk: what fits has been written."""

_OBEY_MODES = """\
%%python
import ctypes, os, sys
if os.geteuid() == 0 and sys.platform == "linux":
    the_libc, the_header, the_caps = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert not the_libc.capget(the_header, the_caps)
    the_caps[0] = the_caps[0] & ~0b10 if {obey} else the_caps[1]  # CAP_DAC_OVERRIDE, in what is effective
    assert not the_libc.capset(the_header, the_caps)"""
"""The mode of a folder means nothing to root, who runs the tests in containers, unless that is given up."""

_COMMANDS = (
    "import time; print('{mark}', flush=True); time.sleep(600)",
    "while True: print('{mark}')",
    "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('{mark}', flush=True); time.sleep(600)",
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}']); "
    "time.sleep(600)",
    "print('{mark}')",
    "import sys; sys.exit('{mark}')",
)


def fetch(run: Notebook) -> tuple[Reply, set[str]]:
    (data,) = run.files["old.txt"]
    assert data is not None
    return _replaces(run, "%fetchfile -b old.txt kept.bin -q", data)


def write_here(run: Notebook) -> tuple[Reply, set[str]]:
    data = b"x" * run.rng.choice((10, 300, 5000))
    return _replaces(run, f"%%writefile kept.bin\n{data.decode()}", data + b"\n")


def download(run: Notebook) -> tuple[Reply, set[str]]:
    reply = run.run("%download / copied -q")
    copied = _desk(run) / "copied"
    for path in copied.glob("*"):
        if path.name not in run.files:
            raise Violation(f"a file that nobody asked for: {path.name}")
        if path.read_bytes() not in run.files[path.name]:
            raise Violation(f"{path.name} was fetched with another content")
    if reply.ok and {path.name for path in copied.glob("*")} != set(run.files):
        raise Violation("success, and yet not all files are there")
    return reply, {"copied"}


def capture(run: Notebook) -> tuple[Reply, set[str]]:
    mark = run.mark()
    reply = run.run(f"%capture captured.txt\nfor i in range({run.rng.choice((1, 100))}):\n    print('{mark}', i)", mark)
    path = _desk(run) / "captured.txt"
    if reply.ok and (not path.exists() or path.read_text() != reply.stdout):
        raise Violation("success, and yet the file does not hold the output")
    return reply, {"captured.txt"}


def log(run: Notebook) -> tuple[Reply, set[str]]:
    mark = run.mark()
    reply = run.run(f"%connect {run.part.line.address} --log trace.log")
    following = run.run(f"print('{mark}')", mark)
    if reply.ok and run.plan.stop_after is None and following.stdout != f"{mark}\n":
        raise Violation(f"a log that cannot be written spoils a cell: {following.content}, {following.stdout!r}")
    without = run.run(f"%connect {run.part.line.address}")
    if not without.ok:  # Stop has waited for none but the first of these three cells
        assert run.plan.stop_after is not None, without.content
        run.jupyter.do(f"%connect {run.part.line.address}")
    return reply, {"trace.log"}


def command(run: Notebook) -> tuple[Reply, set[str]]:
    mark = run.mark()
    script = run.rng.choice(_COMMANDS).format(mark=mark)
    begin = time.monotonic()
    reply = run.run(f'!{sys.executable} -c "{script}"', mark)
    if run.plan.stop_after is not None and time.monotonic() - begin > run.plan.stop_after + 8:
        raise Violation("a command did not end 8 s after Stop")
    left = [
        process.pid for process in psutil.process_iter(["cmdline"]) if mark in " ".join(process.info["cmdline"] or ())
    ]
    if left:
        raise Violation(f"processes of the command are left: {left}")
    return reply, set()


ON_DISK = {
    "fetchfile": fetch,
    "writefile": write_here,
    "download": download,
    "capture": capture,
    "connect --log": log,
}


def _desk(run: Notebook) -> Path:
    return Path(str(run.desk))


def _replaces(run: Notebook, cell: str, data: bytes) -> tuple[Reply, set[str]]:
    """Run a cell that puts a file on the disk: it is the old or the new one."""
    kept = _desk(run) / "kept.bin"
    reply = run.run(cell)
    allowed = [data] if reply.ok else [data, b"what was there"]
    if kept.read_bytes() not in allowed:
        raise Violation(f"kept.bin has {len(kept.read_bytes())} bytes, which is neither the old nor the new content")
    return reply, {"kept.bin"}


def _plan(seed: int) -> Plan:
    rng = random.Random(seed)
    scenario = rng.choice([*ON_DISK, *ON_DISK, "!command", "!command", "!command"])
    kind = rng.choice((Kind.DISK_FULL, Kind.DISK_FULL, Kind.READ_ONLY))
    size = rng.choice((0, 1, 100, 1000, rng.randrange(20_000))) if kind is Kind.DISK_FULL else 0
    stopped = scenario == "!command" or rng.random() < 0.15
    kind = Kind.STOP if scenario == "!command" else kind
    faults = (Fault(kind, Way.FROM_BOARD, 0, size=size),)
    return Plan(seed, scenario, faults, rng.choice((0.0, 0.1, 0.6)) * rng.random() if stopped else None)


def perform(plan: Plan, run: Notebook) -> Outcome:
    """Do what the plan says; what is on the disk is old or new, and with the disk mended the same cell works."""
    desk = _desk(run)
    run.begin(plan)
    (desk / "kept.bin").write_bytes(b"what was there")
    before = {path.name for path in desk.iterdir()}
    scenario: Callable[[Notebook], tuple[Reply, set[str]]] = {**ON_DISK, "!command": command}[plan.scenario]
    fault = next((one for one in plan.faults if one.kind is not Kind.STOP), None)
    timer = threading.Timer(plan.stop_after or 0, run.jupyter.manager.interrupt_kernel)
    if fault is not None:
        _break(run, fault, desk)
    try:
        if plan.stop_after is not None:
            timer.start()
        reply, made = scenario(run)
        timer.join() if plan.stop_after is not None else None
        run.jupyter.control("kernel_info_request", {})
        run.run("%comment something for Stop to stop")
    finally:
        if fault is not None:
            _mend(run, fault, desk)
    if fault is not None:
        _check_error(fault, reply, plan)
    if strange := {path.name for path in desk.rglob("*")} - before - made - set(run.files):
        raise Violation(f"files are left on this computer: {strange}")
    run.check_after()
    if fault is not None:
        again, _ = scenario(run)
        if not again.ok:
            raise Violation(f"with a disk that works it does not work: {again.content}")
    for name in {"copied", "captured.txt", "trace.log"} & {path.name for path in desk.iterdir()}:
        _remove(desk / name)
    ended = "success" if reply.ok else str(reply.content["ename"])
    return Outcome(plan, plan.faults, ended, "" if reply.ok else str(reply.content["evalue"]))


def _break(run: Notebook, fault: Fault, desk: Path) -> None:
    if fault.kind is Kind.DISK_FULL:
        run.jupyter.do(_FULL.format(size=fault.size))
    else:
        run.jupyter.do(_OBEY_MODES.format(obey=True))
        desk.chmod(0o555)


def _mend(run: Notebook, fault: Fault, desk: Path) -> None:
    if fault.kind is Kind.DISK_FULL:
        run.jupyter.do(_ROOM_AGAIN)
    else:
        desk.chmod(0o755)
        run.jupyter.do(_OBEY_MODES.format(obey=False))


def _check_error(fault: Fault, reply: Reply, plan: Plan) -> None:
    """What this computer's disk refuses is told with the file and the reason."""
    if reply.ok and fault.kind is Kind.READ_ONLY and plan.scenario not in ("capture", "connect --log"):
        raise Violation("a folder that takes no changes was changed")
    if reply.ok or reply.error.name == "KeyboardInterrupt" or plan.stop_after is not None:
        return
    if not any(name in reply.error.text for name in ("kept.bin", "copied", "captured.txt", "trace.log")):
        raise Violation(f"the error names no file: {reply.error.text}")


def _remove(path: Path) -> None:
    if path.is_dir():
        for one in path.iterdir():
            _remove(one)
        path.rmdir()
    else:
        path.unlink()


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Notebook]]:
    """The notebook in use, if there is one: a run that fails takes it away."""
    kept: list[Notebook] = []
    yield kept
    for one in kept:
        one.end()


def test_a_bad_disk_and_stop_spoil_no_file_and_leave_no_process(
    seed: int, notebooks: list[Notebook], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    plan = _plan(seed)
    print(plan)
    if not notebooks:
        notebooks.append(Notebook(tmp_path_factory.mktemp, hurry=False))  # the line is good
    outcome = None
    try:
        outcome = perform(plan, notebooks[0])
        print(f"it ended with {outcome.ended}: {outcome.message}")
    except BaseException:
        notebooks.pop().end()
        raise
    finally:
        note(request, plan, outcome)
