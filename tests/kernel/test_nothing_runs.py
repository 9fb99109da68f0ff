"""Only an executed cell executes: what is asked while a person types starts nothing, writes nothing, opens no line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..front_end import Jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..conftest import Start

# Python tells an audit hook what is about to happen, whoever does it. What the kernel keeps in the person's own cache
# (the stubs as jedi wants them, what jedi has read) is its own; anything else is an offence.
WATCH = """%%python
import os, sys
offences, watched = [], []
cache = os.path.expanduser("~/.cache") + os.sep
PROCESSES = {"subprocess.Popen", "pty.spawn"}
PROCESSES |= {f"os.{name}" for name in ("system", "exec", "fork", "forkpty", "posix_spawn", "spawn")}
CHANGES = {f"os.{name}" for name in ("remove", "rename", "mkdir", "rmdir", "link", "symlink", "truncate", "chdir")}
LINES = {"socket.connect", "socket.bind", "socket.sendto"}
def hook(event, args):
    if not watched:
        return
    if event in PROCESSES | LINES:
        offences.append(f"{event} {args!r}"[:300])
    elif event in CHANGES and not str(args[0]).startswith(cache):
        offences.append(f"{event} {args!r}"[:300])
    elif event == "open":
        path, mode, flags = args
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        if writes and not str(path).startswith(cache) and path != os.devnull:
            offences.append(f"open {args!r}"[:300])
    elif event == "import" and args[1] and os.path.dirname(args[1]) == os.getcwd():
        offences.append(f"import {args!r}"[:300])
sys.addaudithook(hook)
"""

CORPUS = [
    "!./deploy.sh now",
    "# c\n!touch${IFS}X;",
    "!$(touch${IFS}X)",
    "!sleep${IFS}20;",
    "!`touch X`",
    "!!touch X",
    "!!\ntouch X",
    "!!!touch X",
    "!touch X",
    "!touch X?",
    "?!touch X",
    "  !touch${IFS}X;",
    "%shell touch X",
    "%shell",
    "%%shell\ntouch X",
    "%%bash\ntouch X",
    "%%sh\n$(touch${IFS}X)",
    "%help !touch X",
    "%python open('X', 'w')",
    "%python open('X', 'w').",
    "%%python\nopen('X', 'w')",
    "%%python\nimport beside; beside.",
    "%%python\nimport bes",
    "%%python\nfrom beside import ",
    "%%python\nthing.",
    "%%python\nthing.prop.",
    "%%python\nthing.prop(",
    "%%python\n!touch X",
    "%%python\nx = !touch X",
    "%%python\n%run beside.py",
    "%%python\n%load_ext beside",
    "%%python\nboard.execute(",
    "%%python\nboard.files.",
    "%%python\nfunction(",
    "%%python\nget_ipython().system('touch X').",
    "%python thing.prop.",
    "%put x=thing.prop",
    "%put x=open('X', 'w')",
    "%put ",
    "%get ",
    "import beside\nbeside.",
    "from beside import ",
    "import mpl_toolkits\nmpl_toolkits.",
    "open('X', 'w')",
    "open('X', 'w').",
    "%connect ",
    "%connect exec:touch${IFS}X",
    "%connect 'exec:touch X'",
    "%connect virtual",
    "%connect /dev/ttyS",
    "%serialconnect --port ",
    "%connect ws://127.0.0.1:1",
    "%connect ble:",
    "%boards --ble ",
    "%socketconnect 127.0.0.1 1",
    "%esptool --port /dev/ttyS0 ",
    "%esptool -- ",
    "%mip install ",
    "%deploy ",
    "%run beside.py",
    "%include beside.py",
    "%load beside.py",
    "%macro renumber-cells",
    "%sendtofile ",
    "%fetchfile x X",
    "%writebytes -b x",
    "%capture X",
    "%%capture X\n1",
    "%%writefile X\n1",
    "%fleet start",
    "%parallel x y",
    "%%px\nopen('X','w')",
    "%reload_magics",
    "%mpy-cross beside.py",
    "%browse",
    "%sync ",
    "%upload ",
    "%cd ..",
]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[tuple[Jupyter, Path]]:
    """A kernel that keeps an account of what it does to the outside, and its folder."""
    folder = tmp_path_factory.mktemp("notebook")
    for name in ("beside", "mpl_toolkits", "jedi", "parso", "thing"):
        (folder / f"{name}.py").write_text("open('X', 'w')\n")
    deploy = folder / "deploy.sh"
    deploy.write_text("#!/bin/sh\ntouch X\n")
    deploy.chmod(0o755)
    kernel = Jupyter(folder)
    kernel.do(f"%connect {virtual_address}")
    kernel.do(WATCH)
    kernel.do(
        "%%python\nclass Thing:\n    @property\n    def prop(self):\n        open('X', 'w')\n"
        "    def __getattr__(self, name):\n        open('X', 'w')\n    __repr__ = __dir__ = __getattr__\n"
        "thing = Thing()\ndef function(x=thing): pass"
    )
    # The history's thread makes its file a moment after the first cell: that is not what a question has done.
    kernel._ask(kernel.client.history(hist_access_type="tail", n=1), "history_reply")
    yield kernel, folder
    kernel.close(now=True)


def ask_all(kernel: Jupyter, code: str, position: int | None = None) -> None:
    """Ask what front ends ask, about a cell and a place in it."""
    for detail in (0, 1):
        kernel._ask(kernel.client.inspect(code, position, detail_level=detail), "inspect_reply")
    kernel._ask(kernel.client.complete(code, position), "complete_reply")
    kernel._ask(kernel.client.is_complete(code), "is_complete_reply")


def offences(kernel: Jupyter) -> str:
    """What has happened since the last question."""
    told = kernel.do("%%python\nwatched.clear()\nfound, offences[:] = list(offences), []\n'\\n'.join(found)").value
    return "" if told in (None, "''") else str(told)


def watch(kernel: Jupyter) -> None:
    kernel.do("%%python\nwatched.append(1)\nNone")


@pytest.mark.parametrize("code", CORPUS)
def test_what_is_asked_while_a_person_types_does_nothing(watched: tuple[Jupyter, Path], code: str) -> None:
    kernel, folder = watched
    watch(kernel)
    before = sorted(path.name for path in folder.iterdir())
    for position in {len(code), code.find("\n") if "\n" in code else len(code), 1}:
        ask_all(kernel, code, position)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert offences(kernel) == ""


def test_the_history_is_read_without_a_trace(watched: tuple[Jupyter, Path]) -> None:
    kernel, folder = watched
    watch(kernel)
    for request in ({"hist_access_type": "tail", "n": 10}, {"hist_access_type": "search", "pattern": "*!touch X*"}):
        kernel._ask(kernel.client.history(**request), "history_reply")
    assert not (folder / "X").exists()
    assert offences(kernel) == ""


def test_a_history_that_is_not_there_is_not_made_by_reading_it(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "history.sqlite"
    kernel = start({"MICROPYTHON_HISTORY": str(path)})
    for request in ({"hist_access_type": "tail", "n": 10}, {"hist_access_type": "range", "session": -1}):
        assert kernel._ask(kernel.client.history(**request), "history_reply")["history"] == []
    assert not path.parent.exists()
    kernel.do("%python 1")
    assert kernel._ask(kernel.client.history(hist_access_type="tail", n=10), "history_reply")["history"]
    assert path.exists()


def test_the_account_sees_what_cells_do(watched: tuple[Jupyter, Path]) -> None:
    kernel, _ = watched
    watch(kernel)
    kernel.do("!true")
    assert "subprocess.Popen" in offences(kernel)
    watch(kernel)
    kernel.do("%%python\nopen('Y', 'w').close()")
    assert "'Y'" in offences(kernel)


MARKS = [
    "!",
    "!!",
    "%",
    "%%",
    "%%%",
    "?",
    "\n",
    " ",
    "\t",
    "# ",
    ".",
    "(",
    "'",
    '"',
    "=",
    "é",
    "\x00",
    "\u2028",
    "\ud800",
]
COMMANDS = ["$(touch${IFS}X)", "`touch X`", "touch${IFS}X;", "./deploy.sh", "exec:touch${IFS}X", "open(", "import "]
NAMES = [
    "shell",
    "bash",
    "python",
    "connect",
    "put x=",
    "get",
    "run",
    "thing",
    ".prop",
    "beside",
    "--help",
    "help",
    "x",
]
PIECES = st.sampled_from([*MARKS, *COMMANDS, *NAMES])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECES, max_size=12), at=st.integers(0, 60))
def test_no_text_that_is_typed_does_anything(watched: tuple[Jupyter, Path], pieces: list[str], at: int) -> None:
    kernel, folder = watched
    code = "".join(pieces).encode("utf-8", "replace").decode()
    watch(kernel)
    ask_all(kernel, code, min(at, len(code)))
    assert not (folder / "X").exists()
    assert offences(kernel) == ""
