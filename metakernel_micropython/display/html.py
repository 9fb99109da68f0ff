"""HTML for notebooks, each beside a plain text that says the same. What a board said is text in it, never markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..host.paths import human, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_BLOCKS = 20


def bar(used: int, total: int) -> str:
    """Return how much of something is used, as text: ``█████░░░░░ 12 KiB of 24 KiB used, 12 KiB free``."""
    full = round(_BLOCKS * used / total) if total else 0
    return "█" * full + "░" * (_BLOCKS - full) + " " + _amount(used, total)


def html_bar(used: int, total: int) -> str:
    """Return the same as HTML."""
    share = 100 * used / total if total else 0
    outer = "display:inline-block;width:12em;height:0.8em;background:#8884;margin-right:0.6em"
    inner = f"display:block;height:100%;width:{share:.1f}%;background:#2b7489"
    return f'<span style="{outer}"><span style="{inner}"></span></span>{escape(_amount(used, total))}'


def _amount(used: int, total: int) -> str:
    return f"{human(used)} of {human(total)} used, {human(total - used)} free"


def text_table(rows: Iterable[tuple[str, str]]) -> str:
    """Return rows of a name and a text in two columns."""
    pairs = [(shown(name), shown(text)) for name, text in rows]
    width = max((len(name) for name, _ in pairs), default=0)
    return "\n".join(f"{name:{width}}  {text}".rstrip() for name, text in pairs)


def html_table(rows: Iterable[tuple[str, str]], bars: Iterable[tuple[str, str]] = ()) -> str:
    """Return the same as HTML.

    Args:
        rows: names and texts, which are escaped.
        bars: more rows, with HTML of ``html_bar``.
    """
    cells = [(shown(name), escape(shown(text))) for name, text in rows]
    left = "text-align:left;padding:0.1em 0.8em 0.1em 0"
    lines = "".join(
        f'<tr><th style="{left}">{escape(name)}</th><td style="{left}">{content}</td></tr>'
        for name, content in [*cells, *bars]
    )
    return f"<table>{lines}</table>"


def text_rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a head, its columns as wide as they have to be."""
    lines = [list(map(shown, row)) for row in (head, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    texts = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([texts[0], "  ".join("-" * width for width in widths), *texts[1:]])


def html_rows(head: Sequence[str], rows: Iterable[Sequence[str]], whole: Collection[str] = ()) -> str:
    """Return the same as HTML; what is in it is escaped.

    Args:
        head: the titles.
        rows: the texts.
        whole: titles of columns whose texts are not broken, also in a narrow window.
    """
    left = "text-align:left;padding:0.1em 0.8em 0.1em 0"
    styles = [left + ";white-space:nowrap" * (title in whole) for title in head]
    titles = "".join(f'<th style="{left}">{escape(title)}</th>' for title in head)
    lines = (
        "".join(f'<td style="{style}">{escape(shown(text))}</td>' for style, text in zip(styles, row, strict=True))
        for row in rows
    )
    return f"<table><tr>{titles}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def html_listing(entries: Iterable[tuple[str, int, bool]]) -> str:
    """Return files with their sizes as HTML.

    Args:
        entries: paths, which are escaped, sizes in bytes, and whether each is a folder.
    """
    rows = "".join(
        f'<tr><td style="text-align:right">{"" if folder else size}</td>'
        f'<td style="text-align:left">{"📁 " if folder else ""}{escape(shown(path))}{"/" if folder else ""}</td></tr>'
        for path, size, folder in entries
    )
    head = '<tr><th style="text-align:right">bytes</th><th style="text-align:left">name</th></tr>'
    return f"<table>{head}{rows}</table>"


def html_tree(top: str, entries: Iterable[tuple[str, int, bool]]) -> str:
    """Return folders with what is in them as HTML; a click on one folds it.

    Args:
        top: the folder that all is in.
        entries: as for ``html_listing``, relative to it, each folder before its contents.
    """
    html = f"<details open><summary>📁 {escape(shown(top))}</summary><ul>"
    depth = 0
    for path, size, folder in entries:
        *above, name = path.split("/")
        html += "</ul></details></li>" * (depth - len(above))
        depth = len(above)
        label = escape(shown(name))
        if folder:
            html += f"<li><details open><summary>📁 {label}/</summary><ul>"
            depth += 1
        else:
            html += f"<li>{label} <small>{human(size)}</small></li>"
    return html + "</ul></details></li>" * depth + "</ul></details>"
