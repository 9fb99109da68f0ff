"""A window of ipywidgets in a notebook that shows the board's files and works with them.

Its clicks come as messages on the shell channel, as cells do: so they are handled one after the other, and never while
a cell runs.
"""

from __future__ import annotations

import importlib.util
from html import escape
from typing import TYPE_CHECKING, Any

from ..board.files import host_files
from ..board.files.folders import join, root
from ..errors import MicroPythonError
from ..host.paths import counted, human, shown
from ..host.transfer import host_target
from .error_text import error_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..board import Board
    from ..board.files.entries import Entry
    from ..front_end import FrontEnd

MAX_VIEW = 64 * 1024
"""Bytes of a file that are shown."""

_VIEW = "application/vnd.jupyter.widget-view+json"


def available() -> bool:
    """Whether there are widgets."""
    return importlib.util.find_spec("ipywidgets") is not None


class Browser:
    """One window.

    Attributes:
        box: the widget that holds all others.
    """

    def __init__(self, front_end: FrontEnd, folder: str) -> None:
        """Make the widgets and list a folder.

        Raises:
            MicroPythonError: the board does not tell what is in it.
        """
        import ipywidgets as widgets  # type: ignore[import-untyped]

        self._front_end = front_end
        self._address = front_end.require_board().address
        self._name = front_end.connections.current_name
        self._folder = root(front_end.require_board().files, folder)
        self._entries: list[Entry] = []
        self._doomed = ""  # what the next click on Delete removes
        self._where = widgets.HTML()
        self._list = widgets.Select(rows=10, layout={"width": "100%"})
        self._sent = widgets.FileUpload(description="Send", multiple=True)
        self._said = widgets.HTML()
        self._content = widgets.HTML()
        self._delete = widgets.Button(description="Delete")
        self._delete.on_click(lambda _: self._do(self._remove))
        buttons = [self._delete]
        for label, action in (("Fetch", self._fetch), ("Up", self._up), ("Open", self._open), ("List", self._list_all)):
            button = widgets.Button(description=label, layout={"width": "6em"})
            button.on_click(lambda _, action=action: self._do(action))
            buttons.insert(0, button)
        self._sent.observe(lambda _: self._do(self._send), names="value")
        self._list.observe(lambda _: self._reconsider(), names="index")
        row = widgets.HBox([*buttons, self._sent])
        self.box = widgets.VBox([self._where, self._list, row, self._said, self._content])
        self._list_all()

    def show(self, text: str) -> None:
        """Show the window in the cell.

        Args:
            text: what consoles show in its place.
        """
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        self._front_end.show_data({"text/plain": text, _VIEW: view})

    def _do(self, action: Callable[[], None]) -> None:
        """Do what was clicked on; what goes wrong is said in the window, because no cell would show it."""
        if action != self._remove:
            self._reconsider()
        try:
            action()
        except (MicroPythonError, OSError) as error:
            self._say(error_text(error))

    @property
    def _board(self) -> Board:
        board = self._front_end.require_board()
        name = self._front_end.connections.current_name
        if (board.address, name) != (self._address, self._name):
            raise MicroPythonError(
                f"This window belongs to {self._name} ({self._address}), and cells run on {name} ({board.address}) "
                "now: run %browse again."
            )
        return board

    def _say(self, text: str) -> None:
        self._said.value = escape(shown(text))

    # -- what the buttons do -------------------------------------------------------------------------------------

    def _list_all(self) -> None:
        self._enter(self._folder)

    def _enter(self, folder: str) -> None:
        self._entries = self._board.files.list(folder)
        self._folder = folder
        self._where.value = f"<b>{escape(shown(folder or '.'))}</b> on {escape(shown(self._address))}"
        self._list.options = [self._label(entry) for entry in self._entries]
        self._list.index = None
        self._content.value = ""
        self._say(counted(len(self._entries), "entry").replace("entrys", "entries"))

    @staticmethod
    def _label(entry: Entry) -> str:
        name = shown(entry.path.rstrip("/").rpartition("/")[2])
        return f"📁 {name}/" if entry.folder else f"{name}  ({human(entry.size)})"

    def _chosen(self) -> Entry:
        index = self._list.index
        if index is None or not 0 <= index < len(self._entries):
            raise MicroPythonError("Choose a file first.")
        entry: Entry = self._entries[index]
        return entry

    def _open(self) -> None:
        entry = self._chosen()
        if entry.folder:
            self._enter(entry.path)
            return
        if entry.size > MAX_VIEW:
            self._say(f"{entry.path} has {human(entry.size)}, too many to show: Fetch saves it on this computer.")
            return
        data = self._board.files.read(entry.path)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = repr(data[:1024])
        lines = "\n".join(escape(shown(line)) for line in text.replace("\t", "    ").splitlines())
        self._content.value = f'<pre style="max-height:20em;overflow:auto">{lines}</pre>'
        self._say(f"{entry.path}: {counted(len(data), 'byte')}")

    def _up(self) -> None:
        folder = self._folder.rstrip("/")
        if folder in ("", "."):
            self._enter(self._folder if self._board.files.flat else "/")
        else:
            above, slash, _ = folder.rpartition("/")
            self._enter(above or slash)

    def _fetch(self) -> None:
        entry = self._chosen()
        if entry.folder:
            raise MicroPythonError(f"Folders are fetched by %download {entry.path}.")
        target = host_target(entry.path, "")
        if target.exists():
            raise MicroPythonError(f"{target} is on this computer already: %download {entry.path} replaces it.")
        host_files.check_target(target)
        data = self._board.files.read(entry.path)
        host_files.replace(target, data)
        self._say(f"Fetched {entry.path}: {counted(len(data), 'byte')}, verified, saved as {target}")

    def _send(self) -> None:
        files: tuple[dict[str, Any], ...] = self._sent.value
        if not files:
            return
        self._sent.value = ()
        for file in files:
            data = bytes(file["content"])
            path = join(self._folder, str(file["name"]).replace("\\", "/").rpartition("/")[2])
            self._board.files.write(path, data)
            self._enter(self._folder)
            self._say(f"Sent {path}: {counted(len(data), 'byte')}")

    def _remove(self) -> None:
        entry = self._chosen()
        if self._doomed != entry.path:
            self._reconsider()
            self._doomed = entry.path
            self._delete.description = "Really?"
            inside = " and all in it" if entry.folder else ""
            self._say(f"A second click deletes {entry.path}{inside} on the board.")
            return
        self._reconsider()
        self._board.files.remove(entry.path, recurse=entry.folder)
        self._enter(self._folder)
        self._say(f"Deleted {entry.path}")

    def _reconsider(self) -> None:
        self._doomed = ""
        self._delete.description = "Delete"
