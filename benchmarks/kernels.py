"""The kernels that are measured: how each is started, and how each is connected to the board."""

from __future__ import annotations

import contextlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from .contestant import Contestant, Session
from .environment import python_with
from .errors import BenchmarkError
from .jupyter import KernelSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .device import VirtualBoard

_JUPYTER = ("ipykernel", "ipython", "jupyter_client", "pyzmq", "tornado", "traitlets")
"""What most of a kernel's own time is spent in: the predecessor gets the same versions as the others."""


class Kernel(Contestant):
    """A kernel of this Python's environment that uses no board.

    Attributes:
        module: what ``python`` is started with.
        packages: whose versions are told.
        connected: what the answer to the connecting cell contains when it worked.
    """

    module: tuple[str, ...]
    interrupt_mode = "signal"
    packages: tuple[str, ...] = ()
    connect = ""
    connected = ""
    disconnect = ""

    def __init__(self, board: VirtualBoard, settings: Path) -> None:
        self._board = board
        self._settings = settings
        self._python = sys.executable

    def versions(self) -> dict[str, str]:
        """The versions of ``packages``."""
        return {package: version(package) for package in self.packages}

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The kernel, connected and warm; asked to end afterwards, so that it frees the board."""
        argv = [self._python, *self.module, "-f", "{connection_file}"]
        if self.connect:
            self._board.reset()
        with KernelSession(argv, self.interrupt_mode, self._settings) as session:
            if self.connect:
                text = session.run(self.connect.format(address=self._board.address)).text
                if self.connected not in text:
                    raise BenchmarkError(f"It did not connect: {text.strip()!r}")
            session.warm_up()
            yield session
            if self.disconnect:
                session.run(self.disconnect)
            session.shut_down()


class Ours(Kernel):
    """This project's kernel, started as its kernelspec says."""

    name = "ours"
    title = "this kernel"
    module = ("-P", "-m", "metakernel_micropython")
    interrupt_mode = "message"
    packages = ("metakernel-micropython", "metakernel")
    connect = "%connect {address}"
    connected = "Connected to"


class Predecessor(Kernel):
    """The kernel that this one succeeds, of 2021, which still runs on today's packages.

    It is a plain ipykernel ``Kernel`` but does not say that it requires ipykernel; it gets the one that the
    others have. It reads one byte at a time and sends a message per line. Its reply to an interrupted cell has the
    status ``abort``.
    """

    name = "predecessor"
    title = "jupyter_micropython_kernel"
    module = ("-m", "jupyter_micropython_kernel")
    connect = "%serialconnect --port={address} --baud=115200"
    connected = "Ready."
    disconnect = "%disconnect"
    cannot: ClassVar[Mapping[str, str]] = {"completion": "it answers with an empty list"}
    own: ClassVar[Mapping[str, str]] = {
        "jupyter_micropython_kernel": "0.1.3.2",
        "pyserial": "3.5",
        "websocket-client": "1.9.2",
    }

    def __init__(self, board: VirtualBoard, settings: Path, environments: Path) -> None:
        super().__init__(board, settings)
        self._folder = environments / "predecessor"

    def prepare(self) -> None:
        """Make its environment."""
        requirements = [f"{package}=={number}" for package, number in self.versions().items()]
        self._python = str(python_with(requirements, self._folder))

    def versions(self) -> dict[str, str]:
        """Its own packages, and the others' Jupyter."""
        return {**self.own, **{package: version(package) for package in _JUPYTER}}


class IPython(Kernel):
    """ipykernel, on the host's Python: no board and no line, but everything else that a cell goes through."""

    name = "ipykernel"
    title = "ipykernel (host's Python)"
    module = ("-m", "ipykernel_launcher")
    packages = _JUPYTER


class Echo(Kernel):
    """A MetaKernel that does nothing: what Jupyter's own messages take."""

    name = "echo"
    title = "echo-only MetaKernel"
    module = (str(Path(__file__).with_name("echo.py")),)
    packages = ("metakernel",)
    cannot: ClassVar[Mapping[str, str]] = {
        "output": "it runs no code",
        "interrupt": "it runs no code",
        "completion": "it runs no code",
    }
