"""A source made ready for a board that lacks something: ``unittest``, ``async``."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ..board import snippets
from ..instrument.source_text import SourceText
from ..instrument.verify import parsed

if TYPE_CHECKING:
    from collections.abc import Collection

    from .suite import Case

_IMPORTS = re.compile(r"^[ \t]*(?:import|from)\b[^#\n]*\bunittest\b", re.MULTILINE)


def imports_unittest(source: str) -> bool:
    """Whether a source imports ``unittest``."""
    return _IMPORTS.search(source) is not None


def small_unittest(source: str) -> str:
    """Return the program that puts a small ``unittest`` on a board: as much of it as a source names."""
    words = set(re.findall(r"\w+", source))
    if "addCleanup" in words:
        words.add("doCleanups")
    if any(word.lower().startswith("skip") for word in words):
        words.add("SkipTest")  # by its name a skipped test is known
    return snippets.call_part("tests_unittest", words)


def with_small_unittest(source: str) -> str:
    """Return a source that takes ``unittest`` from where ``small_unittest`` has put it; its lines stay."""
    tree = parsed(source)
    if isinstance(tree, str):
        return source
    text = SourceText(source)
    changes = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names) if any(one.name == "unittest" for one in names):
                others = [one for one in names if one.name != "unittest"]
                steps = ["import " + ", ".join(map(_as, others))] if others else []
                steps += [f"{one.asname or one.name}=__mk_unittest" for one in names if one.name == "unittest"]
            case ast.ImportFrom("unittest", names, 0) if names[0].name != "*":
                steps = [f"{one.asname or one.name}=__mk_unittest.{one.name}" for one in names]
            case _:
                continue
        changes.append((text.start(node), text.end(node), ";".join(steps)))
    return _changed(source, changes)


def without_async(source: str, cases: Collection[Case]) -> str:
    """Return a source without its async tests, for a board that has no word ``async``; its lines stay."""
    wanted = {case.line for case in cases if case.is_async}
    tree = parsed(source)
    if isinstance(tree, str) or not wanted:
        return source
    text = SourceText(source)
    changes = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef) and node.lineno in wanted:
            # The words in front of it are on the line of its first decorator.
            first = text.start(node.decorator_list[0]) if node.decorator_list else text.start(node)
            if node.decorator_list:
                first = source.rindex("@", 0, first)
            changes.append((first, text.end(node), "pass"))
    return _changed(source, changes)


def pieces(source: str, size: int) -> list[tuple[int, str]]:
    """Return a source in pieces that can be compiled one by one, each with the number of lines above it.

    Args:
        source: what the host does not read stays whole.
        size: characters from which on a piece ends with its statement.
    """
    tree = parsed(source)
    if isinstance(tree, str):
        return [(0, source)]
    lines = [line + "\n" for line in source.split("\n")]
    found = []
    start = length = 0
    before = 0  # the last line of the statement above
    for node in tree.body:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)])
        if first > before and length >= size:
            found.append((start, "".join(lines[start:before])))
            start, length = first - 1, 0
        before = node.end_lineno or node.lineno
        length = sum(map(len, lines[start:before]))
    found.append((start, "".join(lines[start:])))
    return found


def _as(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _changed(source: str, changes: list[tuple[int, int, str]]) -> str:
    """Return a source with other statements in some places; line ends within the old ones stay behind the new ones."""
    pieces = []
    done = 0
    for start, end, new in sorted(changes):
        pieces += [source[done:start], new]
        if lines := source.count("\n", start, end):
            pieces.append(f";({lines * chr(10)})" if new != "pass" else lines * "\n")
        done = end
    return "".join([*pieces, source[done:]])
