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
from .jupyter import Commands, KernelSession
from .measures import FILES, MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .device import Device

_JUPYTER = ("ipykernel", "ipython", "jupyter_client", "pyzmq", "tornado", "traitlets")
"""What most of a kernel's own time is spent in: the predecessor gets the same versions as the others."""

_NO_FILES = {measure.name: "it has no board" for measure in MEASURES if measure.table == FILES}


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
    commands = Commands()

    def __init__(self, device: Device, settings: Path) -> None:
        self._device = device
        self._settings = settings
        self._python = sys.executable

    def versions(self) -> dict[str, str]:
        """The versions of ``packages``."""
        return {package: version(package) for package in self.packages}

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """The kernel, connected and warm; asked to end afterwards, so that it frees the board."""
        if self.connect:
            self._device.reset()
        with self._started() as session:
            if self.connect:
                answer = session.run(self.connect.format(address=self._device.address))
                if self.connected not in answer.text:
                    said = answer.text.strip() or answer.error
                    raise BenchmarkError(f"It did not connect: {said!r}")
            session.warm_up()
            yield session
            if self.disconnect:
                session.run(self.disconnect)
            session.shut_down()

    @contextlib.contextmanager
    def idle(self) -> Iterator[Session]:
        """The kernel as it has started."""
        with self._started() as session:
            yield session

    def _started(self) -> KernelSession:
        argv = [self._python, *self.module, "-f", "{connection_file}"]
        return KernelSession(argv, self.interrupt_mode, self._settings, self.commands)


class Ours(Kernel):
    """This project's kernel, started as its kernelspec says."""

    name = "ours"
    title = "this kernel"
    module = ("-P", "-m", "metakernel_micropython")
    interrupt_mode = "message"
    packages = ("metakernel-micropython", "metakernel")
    connect = "%connect {address}"
    connected = "Connected to"
    commands = Commands(
        write="%upload {path} {name}",
        read="%download {name} {path}",
        write_folder="%upload {path} {name}",
        read_folder="%download {name} {path}",
        sync="%sync {path} {name}",
    )


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
    commands = Commands(
        write="%sendtofile -b --source {path} {name}",
        read="%fetchfile -b {name} {path}",
        write_folder="%sendtofile -b -d --source {path} {name}",
    )
    cannot: ClassVar[Mapping[str, str]] = {
        "completion": "it answers with an empty list",
        "read-folder": "it fetches no folders",
        "sync": "it sends everything each time",
    }
    own: ClassVar[Mapping[str, str]] = {
        "jupyter_micropython_kernel": "0.1.3.2",
        "pyserial": "3.5",
        "websocket-client": "1.9.2",
    }

    def __init__(self, device: Device, settings: Path, environments: Path) -> None:
        super().__init__(device, settings)
        self._folder = environments / "predecessor"

    def prepare(self) -> None:
        """Make its environment."""
        requirements = [f"{package}=={number}" for package, number in self.versions().items()]
        self._python = str(python_with(requirements, self._folder))

    def versions(self) -> dict[str, str]:
        """Its own packages, and the others' Jupyter."""
        return {**self.own, **{package: version(package) for package in _JUPYTER}}


class MicroPythonMagic(Kernel):
    """The magics ``%mpy`` and ``%%micropython`` for ipykernel, of 2024, which start mpremote for every cell.

    It does not say that it requires colorama.
    """

    name = "magic"
    title = "micropython-magic"
    module = ("-m", "ipykernel_launcher")
    connect = "%load_ext micropython_magic\n%mpy --select {address}\nprint('selected')"
    connected = "selected"
    commands = Commands(
        cell="%%micropython\n{code}",
        write="%%micropython --writefile {name}\n{content}",
        read="%%micropython --readfile {name}\n#",
        heading=b"# Jupyter cell\n",
    )
    own: ClassVar[Mapping[str, str]] = {"micropython-magic": "0.10.2", "colorama": "0.4.6"}
    cannot: ClassVar[Mapping[str, str]] = {
        "start": "its kernel is ipykernel",
        "memory": "its kernel is ipykernel",
        "memory-share": "its kernel is ipykernel",
        "interrupt": "it ends mpremote and leaves the loop running on the board",
        "completion": "it completes names of the host's Python",
        **dict.fromkeys(("write-random", "read-random", "write-large", "read-large"), "it sends cells, which are text"),
        **dict.fromkeys(("write-folder", "read-folder", "sync"), "it sends single cells"),
    }

    def __init__(self, device: Device, settings: Path, environments: Path) -> None:
        super().__init__(device, settings)
        self._folder = environments / "micropython-magic"

    def prepare(self) -> None:
        """Make its environment."""
        requirements = [f"{package}=={number}" for package, number in self.versions().items()]
        self._python = str(python_with(requirements, self._folder))

    def versions(self) -> dict[str, str]:
        """Its own package, and the others' mpremote and Jupyter."""
        return {**self.own, **{package: version(package) for package in ("mpremote", *_JUPYTER)}}


class IPython(Kernel):
    """ipykernel, on the host's Python: no board and no line, but everything else that a cell goes through."""

    name = "ipykernel"
    title = "ipykernel (host's Python)"
    has_board = False
    module = ("-m", "ipykernel_launcher")
    packages = _JUPYTER
    cannot: ClassVar[Mapping[str, str]] = _NO_FILES


class Echo(Kernel):
    """A MetaKernel that does nothing: what Jupyter's own messages take."""

    name = "echo"
    title = "echo-only MetaKernel"
    has_board = False
    module = (str(Path(__file__).with_name("echo.py")),)
    packages = ("metakernel",)
    cannot: ClassVar[Mapping[str, str]] = {
        **_NO_FILES,
        "output": "it runs no code",
        "interrupt": "it runs no code",
        "completion": "it runs no code",
    }
