"""What boards, programs and broken lines send: the seeds of the fuzz tests, and what once was read wrongly."""

from __future__ import annotations

from hypothesis import strategies as st

BANNER = b"raw REPL; CTRL-B to exit\r\n>"
TRACEBACK = b'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\nNameError: \r\n'

BYTES = (
    b"",
    b"OK",
    b"\x04",
    b"\x04\x04",
    b"\x04\x04\x04",
    b"\x04>",
    b"\x04\x04>",
    b"\x04" + TRACEBACK + b"\x04>",
    b"\x04\x04\r\nMPY: soft reboot\r\n",
    b"\x04\x04PYB: soft reboot\r\n" + BANNER,
    b"R\x00>",
    b"R\x01",
    b"R\x01\x00\x01\x01",
    b"R\x01\xff\xff",
    b"\x01\x01\x01",
    BANNER,
    b"\r\nMPY: soft reboot\r\n" + BANNER,
    b"MicroPython v1.27.0 on 2025-12-09; a board with a chip\r\n>>> ",
    b"MicroPython v1.27.0 on 2025-12-09; a board with a chip\r\nType help\r\n\r\n>>> ",
    b"rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n",
    b"\nrst:0xc (SW),boot:0x",
    b">>> ",
    b"\r\n>>> ",
    b"\xff\xfe\x00",
    b"\xe2\x82",
    b"\xe2\x82\xac",
    b"\r",
    b"\r\n",
    b"\x1e?mkr",
    b"\x1e?mki",
    b"\x1e?mk=",
    b"\x1e?mk.",
    b"\x1e?m",
    b"\x1eabcd [1] \x1eabcd\r\n",
    b"\x1eabcd [",
    b"] \x1eabcd",
    b"\x1b[31mred\x1b[0m\x1b]0;title\x07",
    b"<script>alert(1)</script>",
    b"x" * 600,
)

TEXTS = (
    "",
    "\n",
    "Traceback (most recent call last):\n",
    '  File "<stdin>", line 1, in <module>\n',
    '  File "<stdin>", line 99999999999999999999, in f\n',
    '  File "<stdin>", line ' + "9" * 5000 + "\n",
    '  File "boot.py", line ' + "9" * 5000 + ", in <module>\n",
    '  File "boot.py", line \u0663, in <module>\n',
    '  File "' + "../" * 50 + '", line 0\n',
    '  File "<stdin>", line 1, in __mk_input_\n',
    "OSError: " + "9" * 5000 + "\n",
    "OSError: [Errno 2] ENOENT\n",
    "ImportError: no module named '../../etc'\n",
    ": : :\n",
    "\x1b[2J\x1b]0;title\x07\n",
    "<b onclick=alert(1)>\n",
    "\ud800\n",
)

TUPLES = (
    "('frequency', 1" + "0" * 400 + ")",
    "('frequency', (-1,))",
    "('id', [])",
    "('uname', (1, 2))",
    "('reset', [[[]]])",
    "('mpy', -1)",
    "('mpy', 1" + "0" * 400 + ")",
    "('third', '')",
    "('temperature', 1e999)",
    "([], (1,), b'')",
    "({}, ('<b>',), 3)",
    "(0, 0)",
    "(-1, 5)",
    "(True, False)",
    "('a', True, 5)",
    "('\\ud800', True, 5)",
    "__import__('os')",
    "(" * 300,
    "-" * 1000 + "1",
    "9" * 5000,
    "{" * 100 + "}" * 100,
    "(1, ",
    "{[]}",
    "('id', {{}})",
    "\x00",
)

board_bytes = st.lists(st.sampled_from(BYTES) | st.binary(max_size=20), max_size=12).map(b"".join)
"""What may come over a line, in any order."""

board_text = st.lists(st.sampled_from(TEXTS) | st.text(max_size=20), max_size=8).map("".join)
"""What may stand behind the end of a program's output, as text."""

board_lines = st.lists(st.sampled_from(TUPLES) | st.text(max_size=20), max_size=8).map("\n".join)
"""What may come in place of the data that a helper prints."""

cuts = st.lists(st.integers(0, 10_000), max_size=12)
