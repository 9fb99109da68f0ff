"""What boards tell about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.board import board_info
from metakernel_micropython.board.importable import modules

if TYPE_CHECKING:
    from metakernel_micropython.board import Board


def test_only_what_the_board_can_tell(board: Board) -> None:
    found = board_info.info(board)
    facts = dict(found.facts)
    assert facts["Address"] == board.address
    assert facts["Firmware"] in board.banner
    assert found.memory is not None
    assert found.memory.total == found.memory.used + found.memory.free
    if facts["Platform"] == "microbit":
        assert facts["Processor clock"] == "16 MHz"
        assert facts["Numbers"].startswith("single precision")
        assert found.space is None
        assert "Loads .mpy" not in facts
        assert "Last reset" not in facts  # its machine has no reset_cause
    else:
        assert facts["Board"] == "virtual board"
        assert facts["Numbers"] == "double precision, integers of any size"
        assert facts["Loads .mpy"] == "version 6.3"
        assert found.space is not None
        assert facts["Processor clock"] == "125 MHz"
        assert facts["Last reset"] == "pwron"
        assert len(facts["Unique id"]) == 16


def test_asking_leaves_no_names_and_hardly_any_memory_behind(board: Board) -> None:
    names = board.execute("print(sorted(globals()))")
    for _ in range(2):  # names are interned and modules imported once
        before = board_info.info(board).memory
    after = board_info.info(board).memory
    assert before is not None
    assert after is not None
    assert after.used - before.used < 400
    assert board.execute("print(sorted(globals()))") == names


def test_memory_is_what_the_board_counts(board: Board) -> None:
    before = board_info.memory(board)
    board.execute("kept = bytearray(2000)")
    after = board_info.memory(board)
    assert before is not None
    assert after is not None
    assert 2000 <= after.used - before.used < 2500


@pytest.mark.parametrize(
    "printed",
    [
        "x" * 50_000,
        "(" * 5000,
        "__import__('os').remove('x')",
        "('frequency', 'fast')",
        "('id', [1])\\n('reset', {})\\n('third', 5)\\n('mpy', 'x')\\n('uname', 3)",
        "('frequency', ())\\n(1, -2)\\n()\\n('STA_IF', (), 0)\\n('STA_IF', 5, 0)",
    ],
)
def test_a_board_that_says_nonsense_is_told_about_without_it(
    virtual_board: Board, monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    monkeypatch.setattr(board_info.snippets, "serve", lambda *_: f"print({printed!r}.replace('\\\\n', '\\n'))")
    found = board_info.info(virtual_board)
    assert dict(found.facts)["Address"] == virtual_board.address
    assert found.memory is None
    assert all(len(text) < 200 for _, text in found.facts)


def test_network_addresses_are_told_without_switching_anything_on() -> None:
    told = ("STA_IF", ("192.168.4.20", "255.255.255.0", "192.168.4.1", "0.0.0.0"), bytes.fromhex("a0b1c2d3e4f5"))
    assert board_info._network(told) == [("Wi-Fi", "192.168.4.20, MAC a0:b1:c2:d3:e4:f5")]


def test_a_board_whose_network_is_used_tells_its_addresses(virtual_board: Board) -> None:
    # No board with a radio is at hand: a stand-in for its module.
    virtual_board.execute(
        "import sys\n"
        "class network:\n"
        " STA_IF = 0; AP_IF = 1\n"
        " class WLAN:\n"
        "  def __init__(self, i): self.i = i\n"
        "  def active(self): return self.i == 0\n"
        "  def ifconfig(self): return ('10.0.0.7', '', '', '')\n"
        "  def config(self, what): return b'123456'\n"
        "sys.modules['network'] = network\n"
    )
    assert ("Wi-Fi", "10.0.0.7, MAC 31:32:33:34:35:36") in board_info.info(virtual_board).facts


def test_what_can_be_imported(board: Board) -> None:
    board.files.write("my_own.py", b"x = 1\n")
    board.files.write("notes.txt", b"none")
    try:
        found = modules(board)
    finally:
        board.files.remove("my_own.py")
        board.files.remove("notes.txt")
    assert {"gc", "math", "sys"} <= set(found.built_in)
    assert ("my_own", "my_own.py", 6) in found.files
    assert "notes" not in [name for name, _, _ in found.files]


def test_packages_and_files_on_the_path(virtual_board: Board) -> None:
    for path in ("lib/tools/__init__.py", "lib/plain/data.bin", "lib/one.mpy", "one.py"):
        virtual_board.files.write(path, b"x", parents=True)
    virtual_board.execute("import sys\nsys.path[:] = ['', 'lib', 'nowhere']")
    try:
        assert modules(virtual_board).files == [("one", "one.py", 1), ("tools", "lib/tools", None)]
    finally:
        virtual_board.files.remove("lib", recurse=True)
        virtual_board.files.remove("one.py")
