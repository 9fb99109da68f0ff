"""Virtual boards for the tests."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from ..boards import needs_virtual
from .boards import ChildBoard, Client, TcpBoard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the board that the tests share."""
    return tmp_path_factory.mktemp("board")


@pytest.fixture(scope="session")
def shared(folder: Path) -> Iterator[TcpBoard]:
    needs_virtual()
    board = TcpBoard("--folder", str(folder))
    client = board.connect()
    client.socket.settimeout(30)
    client.raw()  # the first start compiles
    client.socket.close()
    yield board
    board.end()


@pytest.fixture
def board(shared: TcpBoard) -> Iterator[Client]:
    """A client at the raw REPL of a board that has just been reset; it may be left in any state."""
    client = shared.connect()
    client.raw()
    client.send(b"\x04")
    client.until(RAW_AFTER_RESET)
    yield client
    client.socket.close()


RAW_AFTER_RESET = b"soft reboot\r\nraw REPL; CTRL-B to exit\r\n>"


@pytest.fixture
def child(shared: TcpBoard, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Starts boards that end with the test; what they say is complete from the first word on.

    `shared` comes first so that MicroPython has been compiled.
    """
    with ExitStack() as boards:

        def start(*arguments: str) -> Client:
            started = ChildBoard("--folder", str(tmp_path), *arguments)
            boards.callback(started.end)
            boards.callback(started.client.socket.close)
            return started.client

        yield start
