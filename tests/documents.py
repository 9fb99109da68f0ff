"""The project's Markdown files as data: their links, their headings, the texts and names that they quote."""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

from metakernel_micropython.display.error_text import WORDS
from metakernel_micropython.errors import Advice

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(```+|~~~+).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_TARGET = r"\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)"
_PICTURE = re.compile(r"!\[[^\]]*\]" + _TARGET)
_LINK = re.compile(r"\[[^\[\]]*\]" + _TARGET)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_QUOTE = re.compile(r"^> `(.+)`$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)

HOLE = "\0"
"""What stands in a text of the source for the value of an expression."""


def markdown_files() -> list[Path]:
    """Every Markdown file of the project."""
    places = [ROOT.glob("*.md"), *((ROOT / name).rglob("*.md") for name in ("docs", "benchmarks", "examples", "tests"))]
    return sorted(path for place in places for path in place)


def without_code(text: str) -> str:
    """A document without what is code in it: there nothing is a link or a heading."""
    return _CODE.sub("code", _COMMENT.sub("", _FENCE.sub("", text)))


def links(text: str) -> list[str]:
    """The targets of a document's links and pictures that lead to files of the project, or to its own headings."""
    plain = without_code(text)
    # A picture may stand in the text of a link.
    targets = [*_PICTURE.findall(plain), *_LINK.findall(_PICTURE.sub("picture", plain))]
    return [target for target in targets if not _ELSEWHERE.match(target)]


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them: a second one of the same text gets a number."""
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in _HEADING.findall(_COMMENT.sub("", _FENCE.sub("", text))):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def broken_links(path: Path, text: str) -> list[str]:
    """The links of a document that lead nowhere."""
    broken = []
    for link in links(text):
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve()
        if name and not (target.exists() and target.is_relative_to(ROOT)):
            broken.append(link)
            continue
        there = target.read_text(encoding="utf-8") if name and target.suffix == ".md" else text
        if anchor and anchor not in anchors(there):
            broken.append(link)
    return broken


def uneven_rows(text: str) -> list[str]:
    """The rows of tables that have more or fewer cells than the head of their table; they would be shown cut."""
    uneven = []
    wanted = 0
    for line in _FENCE.sub("", text).splitlines():
        if not line.startswith("|"):
            wanted = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        wanted = wanted or cells
        if cells != wanted:
            uneven.append(line)
    return uneven


def quoted_errors(text: str) -> list[str]:
    """The messages that a page quotes, each on a line of its own: ``> `text```, with an ellipsis for what differs."""
    return _QUOTE.findall(text)


@functools.cache
def source_texts() -> tuple[str, ...]:
    """The string literals of the source; where an f-string has the value of an expression, ``HOLE`` stands.

    What an error says of its own is found with its advice in the words for a notebook as well.
    """
    found = []
    for folder in (ROOT / "metakernel_micropython", ROOT / "magics"):
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                text = _literal(node)
                if text is not None:
                    found.append(text)
                elif isinstance(node, ast.Call) and len(node.args) > 1 and (advice := _advice(node.args[1])):
                    found.append(f"{_literal(node.args[0])} {advice}")
    return tuple(found)


def _literal(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _advice(node: ast.expr) -> str | None:
    """The words for a notebook, where an expression is one of ``errors.Advice``."""
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Advice"):
        return None
    return re.sub(r"\{\w+\}", HOLE, WORDS[Advice[node.attr]])


def is_in_source(quote: str) -> bool:
    """Tell whether a literal of the source has the parts of a quoted message, in their order."""
    parts = [part.strip() for part in quote.split("…")]
    wanted = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return any(wanted.search(text) for text in source_texts())


def named_modules(text: str) -> set[str]:
    """The modules and rooms that a page names: ``board/protocol/repl.py``, ``cell/``."""
    return set(re.findall(r"(?<![\w/.<-])((?:[a-z_]+/)+(?:[a-z_]+\.py)?|[a-z_]+\.py)(?![\w/])", text))


def module_path(name: str) -> Path | None:
    """Where a module or a room is that a page names; None for nowhere."""
    places = (ROOT, ROOT / "metakernel_micropython", ROOT / "tests" / "faults")
    return next((place / name for place in places if (place / name).exists()), None)
