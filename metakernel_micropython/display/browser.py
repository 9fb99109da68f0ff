"""A window of ipywidgets in a notebook that shows the board's files and works with them.

A click may come on another thread while a cell runs: it is handled when the cell has ended, on the main thread, as
cells are.
"""

from __future__ import annotations

import importlib.util
import secrets
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

MAX_ENTRIES = 200
"""Entries of a folder that are listed: each is a button, and costs the front end some milliseconds."""

_HIDDEN = "<style>.jp-OutputArea:has(.widget-vbox) .micropython-listing { display: none }</style>"
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
        self._index: int | None = None  # of the entry that is chosen
        self._doomed = ""  # what the next click on Delete removes
        self._send_listing: Callable[[str], None] = lambda kind: None
        self._where = widgets.HTML()
        self._list = widgets.VBox(layout={"max_height": "15em", "overflow": "hidden auto"})
        # As a line of a list; made once, because every one is a message.
        self._line = widgets.Layout(
            width="auto", flex="0 0 auto", margin="0", display="flex", justify_content="flex-start"
        )
        self._style = widgets.ButtonStyle()
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
        row = widgets.HBox([*buttons, self._sent], layout={"flex_flow": "row wrap"})
        self.box = widgets.VBox([self._where, self._list, row, self._said, self._content])
        self._list_all()

    def show(self, text: str) -> None:
        """Show the window in the cell.

        Args:
            text: what consoles show in its place.
        """
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        self._front_end.show_data({"text/plain": text, _VIEW: view})
        send, display = self._front_end.sender(), secrets.token_hex(8)

        def send_listing(kind: str) -> None:
            data = {"text/plain": "", "text/html": self._listing()}
            send(kind, {"data": data, "metadata": {}, "transient": {"display_id": display}})

        send_listing("display_data")
        self._send_listing = send_listing

    def _listing(self) -> str:
        """Return what the window lists, as a text that JupyterLab hides while it shows the widgets.

        When the notebook is opened again without its kernel, the widgets are gone and the text is there.
        """
        names = "\n".join(escape(self._label(entry)) for entry in self._entries)
        return f'{_HIDDEN}<div class="micropython-listing">{self._where.value}<pre>{names}</pre></div>'

    def _do(self, action: Callable[[], None]) -> None:
        self._front_end.between_cells(lambda: self._do_now(action))

    def _do_now(self, action: Callable[[], None]) -> None:
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
        self._index = None
        self._list.children = [self._button(at, entry) for at, entry in enumerate(self._entries[:MAX_ENTRIES])]
        self._content.value = ""
        left_out = len(self._entries) - MAX_ENTRIES
        more = f"; the last {left_out} are not listed here, %ls shows all" if left_out > 0 else ""
        self._say(counted(len(self._entries), "entry").replace("entrys", "entries") + more)
        self._send_listing("update_display_data")

    def _button(self, index: int, entry: Entry) -> Any:
        import ipywidgets as widgets

        button = widgets.Button(description=self._label(entry), layout=self._line, style=self._style)
        button.on_click(lambda _: self._do(lambda: self._click_on(index)))
        return button

    def _click_on(self, index: int) -> None:
        """Choose an entry, or open the one that is chosen: a double click does both."""
        if self._index == index:
            self._open()
            return
        if self._index is not None:
            self._list.children[self._index].button_style = ""
        self._list.children[index].button_style = "info"
        self._index = index

    @staticmethod
    def _label(entry: Entry) -> str:
        name = shown(entry.path.rstrip("/").rpartition("/")[2])
        return f"📁 {name}/" if entry.folder else f"{name}  ({human(entry.size)})"

    def _chosen(self) -> Entry:
        if self._index is None:
            raise MicroPythonError("Choose a file first.")
        return self._entries[self._index]

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
