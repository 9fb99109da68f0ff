"""Programs on the board: output, input, errors, files, Ctrl-C, and what does not fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .boards import Client, write

if TYPE_CHECKING:
    from pathlib import Path

Start = Callable[..., Client]
TRACEBACK = "Traceback (most recent call last):\r\n"


def test_print_sends_crlf_and_the_buffer_is_not_translated(board: Client) -> None:
    assert board.say("print('a\\nb')") == "a\r\nb\r\n"
    assert board.say("import sys\nsys.stdout.write('a\\nb')") == "a\r\nb"
    board.start("import sys\nsys.stdout.buffer.write(bytes(range(256)))")
    assert board.until(bytes(range(256))) == bytes(range(256))
    board.result()


def test_output_passes_unchanged_in_utf_8(board: Client) -> None:
    assert board.say("print('é€😀', b'\\xff')") == "é€😀 b'\\xff'\r\n"


def test_the_first_byte_of_output_comes_at_once(board: Client) -> None:
    board.start("import time\ntime.sleep_ms(200)\nprint(1)\ntime.sleep_ms(600)")
    started = time.monotonic()
    board.until(b"1\r\n")
    assert time.monotonic() - started < 0.5
    board.result()


def test_errors_have_the_frames_of_the_program_alone(board: Client) -> None:
    board.say("def f(n):\n    return 1 // n\nclass E(ValueError):\n    pass\ndef g():\n    raise E('x')")
    assert board.run("\n\nf(0)")[1] == (
        TRACEBACK + '  File "<stdin>", line 3, in <module>\r\n  File "<stdin>", line 2, in f\r\n'
        "ZeroDivisionError: divide by zero\r\n"
    )
    assert board.run("g()")[1] == (
        TRACEBACK + '  File "<stdin>", line 1, in <module>\r\n  File "<stdin>", line 6, in g\r\nE: x\r\n'
    )
    assert board.run("if")[1] == TRACEBACK + '  File "<stdin>", line 1\r\nSyntaxError: invalid syntax\r\n'
    assert board.run("exec('1/0')")[1] == (
        TRACEBACK + '  File "<stdin>", line 1, in <module>\r\n  File "<string>", line 1, in <module>\r\n'
        "ZeroDivisionError: divide by zero\r\n"
    )
    nested = "try:\n    1/0\nexcept Exception as e:\n    raise ValueError('v') from e"
    assert board.run(nested)[1] == TRACEBACK + '  File "<stdin>", line 4, in <module>\r\nValueError: v\r\n'


def test_an_error_that_was_kept_has_no_frames_of_the_firmware_either(board: Client) -> None:
    board.run("def f():\n    1/0\ntry:\n    f()\nexcept Exception as e:\n    kept = e\n    raise")
    assert board.say("import sys\nsys.print_exception(kept)") == (
        TRACEBACK + '  File "<stdin>", line 4, in <module>\r\n  File "<stdin>", line 2, in f\r\n'
        "ZeroDivisionError: divide by zero\r\n"
    )


def test_a_fresh_board_is_clean(board: Client) -> None:
    assert board.say("print(dir(), __name__, globals() is locals())") == "['__name__'] __main__ True\r\n"
    assert board.say("import __main__\nx = 3\nprint(__main__.x, __main__)") == "3 <module '__main__'>\r\n"
    assert board.say("import sys\nprint(sys.path, sys.argv)") == "['', '.frozen', '/lib', '/rom'] []\r\n"
    assert int(board.say("import gc\ngc.collect()\nprint(gc.mem_free())")) > 243_000


def test_machine_and_micropython_are_ordinary_modules(board: Client) -> None:
    assert board.say("import machine, micropython\nprint(machine, micropython)") == (
        "<module 'machine'> <module 'micropython'>\r\n"
    )
    assert board.say("print('reset' in dir(machine), dir(micropython).count('kbd_intr'))") == "True 1\r\n"
    assert board.say("from machine import reset, mem32\nfrom micropython import const, kbd_intr") == ""
    assert "AttributeError" in board.run("machine.TouchPad(2)")[1]


def test_what_people_try_first(board: Client) -> None:
    assert "Welcome to MicroPython!" in board.say("help()")
    assert "Plus any modules on the filesystem" in board.say("help('modules')")
    assert board.say("import random, os\nprint(0 <= random.random() < 1, len(os.urandom(8)))") == "True 8\r\n"
    assert board.say("import time\nt = time.ticks_ms()\ntime.sleep_ms(30)\nprint(25 < time.ticks_ms() - t < 300)") == (
        "True\r\n"
    )
    assert board.run("import bluetooth")[1].endswith("ImportError: no module named 'bluetooth'\r\n")


def test_files_are_files_in_the_folder(board: Client, folder: Path) -> None:
    board.say("f = open('/a.txt', 'w')\nf.write('é\\n')\nf.close()")
    assert (folder / "a.txt").read_bytes() == "é\n".encode()
    write(folder, "b.txt", "from outside")
    assert board.say("print(open('b.txt').read())") == "from outside\r\n"
    assert board.say("import os\nos.mkdir('d')\nos.chdir('d')\nopen('c', 'w').close()\nprint(os.getcwd())") == "/d\r\n"
    assert board.say("print(os.listdir(), os.listdir('/d'), os.stat('/b.txt')[6])") == "['c'] ['c'] 12\r\n"
    board.say("os.rename('c', 'e')\nos.remove('e')\nos.chdir('/')\nos.rmdir('d')")
    assert not (folder / "d").exists()


def test_listing_a_directory_tells_sizes_as_on_boards(board: Client, folder: Path) -> None:
    (folder / "listed").mkdir()
    write(folder / "listed", "five", "12345")
    (folder / "listed" / "inner").mkdir()
    source = "import os\nprint(sorted((e[0], e[1], e[3]) for e in os.ilistdir({!r})))"
    for path in ("listed", "/listed", "/listed/"):
        assert board.say(source.format(path)) == "[('five', 32768, 5), ('inner', 16384, 0)]\r\n"
    assert board.run("os.ilistdir('nothing')")[1].endswith(
        '  File "<stdin>", line 1, in <module>\r\nOSError: [Errno 2] ENOENT\r\n'
    )


def test_no_path_leads_out_of_the_folder(board: Client, folder: Path) -> None:
    (folder.parent / "outside").write_text("secret")
    for path in ("../outside", "/../outside", "/x/../../outside", str(folder.parent / "outside")):
        assert "OSError" in board.run(f"open({path!r}).read()")[1]
        assert "OSError" in board.run(f"open({path!r}, 'w').write('x')")[1]
    (folder / "way-out").symlink_to(folder.parent)
    assert "OSError" in board.run("open('way-out/outside').read()")[1]
    (folder / "way-out").unlink()


def test_a_module_from_a_file_and_its_new_version_after_a_reset(board: Client, folder: Path) -> None:
    write(folder, "mine.py", "def f():\n    return 1\ndef bad():\n    1/0")
    assert board.say("import mine\nprint(mine.f())") == "1\r\n"
    assert 'File "mine.py", line 4, in bad' in board.run("mine.bad()")[1]
    write(folder, "mine.py", "def f():\n    return 2")
    assert board.say("import mine\nprint(mine.f())") == "1\r\n"
    board.send(b"\x04")
    board.until(b"to exit\r\n>")
    assert board.say("import mine\nprint(mine.f())") == "2\r\n"


def test_code_runs_while_another_file_system_is_mounted(board: Client) -> None:
    board.say(
        "import os\nclass Fs:\n    def mount(self, *a): pass\n    def umount(self): pass\n"
        "    def chdir(self, p): pass\n    def getcwd(self): return ''\n"
        "    def open(self, *a): raise OSError(1)\nos.mount(Fs(), '/other')\nos.chdir('/other')"
    )
    assert board.say("print(os.getcwd())") == "/other\r\n"
    board.send(b"\x05A\x01print(7)\x04")
    assert board.until(b"\x04>").endswith(b"\x047\r\n\x04\x04>")
    board.say("os.chdir('/')\nos.umount('/other')")


INTERRUPTED = {
    "a tight loop": "while True: pass",
    "a sleep": "import time\ntime.sleep(10)",
    "a sleep in milliseconds": "import time\ntime.sleep_ms(10000)",
    "input": "input('> ')",
    "reading binary input": "import sys\nsys.stdin.buffer.read(1)",
    "polling": "import select, sys\np = select.poll()\np.register(sys.stdin, select.POLLIN)\np.poll()",
    "printing": "while True: print(1)",
    "a function": "def g():\n    while True: pass\ng()",
    "a generator": "def g():\n    while True: yield\nfor _ in g(): pass",
    "a comprehension": "import time\n[time.sleep(0.01) for _ in range(1000)]",
    "a scheduled callback before": "import micropython\nmicropython.schedule(print, 1)\nwhile True: pass",
    "own globals": "exec('while True: pass', {})",
    "a generator inside a function in C": "import time\nany(time.sleep_ms(1) for _ in range(100000))",
}


@pytest.mark.parametrize("source", INTERRUPTED.values(), ids=INTERRUPTED.keys())
def test_ctrl_c_interrupts(board: Client, source: str) -> None:
    board.say("x = 5")
    _, error = board.interrupt(source)
    assert error.startswith(TRACEBACK + '  File "<stdin>", line ')
    assert error.endswith("KeyboardInterrupt: \r\n")
    assert "firmware" not in error
    assert board.say("print(x)") == "5\r\n"


def test_ctrl_c_interrupts_a_function_of_a_module(board: Client, folder: Path) -> None:
    write(folder, "spin.py", "def spin():\n    while True:\n        pass")
    _, error = board.interrupt("import spin\nspin.spin()")
    assert 'File "spin.py", line ' in error


def test_ctrl_c_can_be_caught_once(board: Client) -> None:
    caught = "try:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')"
    assert board.interrupt(caught) == ("caught\r\n", "")
    output, error = board.interrupt("try:\n    while True: pass\nfinally:\n    print('finally')")
    assert output == "finally\r\n"
    assert error.endswith("KeyboardInterrupt: \r\n")


def test_ctrl_c_that_arrives_together_is_caught_together(board: Client) -> None:
    """As on a board, which has one place for a pending interrupt: the handler of the first is not hit by the others."""
    board.start("try:\n    while True: pass\nexcept KeyboardInterrupt:\n    for i in range(2000): print('caught')")
    board.received += board.silent(0.15)
    board.send(b"\x03" * 32)
    assert board.result() == ("caught\r\n" * 2000, "")


def test_ctrl_c_many_times_leaves_the_board_well(board: Client) -> None:
    """The first may come before the program runs, and others while its error is printed: data then, or nothing."""
    board.say("x = 5")
    for turn in range(30):
        board.start("while True: pass" if turn % 2 else "try:\n    while True: pass\nfinally:\n    print('finally')")
        while b"\x04>" not in board.received:
            board.send(b"\x03" * (1 + turn % 3))
            board.received += board.silent(0.001 * (1 + turn % 7))
        assert board.result()[1].endswith("KeyboardInterrupt: \r\n")
    assert board.say("print(x)") == "5\r\n"


def test_ctrl_c_before_the_program_runs_is_data(board: Client) -> None:
    board.send(b"print('never')\x03print(1)\x04")
    assert board.until(b"\x04>") == b"OK1\r\n\x04\x04>"


def test_kbd_intr_lets_ctrl_c_through_as_data(board: Client) -> None:
    board.start(
        "import micropython, sys\nmicropython.kbd_intr(-1)\nprint('go')\nb = sys.stdin.buffer.read(4)\n"
        "micropython.kbd_intr(3)\nprint(b)\nwhile True: pass"
    )
    board.until(b"go\r\n")
    board.send(b"a\x03\x04b")
    board.until(b"b'a\\x03\\x04b'\r\n")
    board.send(b"\x03")
    assert "KeyboardInterrupt" in board.result()[1]
    board.start("import micropython\nmicropython.kbd_intr(-1)")
    board.result()
    assert "KeyboardInterrupt" in board.interrupt("while True: pass")[1], "each program starts with Ctrl-C on"


def test_input_echoes_and_edits(board: Client) -> None:
    board.start("x = input('name? ')")
    board.until(b"name? ")
    board.send("Adä\x7fa\r".encode())
    board.result()
    assert board.say("print(x)") == "Ada\r\n"
    board.start("input()")
    board.silent(0.1)
    board.send(b"\x04")
    assert board.result()[1].endswith("EOFError: \r\n")
    board.start("x = input()")
    board.send(b"y" * 3000 + b"\r")
    board.result()
    assert board.say("print(len(x))") == "3000\r\n"


def test_text_input_translates_line_ends_and_binary_does_not(board: Client) -> None:
    board.start("import sys\nx = sys.stdin.readline()\ny = sys.stdin.buffer.read(6)")
    board.silent(0.1)
    board.send(b"text\r\x00\xff\r\n\x01\x04")
    board.result()
    assert board.say("print(repr(x), y)") == "'text\\n' b'\\x00\\xff\\r\\n\\x01\\x04'\r\n"


def test_poll_tells_when_input_waits(board: Client) -> None:
    board.say("import select, sys\np = select.poll()\np.register(sys.stdin, select.POLLIN)")
    assert board.say("print(p.poll(20))") == "[]\r\n"
    board.start("print(len(p.poll(5000)), sys.stdin.buffer.read(1))")
    board.send(b"x")
    assert board.result() == ("1 b'x'\r\n", "")


def test_memory_errors_leave_the_board_well(board: Client) -> None:
    for body in (
        "return bytearray(10_000_000)",
        "a = []\n    while True: a.append(bytearray(100))",
        "a = 1\n    while True: a = [a]",
        "return [str(i) * 100 for i in range(10000)]",
        "d = {}\n    while True: d[len(d)] = d",
    ):
        assert "MemoryError" in board.run(f"def f():\n    {body}\nf()")[1]
    assert board.say("import gc\ngc.collect()\nprint(gc.mem_free() > 200000)") == "True\r\n"
    assert "MemoryError" in board.run("kept = []\nwhile True: kept.append(0)")[1]
    assert "MemoryError" in board.run("while True: kept = [kept]")[1]
    board.send(b"\x04")
    board.until(b"to exit\r\n>")
    assert board.say("print(1)") == "1\r\n"


def test_sources_that_do_not_fit_leave_the_board_well(board: Client) -> None:
    for source in ("x = [" + "1.5, " * 60_000 + "]", "x = '" + "y" * 300_000 + "'", "#" * 400_000):
        assert "MemoryError" in board.run(source, 20)[1]
    assert board.say("print(1)") == "1\r\n"


@pytest.mark.parametrize(
    "source",
    [
        "def f(): f()\nf()",
        "def f(): return sorted([1, 2], key=lambda x: f())\nf()",
        "class A:\n    def __getattr__(self, n): return getattr(self, n + 'a')\nA().x",
        "class A:\n    def __repr__(self): return repr(self)\nrepr(A())",
        "a = []\nfor _ in range(3000): a = [a]\nrepr(a)",
        "a = []\nfor _ in range(3000): a = [a]\nimport json\njson.dumps(a)",
        "def g(): yield from g()\nlist(g())",
        "import re\nre.match('(a|b)*c', 'ab' * 5000)",
    ],
)
def test_deep_recursion_is_a_runtime_error(board: Client, source: str) -> None:
    board.say("x = 1")
    assert board.run(source)[1].endswith("RuntimeError: maximum recursion depth exceeded\r\n")
    assert board.say("print(x)") == "1\r\n"


def test_nested_sources_do_not_end_the_board(board: Client) -> None:
    for source in ("(" * 3000 + ")" * 3000, "[" * 400 + "]" * 400, "-" * 5000 + "1", "1" + "**1" * 2000):
        board.run(f"eval({source!r})", 20)
    assert board.say("print(1)") == "1\r\n"


def test_recursion_goes_as_deep_as_on_a_board(board: Client) -> None:
    depth = board.say("def f(n):\n    global d\n    d = n\n    f(n + 1)\ntry: f(1)\nexcept RuntimeError: print(d)")
    assert int(depth) > 100


def test_a_crash_reboots_the_board(board: Client) -> None:
    board.send(b"import machine\nmachine.mem32[0x7ffffff0]\x04")
    shown = board.until(b">>> ")
    assert b"\r\nThe board has crashed (out of bounds memory access) and restarts" in shown
    assert shown.endswith(b"information.\r\n>>> ")
    assert board.type("1") == "1\r\n"


STRESS = """
import gc, json, re
gc.threshold({threshold})
def make(i):
    l = [str(i), [i, (i, str(i) * 3)], {{'a': i, 'b': [i] * 3}}, bytearray(10), 'a%d' % i]
    return l + [{{i: i}}, set((i, 3)), lambda: i]
def check(o, i):
    assert o[0] == str(i) and o[1] == [i, (i, str(i) * 3)] and o[2] == {{'a': i, 'b': [i] * 3}}
    assert o[4] == 'a' + str(i) and o[5] == {{i: i}} and i in o[6] and o[7]() == i
kept = []
for i in range({count}):
    kept.append((i, make(i)))
    if len(kept) > 50:
        for j, o in kept: check(o, j)
        kept = []
for i in range({count} // 20):
    d = {{'a': [i, 2.5 * i, 'x' * (i % 50), {{'z': None}}]}}
    assert json.loads(json.dumps(d)) == d
    assert re.match('(a+)b', 'a' * (i % 40 + 1) + 'b').group(1) == 'a' * (i % 40 + 1)
    exec('def f(x):\\n  y = [x] * 3\\n  return "%s %r" % (y, x)\\nassert f(7) == "[7, 7, 7] 7"')
    assert ','.join([str(x) for x in range(20)]).split(',')[3] == '3'
    assert 2 ** 200 % (i + 7) == pow(2, 200) % (i + 7)
    assert sorted(range(20, 0, -1), key=lambda x: -x)[0] == 20
print('well', gc.mem_free() > 1000)
"""


def test_objects_survive_a_collection_at_every_allocation(board: Client) -> None:
    """Without the pass of spill.py this loses objects or crashes at once."""
    assert board.say(STRESS.format(threshold=1, count=400), 60) == "well True\r\n"


def test_objects_survive_full_heaps(child: Start) -> None:
    board = child("--heap", "64k")
    board.raw()
    assert board.say(STRESS.format(threshold=-1, count=10_000), 60) == "well True\r\n"
