"""The virtual board to look at and press, in a notebook: a picture that follows it, and what people can set.

The picture is asked for about ten times a second on a thread of the panel's own. The board's process looks at its pins
then; the program on it does not notice.
"""

from __future__ import annotations

import importlib.util
import secrets
import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any

from ..errors import MicroPythonError
from .error_text import error_text
from .parts_picture import html, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..board.parts import Parts
    from ..front_end import FrontEnd

PERIOD = 0.1
"""Seconds between two pictures."""

_SAVED_PERIOD = 3.0  # seconds between two pictures for a notebook that is opened again without its kernel
_HIDDEN = "<style>.jp-OutputArea:has(.widget-vbox) .micropython-panel { display: none }</style>"
_VIEW = "application/vnd.jupyter.widget-view+json"


def available() -> bool:
    """Whether there are widgets."""
    return importlib.util.find_spec("ipywidgets") is not None


class Panel:
    """One panel, until it is closed or the board is gone."""

    def __init__(self, front_end: FrontEnd, parts: Parts) -> None:
        self._front_end = front_end
        self._parts = parts
        self._closed = threading.Event()
        self._draw: Callable[[Mapping[str, Any]], None] = lambda snapshot: None
        self._say: Callable[[str], None] = lambda text: None

    def show(self) -> None:
        """Show the panel in the cell; a console gets one look.

        Raises:
            MicroPythonError: the board does not tell what is on it.
        """
        snapshot = self._parts.state() or {}
        if self._front_end.in_console:
            self._front_end.Print(text(snapshot))
            return
        saved = _Picture(self._front_end, hidden=available())
        if available():
            window = _Window(self._front_end, self._parts)
            saved_at = 0.0

            def draw(snapshot: Mapping[str, Any]) -> None:
                nonlocal saved_at
                window.draw(snapshot)
                if (now := time.monotonic()) - saved_at >= _SAVED_PERIOD:
                    saved_at = now
                    saved.draw(snapshot)

            self._draw, self._say = draw, window.say
        else:
            self._draw, self._say = saved.draw, saved.say
        self._draw(snapshot)
        threading.Thread(target=self._follow, args=(snapshot.get("serial"),), name="panel", daemon=True).start()

    def close(self) -> None:
        """Follow the board no more; the last picture stays."""
        self._closed.set()

    def _follow(self, serial: int | None) -> None:
        try:
            while not self._closed.wait(PERIOD):
                if (snapshot := self._parts.state(after=serial)) is not None:
                    serial = snapshot.get("serial")
                    self._draw(snapshot)
        except MicroPythonError as error:
            self._say(f"{error_text(error)} %panel shows the board again.")


class _Picture:
    """A picture in the cell's output that is replaced by the next one.

    Args:
        front_end: where the cell is shown.
        hidden: whether it is only for a notebook that is opened again without its kernel, when there are no widgets.
    """

    def __init__(self, front_end: FrontEnd, *, hidden: bool) -> None:
        self._send = front_end.sender()
        self._display = secrets.token_hex(8)
        self._kind = "display_data"
        self._begin = f'{_HIDDEN}<div class="micropython-panel">' if hidden else "<div>"
        self._last = ""

    def draw(self, snapshot: Mapping[str, Any]) -> None:
        self._last = html(snapshot)
        self._show(self._last, text(snapshot))

    def say(self, what: str) -> None:
        self._show(f"{self._last}<div>{escape(what)}</div>", what)

    def _show(self, content: str, plain: str) -> None:
        data = {"text/plain": plain, "text/html": f"{self._begin}{content}</div>"}
        self._send(self._kind, {"data": data, "metadata": {}, "transient": {"display_id": self._display}})
        self._kind = "update_display_data"


class _Window:
    """The picture, and a button or slider for everything that people set, as ipywidgets."""

    def __init__(self, front_end: FrontEnd, parts: Parts) -> None:
        import ipywidgets as widgets  # type: ignore[import-untyped]

        self._parts = parts
        self._controls: dict[str, Any] = {}  # by the part and its setting: button1.pressed
        self._kinds: dict[str, dict[str, Any]] = {}  # what each sets, without the value
        self._told = threading.local()  # whether this thread gives a control what the board has
        self._picture = widgets.HTML()
        self._row = widgets.HBox(layout={"flex_flow": "row wrap"})
        self._said = widgets.HTML()
        box = widgets.VBox([self._picture, self._row, self._said])
        view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
        front_end.show_data({"text/plain": "", _VIEW: view})

    def draw(self, snapshot: Mapping[str, Any]) -> None:
        """Show what the board has now."""
        settings = {
            f"{part['name']}.{name}": setting
            for part in snapshot.get("parts", ())
            for name, setting in part.get("settings", {}).items()
        }
        kinds = {target: {**setting, "value": None} for target, setting in settings.items()}
        self._told.now = True
        try:
            if list(kinds.items()) != list(self._kinds.items()):
                # One that stays is kept: somebody may be moving it.
                self._controls = {
                    target: self._controls[target] if self._kinds.get(target) == kind else self._control(target, kind)
                    for target, kind in kinds.items()
                }
                self._kinds = kinds
                self._row.children = list(self._controls.values())
            for target, setting in settings.items():
                if self._controls[target].value != setting["value"]:
                    self._controls[target].value = setting["value"]
        finally:
            self._told.now = False
        self._picture.value = html(snapshot)

    def say(self, what: str) -> None:
        """Show a message below."""
        self._said.value = escape(what)

    def _control(self, target: str, setting: Mapping[str, Any]) -> Any:
        import ipywidgets as widgets

        part, _, name = target.partition(".")
        if setting["type"] == "switch":
            control = widgets.ToggleButton(description=f"{part} {setting['on'][0]}")
        else:
            unit = f" [{setting['unit']}]" if setting.get("unit") else ""
            control = widgets.FloatSlider(
                value=setting["low"],
                min=setting["low"],
                max=setting["high"],
                step=setting["step"],
                description=f"{part} {name}{unit}",
                style={"description_width": "initial"},
                layout={"width": "26em"},
            )
        control.observe(lambda change: self._set(target, change["new"]), names="value")
        return control

    def _set(self, target: str, value: float) -> None:
        """Give the part what was pressed or moved."""
        if getattr(self._told, "now", False):
            return
        try:
            self._parts.set(target, value)
            self.say("")
        except MicroPythonError as error:
            self.say(error_text(error))
