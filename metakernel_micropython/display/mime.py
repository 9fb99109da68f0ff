"""What a board gives to be shown, as Jupyter's data: pictures, tables and JSON; what could run only when allowed."""

from __future__ import annotations

import base64
import pprint
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..host.paths import shown
from . import pictures

if TYPE_CHECKING:
    from ..board.display_filter import Display

RUNS = {
    "html": "text/html",
    "svg": "image/svg+xml",
    "javascript": "application/javascript",
    "markdown": "text/markdown",
    "latex": "text/latex",
}
"""Kinds of text that may bring code into the browser, or load something from somewhere."""

MAX_ROWS = 1000
"""Rows of a table that are shown."""

_NEEDS = "%display --allow-html shows it as such, in this session: do so where you trust the program on the board"


def bundle(found: Display, *, allow: bool) -> dict[str, Any]:
    """Return something to show as a bundle of MIME types.

    Args:
        found: what it is.
        allow: whether text may be what runs in a browser.

    Raises:
        ValueError: it cannot be shown; the message says why.
    """
    kind = found.how[0] if found.how else None
    if found.how[2:3] == ["pixels"]:
        return _microbit(found)
    if found.data is not None:
        return _picture(found.data, found.how)
    if isinstance(found.value, str):
        return _text(found.value, kind, allow=allow)
    rows = _rows(found.value, kind)
    if rows is not None:
        return _table(*rows)
    if isinstance(found.value, (dict, list, tuple)):
        plain = _jsonable(found.value)
        return {"text/plain": pprint.pformat(found.value, sort_dicts=False), "application/json": plain}
    return {"text/plain": _visible(found.text)}


def _text(text: str, kind: Any, *, allow: bool) -> dict[str, Any]:
    if kind is None:
        return {"text/plain": _visible(text)}
    if not isinstance(kind, str) or kind not in RUNS:
        raise ValueError(f"a text can be {', '.join(RUNS)}, not {kind!r}")
    if not allow:
        return {"text/plain": f"[{kind}, shown as text; {_NEEDS}]\n{_visible(text)}"}
    return {"text/plain": _visible(text), RUNS[kind]: text}


def _visible(text: str) -> str:
    """Return text without what moves a console's cursor."""
    return "\n".join(shown(line) for line in text.replace("\t", "    ").split("\n"))


def _microbit(found: Display) -> dict[str, Any]:
    width, height, _ = found.how
    levels = found.value
    if not isinstance(levels, list) or not all(isinstance(one, int) for one in [width, height, *levels]):
        raise ValueError("its pixels are no numbers")
    return _as_image(pictures.from_levels(levels, width, height, 9), "png", width, height)


def _picture(data: bytes, how: list[Any]) -> dict[str, Any]:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _as_image(data, "png", *(int.from_bytes(data[at : at + 4], "big") for at in (16, 20)))
    if data.startswith(b"\xff\xd8\xff"):
        return _as_image(data, "jpeg")
    if not how:
        return {"text/plain": repr(data) if len(data) <= 1024 else f"{data[:1024]!r} ... {len(data)} bytes"}
    if len(how) not in (2, 3) or not all(isinstance(one, int) for one in how[:2]):
        raise ValueError("bytes are shown with their width, height and format, as in display(buffer, 128, 64, 0)")
    width, height = how[:2]
    number = how[2] if len(how) == 3 and how[2] is not None else pictures.guess(data, width, height)
    if isinstance(number, str):
        names = {one.name: at for at, one in pictures.FORMATS.items()}
        number = names.get(number, number)
    return _as_image(pictures.from_framebuf(data, width, height, number), "png", width, height)


def _as_image(data: bytes, kind: str, width: int = 0, height: int = 0) -> dict[str, Any]:
    size = f" of {width}x{height} pixels" if width else ""
    what = f"{kind.upper()} image{size}"
    return {"text/plain": f"<{what}, {len(data)} bytes>", **image(base64.b64encode(data).decode(), kind, what)}


def image(data: str, kind: str, alternative: str) -> dict[str, str]:
    """Return a picture as a bundle: as itself, and for front ends that show HTML with a text for who does not see it.

    JupyterLab's own ``<img>`` for a picture has no such text.

    Args:
        data: the file, in base64.
        kind: what it is: ``png`` or ``jpeg``.
        alternative: the text.
    """
    html = f'<img alt="{escape(alternative)}" style="max-width: 100%" src="data:image/{kind};base64,{data}">'
    return {f"image/{kind}": data, "text/html": html}


def _rows(value: Any, head: Any) -> tuple[list[str], list[list[str]]] | None:
    """Return the headings and rows of a table; None where a value is none."""
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if all(isinstance(row, dict) for row in value):
        keys = list(dict.fromkeys(key for row in value for key in row))
        return [_cell(key) for key in keys], [[_cell(row.get(key, "")) for key in keys] for row in value]
    if all(isinstance(row, (list, tuple)) for row in value):
        width = max(map(len, value))
        names = list(map(_cell, head))[:width] if isinstance(head, (list, tuple)) else []
        return names, [[*map(_cell, row), *[""] * (width - len(row))] for row in value]
    return None


def _cell(value: Any) -> str:
    return shown(value if isinstance(value, str) else repr(value))


def _table(names: list[str], rows: list[list[str]]) -> dict[str, Any]:
    more = f"\n... {len(rows) - MAX_ROWS} more rows" if len(rows) > MAX_ROWS else ""
    rows = rows[:MAX_ROWS]
    width = max(map(len, [names, *rows]))
    names = [*names, *[""] * (width - len(names))] if names else []
    lines = [names, *rows] if names else rows
    widths = [max(len(line[at]) for line in lines) for at in range(width)]
    plain = ["  ".join(f"{text:{size}}" for text, size in zip(line, widths, strict=True)).rstrip() for line in lines]
    if names:
        plain.insert(1, "  ".join("─" * size for size in widths))
    head = "<thead><tr>" + "".join(f"<th>{escape(name)}</th>" for name in names) + "</tr></thead>" if names else ""
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    html = f"<table>{head}<tbody>{body}</tbody></table>{escape(more)}"
    return {"text/plain": "\n".join(plain) + more, "text/html": html}


def _jsonable(value: Any) -> Any:
    """Return a value as JSON has it: names are text, infinities too."""
    if isinstance(value, dict):
        return {str(key): _jsonable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_jsonable(one) for one in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value if isinstance(value, (str, int, float, bool)) or value is None else repr(value)
