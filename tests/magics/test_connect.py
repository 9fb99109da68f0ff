"""%connect, %serialconnect, %disconnect, %boards, %connect_info."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest
from metakernel_micropython.magics.connect import old_arguments

if TYPE_CHECKING:
    from pathlib import Path

    from ..boards import Microbit
    from ..conftest import Start
    from ..front_end import Jupyter


@pytest.mark.parametrize("command", ["%connect {}", "%serialconnect --port {}", "%serialconnect --port={} --baud 9600"])
def test_connect_tells_the_address_and_what_the_board_is(plain: Jupyter, board_address: str, command: str) -> None:
    text = plain.do(command.format(board_address)).stdout
    assert text.startswith(f"Connected to {board_address}: MicroPython v")
    assert text.count("MicroPython v") == 1
    assert plain.do("1+1").value == "2"
    assert plain.do("%disconnect").stdout == f"Disconnected from {board_address}.\n"


def test_connect_and_code_in_one_cell(plain: Jupyter, board_address: str) -> None:
    reply = plain.do(f"%connect {board_address}\n6*7")
    assert reply.value == "42"
    plain.do("%disconnect")


def test_connect_replaces_the_connection(plain: Jupyter, virtual_address: str) -> None:
    plain.do(f"%connect {virtual_address}\nx = 1")
    plain.do(f"%connect {virtual_address}")
    assert plain.fail("x").name == "NameError"  # another virtual board
    plain.do("%disconnect")


def test_connecting_again_keeps_the_variables(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address}\nx = 7")
    assert kernel.do(f"%connect {microbit.address}\nx").value == "7"


def test_verbose_shows_what_the_board_said(start: Start, microbit: Microbit) -> None:
    text = start().do(f"%connect {microbit.address} --verbose").stdout
    assert ">>>" in text or "raw REPL" in text
    assert "Connected to" in text


def test_a_raw_line_runs_no_code_and_says_so(start: Start, microbit: Microbit) -> None:
    kernel = start()
    kernel.do(f"%connect {microbit.address} --raw")
    for cell in ("1", "%reboot"):
        error = kernel.fail(cell)
        assert (error.name, "without --raw" in error.value) == ("NotConnected", True)
    assert kernel.complete("whil") == ["while"]
    assert "raw line" in kernel.do("%boards").stdout
    kernel.do("%disconnect --raw")
    assert kernel.do(f"%connect {microbit.address}\n1").value == "1"


def test_the_heap_of_the_virtual_board_can_be_chosen(plain: Jupyter) -> None:
    free = []
    for size in ("64k", "1M", "200000"):
        plain.do(f"%connect virtual --heap {size}\nimport gc")
        free.append(int(plain.do("gc.collect()\ngc.mem_free()").value or 0))
    assert free[0] < 65536 < free[1] < 1048576
    assert 65536 < free[2] < 200000
    plain.do("%disconnect")


def test_the_files_of_a_virtual_board_lie_in_the_folder_that_is_named(plain: Jupyter, tmp_path: Path) -> None:
    folder = tmp_path / "my board"
    folder.mkdir()
    (folder / "greet.py").write_text("text = 'from the folder'\n")
    assert plain.do(f"%connect 'virtual:{folder}'\nimport greet\ngreet.text").value == "'from the folder'"
    plain.do("f = open('data.txt', 'w')\nf.write('kept')\nf.close()\n%disconnect".split("\n%")[0])
    assert (folder / "data.txt").read_text() == "kept"
    plain.do("%disconnect")


@pytest.mark.parametrize(
    ("command", "name", "hint"),
    [
        ("%connect /dev/no-such-port", "ConnectError", "/dev/no-such-port"),
        ("%connect socket://127.0.0.1:1", "ConnectError", "refused"),
        ("%connect socket://127.0.0.1", "AddressError", "port"),
        ("%connect virtul", "AddressError", "virtual"),
        ("%connect auto", "ConnectError", "No board"),
        ("%connect id:no-such-number", "ConnectError", "no-such-number"),
        ("%connect ffff:fffe", "ConnectError", "ffff:fffe"),
        ("%connect exec:no-such-program --x", "ConnectError", "no-such-program"),
        ("%connect --baud fast virtual", "MagicError", "--baud"),
        ("%connect --baud 0 virtual", "MagicError", "--baud"),
        ("%connect --dtr maybe virtual", "MagicError", "on or off"),
        ("%connect --heap much virtual", "MagicError", "size"),
        ("%connect --timeout soon virtual", "MagicError", "--timeout"),
        ("%connect virtual virtual", "MagicError", "usage: %connect"),
        ("%connect 'virtual", "MagicError", "quote"),
        ("%serialconnect /dev/no-such-port 9600", "ConnectError", "/dev/no-such-port"),
        ("%serialconnect --port=4711", "MagicError", "counted from 0"),
        ("%serialconnect --baud=fast", "MagicError", "usage: %serialconnect"),
        ("%connect pico", "AddressError", 'did you mean "auto"?'),
        ("%connect serial:///dev/ttyAMA1", "AddressError", 'did you mean "/dev/ttyAMA1"?'),
        ("%connect -q virtual", "MagicError", "leave -q out"),
        ("%connect virtual --Baud 9600", "MagicError", "Did you mean --baud?"),
        ("%serialconnect --port /dev/no-such-port", "ConnectError", "/dev/no-such-port"),
    ],
)
def test_a_wrong_address_or_option_fails_the_cell_and_says_why(
    plain: Jupyter, command: str, name: str, hint: str
) -> None:
    reply = plain.run(f"{command}\nprint('not run')")
    assert reply.error.name == name
    assert hint in reply.error.value
    assert "Traceback" not in reply.error.text
    assert reply.stdout == ""


@pytest.mark.parametrize("size", ["0", "-5", "10", "1k"])
def test_a_heap_that_no_board_can_work_with_is_refused(plain: Jupyter, size: str) -> None:
    assert plain.fail(f"%connect virtual --heap {size}").name in ("MagicError", "ConnectError")


@pytest.mark.parametrize(
    "command",
    [
        "pico",
        "socket://127.0.0.1:1",
        "ws://127.0.0.1:1",
        "/dev/no-such-port",
        "id:nowhere",
        "1234:5678",
        "exec:no-such-program",
        "virtual:/no/such/folder",
        "virtual --heap 1k",
        "auto",
    ],
)
def test_a_failed_connect_leaves_the_connected_board_alone(start: Start, tmp_path: Path, command: str) -> None:
    kernel = start()
    kernel.do(f"%connect virtual:{tmp_path}/board\nx = 42")
    kernel.fail(f"%connect {command}")
    assert kernel.do("x").value == "42"


def test_a_board_whose_line_had_to_be_free_is_told_of_when_the_connect_fails(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = start()
    kernel.do(f"%connect virtual:{tmp_path}/board")
    reply = kernel.run(f"%connect virtual:{tmp_path}/board --heap 1k")
    assert reply.error.name in ("MagicError", "ConnectError")
    assert "was disconnected first" in " ".join(reply.stderr.split())  # it is wrapped
    assert kernel.fail("1").name == "NotConnected"


def test_the_files_of_the_virtual_board_last_as_long_as_the_kernel(start: Start, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    kernel = start({"TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)})
    kernel.do("%connect virtual\n%sendtofile --empty kept.txt")
    kernel.do("%connect virtual")
    assert "kept.txt" in kernel.do("%ls").plain
    kernel.do("%disconnect\n%connect virtual --heap 64k")
    assert "kept.txt" in kernel.do("%ls").plain
    kernel.do("%connect virtual --name other")
    assert "kept.txt" not in kernel.do("%ls").plain
    kernel.do("%sendtofile --empty mine.txt")
    kernel.do("%disconnect\n%connect virtual --name other")
    assert "mine.txt" in kernel.do("%ls").plain
    kernel.run("import machine\nmachine.reset()")
    assert "mine.txt" in kernel.do("%ls").plain
    kernel.close()
    assert [path for path in temporary.iterdir() if path.name.startswith("virtual-board-")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a program that its parent has ended")
def test_a_board_whose_kernel_was_killed_removes_its_files(start: Start, tmp_path: Path) -> None:
    kernel = start({"TMPDIR": str(tmp_path)})
    kernel.do("%connect virtual\n%sendtofile --empty kept.txt")
    kernel.close(now=True)
    deadline = time.monotonic() + 20
    while any(path.name.startswith("virtual-board-") for path in tmp_path.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_short_timeout_ends_the_wait(start: Start) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        reply = start().run(f"%connect {address} --timeout 0.5")
    assert reply.error.name == "ConnectError"
    assert "nothing came back" in reply.error.value
    assert reply.seconds < 5
    assert f"while %connect {address} --timeout 60 tries" in reply.error.value
    assert "Board.connect" not in reply.error.value


def test_what_ends_the_wait_for_a_board_is_in_the_words_for_a_notebook(start: Start) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        value = start().fail(f"%connect {address} --timeout 0.5 --wait 1").value
    assert value.startswith(f"There was no answer from {address} within 1 s. No MicroPython answered on {address}")
    assert f"while %connect {address} --timeout 60 tries" in value
    assert "Board.connect" not in value


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("%connect au", ["%connect auto"]),
        ("%connect --r", ["%connect --raw", "%connect --rts"]),
        ("%connect virtual --he", ["%connect virtual --heap", "%connect virtual --help"]),
        ("%serialconnect --p", ["%serialconnect --port"]),
        ("%disconnect --", ["%disconnect --help", "%disconnect --raw"]),
        ("%connect --baud ", []),
        ("%lsmagic --v", ["%lsmagic --verbose"]),
    ],
)
def test_arguments_are_completed(plain: Jupyter, code: str, expected: list[str]) -> None:
    assert plain.complete(code) == expected


def test_disconnect_without_a_board_says_so(plain: Jupyter) -> None:
    plain.run("%disconnect")
    assert plain.do("%disconnect").stdout == "No board is connected.\n"


def test_boards_names_the_connected_one(jupyter: Jupyter, board_address: str) -> None:
    assert jupyter.do("%boards").stdout.startswith(f"connected: {board_address}  MicroPython v")
    assert board_address in jupyter.do("%connect_info").stdout


def test_boards_without_one_says_so(plain: Jupyter) -> None:
    plain.run("%disconnect")
    assert plain.do("%boards").stdout.startswith("connected: none\n")


def test_connect_info_says_how_to_join_the_kernel(plain: Jupyter) -> None:
    assert "jupyter console --existing" in plain.do("%connect_info").stdout


@pytest.mark.parametrize(
    ("typed", "ignored"),
    [
        ("to --port={} --baud=115200", '"to"'),
        ("{} 115200", ""),
        ("to {} at 115200 now", '"to", "at", "now"'),
        ("--port {} --verbose", ""),
    ],
)
def test_serialconnect_is_taken_as_notebooks_of_the_predecessor_have_it(
    plain: Jupyter, virtual_address: str, typed: str, ignored: str
) -> None:
    reply = plain.do("%serialconnect " + typed.format(virtual_address))
    assert "Connected to virtual" in reply.stdout
    assert (f"[%serialconnect ignored {ignored}]" in reply.stderr) is bool(ignored)
    plain.do("%disconnect")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("0", {"--port": "0"}),
        ("--port=COM3 --baud=9600", {"--port": "COM3", "--baud": "9600"}),
        ("com3 9600", {"--port": "com3", "--baud": "9600"}),
        ("9600 /dev/ttyUSB0", {"--port": "/dev/ttyUSB0", "--baud": "9600"}),
        ("--raw id:12", {"--port": "id:12", "--raw": ""}),
    ],
)
def test_words_of_serialconnect_are_told_apart_by_their_shape(words: str, expected: dict[str, str]) -> None:
    assert old_arguments(words.split()) == (expected, [])


@pytest.mark.parametrize(
    "cell",
    [
        "%connect ws://127.0.0.1:1 Sesam7x",
        "%connect ws://127.0.0.1:1 --Password Sesam7x",
        "%connect ws://127.0.0.1:1 -password Sesam7x",
        "%connect ws://127.0.0.1:1 --password Sesam7x",
        "%websocketconnect 127.0.0.1:1 Sesam7x",
        "%connect exec:sshpass -p Sesam7x no-such-host",
        "%connect exec:env SSHPASS=Sesam7x no-such-program",
        "%connect exec:true -pw Sesam7x 'open",
    ],
)
def test_no_message_and_no_history_has_a_password(plain: Jupyter, cell: str) -> None:
    reply = plain.run(cell)
    assert not reply.ok
    assert "Sesam7x" not in str(reply.content) + str(reply.messages)
    assert "Sesam7x" not in plain.do("%history").stdout
