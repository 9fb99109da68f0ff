"""HTML for notebooks, each beside a plain text that says the same. What a board said is text in it, never markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .paths import human, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

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
