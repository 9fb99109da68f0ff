"""What a program made of cells lacks: the names that other cells have given so far. Nothing is run."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from typing import TYPE_CHECKING

from ..syntax_tree import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def numbers(text: str) -> range:
    """Return the numbers that ``3`` or ``5-7`` means.

    Raises:
        ValueError: it means none.
    """
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no number of a cell: 3, or 5-7 for several.")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first or len(text) > 20:
        raise ValueError(f"{text} is no range of cells: the smaller number comes first.")
    return range(first, last + 1)


def undefined(code: str) -> set[str]:
    """Return the names that a program uses and does not define, those that are built in among them.

    None of programs that this Python cannot read, or that import everything from a module.
    """
    table = _table(code)
    if table is None or _imports_everything(code):
        return set()
    return {name for each in _tables(table) for name in _wanted(each, table)} - _defined(table)


def missing(code: str, others: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Return the names that a program uses and does not define (see ``undefined``), and other cells do.

    Args:
        code: the program.
        others: the cells that have run, each with its number; of those that define a name, the last counts.
    """
    wanted = undefined(code)
    given = {name: number for number, other in others if (found := _table(other)) for name in _defined(found)}
    return {name: given[name] for name in sorted(wanted) if name in given}


def imported(code: str) -> set[str]:
    """Return the modules that a program imports wherever it does so unconditionally, without those below packages."""
    try:
        tree = parsed(code)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found: set[str] = set()
    for node in tree.body:  # what stands in a "try" may well be missing
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _table(code: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(code, "main.py", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Give the table of a program, and those of the functions and classes in it."""
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _wanted(table: symtable.SymbolTable, top: symtable.SymbolTable) -> Iterator[str]:
    """Give the names that are looked up in the program's globals."""
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table is top or symbol.is_global()):
            yield symbol.get_name()


def _defined(top: symtable.SymbolTable) -> set[str]:
    """Return the names that a program defines in its globals."""
    return {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if (symbol.is_assigned() or symbol.is_imported()) and (table is top or symbol.is_declared_global())
    }


def _imports_everything(code: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        for node in ast.walk(parsed(code))
    )
