"""What is done on the bench: every step of a board's life, through the public interface of ``Board``.

Each scenario checks by itself what must hold when it succeeds; what must hold in any case is in ``bench``. The numbers
are bytes to the board and from it, about: where faults are worth while.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from metakernel_micropython.assist.completion import Completer
from metakernel_micropython.board import Board
from metakernel_micropython.board.files.folders import fetch_folder, send_folder
from metakernel_micropython.errors import DeviceError, MicroPythonError

from .bench import STOP_PATIENCE, Run, Violation
from .parts import content

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOPS = (
    "while True:\n pass",
    "while True:\n print('{mark}')",
    "import time\nwhile True:\n time.sleep_ms(5)\n print('{mark}', end='.')",
    "try:\n while True:\n  pass\nexcept KeyboardInterrupt:\n print('{mark}')",
    "{long}\nwhile True:\n pass",
    "print('{mark}')",
    "input('{mark}')",
)
_LONG = "\n".join(f"filler_{number} = {number}" for number in range(60))


def connect(run: Run) -> None:
    """Connect, to a board at its prompt or in the middle of a program."""
    mark = run.mark()
    program = run.rng.choice(_LOOPS[:4])
    if run.rng.random() < 0.5:
        run.board.start(program.format(mark=mark))
        run.board.close(exit_raw_repl=False)
    else:
        run.board.close()
    run.board = Board.connect(run.line.address, timeout=1.2 * run.part.slowness)
    run.shown[mark] = ""
    cells(run)


def cells(run: Run) -> None:
    """Run some cells, one after the other, also when one fails, as a person does."""
    failed: MicroPythonError | None = None
    for _ in range(run.rng.randint(2, 4)):
        mark = run.mark()
        lines = run.rng.choice((1, 1, 5, 200))
        source = f"for i in range({lines}):\n print('{mark}', i)\n"
        if run.rng.random() < 0.5:
            source = f"{_LONG}\n{source}"
        raises = run.rng.random() < 0.3
        if raises:
            source += f"raise ValueError('{mark}')\n"
        try:
            shown = run.cell(mark, source)
            if raises:
                run.exact("no error", "an error")
            run.exact(shown, "".join(f"{mark} {number}\n" for number in range(lines)))
        except DeviceError as error:
            if raises:
                run.exact((error.name, error.message), ("ValueError", mark))
            failed = None if raises else error
        except MicroPythonError as error:
            failed = error
    if failed is not None:
        raise failed


def output(run: Run) -> None:
    """Run a cell that prints a lot, among it what the protocol is made of."""
    mark = run.mark()
    size = run.part.largest
    pad = run.rng.choice(("x" * 50, "\\x04", "é€", "OK>\\x04>", "\\x01\\x02"))
    shown = run.cell(mark, f"for i in range({size // 60}):\n print('{mark}', i, '{pad}')\n")
    pad = pad.encode().decode("unicode_escape") if "\\" in pad else pad
    run.exact(shown, "".join(f"{mark} {number} {pad}\n" for number in range(size // 60)))


def interrupt(run: Run) -> None:
    """Stop a program, at some moment."""
    mark = run.mark()
    program = run.rng.choice(_LOOPS).format(mark=mark, long=_LONG)
    execution = run.board.start(program)
    for _ in range(run.rng.randint(1, 2)):
        time.sleep(run.rng.choice((0, 0, 0.03, 0.15)))
        run.board.interrupt()
    begin = time.monotonic()
    shown = []
    while not execution.done:
        shown.append(execution.read(0.1))
        if time.monotonic() - begin > STOP_PATIENCE:
            raise Violation(f"a program did not end {STOP_PATIENCE:g} s after Stop")
        if len(shown) % 10 == 9:  # where Stop came before the program had begun, it is pressed again
            run.board.interrupt()
    run.shown[mark] = "".join([*shown, execution.read(0)])
    execution.check()


def write(run: Run) -> None:
    """Write a file, a new one or in place of another."""
    name, data = run.rng.choice(("old.txt", "new.bin")), content(run.rng, run.part.largest)
    _write(run, name, data)


def append(run: Run) -> None:
    """Append to a file."""
    data = content(run.rng, run.part.largest // 4)
    (old,) = run.files["old.txt"]
    assert old is not None
    run.files["old.txt"].add(old + data)
    run.board.files.write("old.txt", data, append=True)
    run.files["old.txt"] = {old + data}


def read(run: Run) -> None:
    """Read a file. What succeeds is right, also on a line that damages bytes."""
    (data,) = run.files["old.txt"]
    if (got := run.board.files.read("old.txt")) != data:
        raise Violation(f"success, and yet another content: {len(got)} bytes")


def tidy(run: Run) -> None:
    """List, copy, move and remove files."""
    found = {entry.path: entry.size for entry in run.board.files.list()}
    run.exact(found, {name: len(next(iter(data)) or b"") for name, data in run.files.items()})
    old = run.files["old.txt"]
    run.files["copy.txt"] = {None, *old}
    run.board.files.copy("old.txt", "copy.txt")
    run.files["moved.txt"] = {None, *old}
    run.board.files.move("copy.txt", "moved.txt")
    run.files["old.txt"] = {None, *old}
    run.board.files.remove("old.txt")


def folder(run: Run) -> None:
    """Send a folder and fetch it again."""
    with tempfile.TemporaryDirectory() as there, tempfile.TemporaryDirectory() as back:
        sent = {f"f{number}.bin": content(run.rng, run.part.largest // 4) for number in range(3)}
        for name, data in sent.items():
            Path(there, name).write_bytes(data)
            run.files[name] = {None, data}
        send_folder(run.board.files, Path(there))
        tally = fetch_folder(run.board.files, "", Path(back))
        fetched = {path.name: path.read_bytes() for path in Path(back).iterdir()}
        for name, data in fetched.items():
            if name in sent and data != sent[name]:
                raise Violation(f"{name} was fetched with another content")
        if not tally.failed:
            run.exact(sorted(fetched), sorted([*sent, "still.txt", "old.txt"]))


def soft_reset(run: Run) -> None:
    """Reset the board; its variables are gone then."""
    run.board.execute("left_over = 1", timeout=0.6 * run.part.slowness)
    run.board.soft_reset()
    mark = run.mark()
    run.exact(run.cell(mark, f"print('{mark}' if 'left_over' in globals() else '')"), "\n")


def complete(run: Run) -> None:
    """Complete names of the board. It never fails, and the worst answer is none."""
    completer = Completer()
    run.board.execute("a_name_to_find = 1", timeout=0.6 * run.part.slowness)
    for code in ("a_name_to", "import sy", "sys.pla", "open('ol"):
        if not isinstance(completer.complete(code, len(code), run.board).names, list):
            raise Violation("no list of names")
        completer.forget()


def values(run: Run) -> None:
    """Bring values to the board and back."""
    size = 5 if run.part.largest < 1000 else 400
    value = {
        "numbers": [run.rng.randrange(-(2**29), 2**29) for _ in range(run.rng.randrange(size))],
        "text": "é" * run.rng.randrange(size),
        "bytes": run.rng.randbytes(run.rng.randrange(size)),
        "nested": [None, True, (1, [2, {"three": 3}])],
    }
    run.board.values.put("a_value", value)
    run.exact(run.board.values.get("a_value"), value)
    run.exact(run.board.evaluate("6 * 7", timeout=0.6 * run.part.slowness), 42)


def _write(run: Run, name: str, data: bytes) -> None:
    old = run.files.get(name, {None})
    run.files[name] = {*old, data}
    run.board.files.write(name, data)
    run.files[name] = {data}  # it says that it is written


LINES: dict[str, Callable[[Run], None]] = {
    "connect": connect,
    "cells": cells,
    "output": output,
    "interrupt": interrupt,
    "soft reset": soft_reset,
    "completion": complete,
    "values": values,
}
TRANSFERS: dict[str, Callable[[Run], None]] = {
    "write": write,
    "append": append,
    "read": read,
    "tidy": tidy,
    "folder": folder,
}
TRAFFIC = {
    "connect": (1500, 2500),
    "cells": (1500, 2500),
    "output": (120, 20_000),
    "interrupt": (300, 300),
    "soft reset": (130, 250),
    "completion": (3000, 1000),
    "values": (8000, 8000),
    "write": (15_000, 1000),
    "append": (6000, 1000),
    "read": (2000, 15_000),
    "tidy": (6000, 1000),
    "folder": (20_000, 20_000),
}
