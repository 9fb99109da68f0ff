"""The tests of a source, told on this computer: nothing of it runs for that."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..instrument.verify import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef

MODULE_FIXTURES = ("setUpModule", "tearDownModule")
CLASS_FIXTURES = ("setUpClass", "tearDownClass")


@dataclass(frozen=True)
class Case:
    """One test.

    Attributes:
        name: its function's or method's.
        owner: the class of a method; ``""`` for a function.
        line: where it is defined, counted from 1.
        is_async: whether it is an ``async def``.
    """

    name: str
    owner: str = ""
    line: int = 0
    is_async: bool = False

    @property
    def title(self) -> str:
        """What it is called: ``test_a``, ``TestLed.test_on``."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


@dataclass(frozen=True)
class Suite:
    r"""The tests of one source.

    Attributes:
        path: what its file is called in tracebacks; ``""`` for a cell.
        source: its text, with ``\n`` line ends; a cell's has as many lines above it as the cell has above its code.
        cases: in the order of the source.
        fixtures: those of the module and of classes that it has: (class or ``""``, name).
        remarks: what is to be said about it.
        unreadable: why the host's parser does not read it; then it has no cases.
    """

    path: str
    source: str
    cases: tuple[Case, ...] = ()
    fixtures: frozenset[tuple[str, str]] = frozenset()
    remarks: tuple[str, ...] = ()
    unreadable: str = ""

    def has(self, owner: str, name: str) -> bool:
        """Whether it has a fixture of its module (``""``), or of a class."""
        return (owner, name) in self.fixtures


@dataclass
class _Class:
    node: ast.ClassDef
    is_test: bool = False
    methods: dict[str, Function] = field(default_factory=dict)  # with those of the classes that it is derived from


def suite_of(path: str, source: str) -> Suite:
    r"""Return the tests of a source.

    Args:
        path: what it is called in tracebacks; ``""`` for a cell.
        source: with ``\n`` line ends.
    """
    tree = parsed(source)
    if isinstance(tree, str):
        return Suite(path, source, unreadable=tree)
    cases: dict[str, Case] = {}
    remarks: list[str] = []
    classes: dict[str, _Class] = {}
    fixtures = set()

    def add(case: Case) -> None:
        if before := cases.pop(case.title, None):
            remarks.append(
                f"{case.title} is defined twice, on lines {before.line} and {case.line}: only the last one runs"
            )
        cases[case.title] = case

    for node in _top_level(tree.body):
        if isinstance(node, ast.ClassDef):
            if node.name in classes:
                for title in [title for title, case in cases.items() if case.owner == node.name]:
                    del cases[title]
                remarks.append(
                    f"class {node.name} is defined twice, on lines {classes[node.name].node.lineno} and {node.lineno}: "
                    "only the last one counts"
                )
            classes[node.name] = found = _class(node, classes)
            if not found.is_test:
                continue
            for twice in _twice(node):
                remarks.append(f"{node.name}.{twice} is defined twice: only the last one runs")
            fixtures |= {(node.name, name) for name in CLASS_FIXTURES if name in found.methods}
            for name, method in sorted(found.methods.items(), key=lambda one: one[1].lineno):
                if name.startswith("test"):
                    add(Case(name, node.name, method.lineno, isinstance(method, ast.AsyncFunctionDef)))
        elif node.name.startswith("test_"):
            add(Case(node.name, "", node.lineno, isinstance(node, ast.AsyncFunctionDef)))
        elif node.name in MODULE_FIXTURES:
            fixtures.add(("", node.name))
    return Suite(path, source, tuple(cases.values()), frozenset(fixtures), tuple(remarks))


def is_test_class(name: str, bases: Sequence[ast.expr]) -> bool:
    """Whether a class has tests by its name, or by that of what it is derived from."""
    return name.startswith("Test") or any(_last_name(base).endswith("TestCase") for base in bases)


def _class(node: ast.ClassDef, known: dict[str, _Class]) -> _Class:
    found = _Class(node, is_test_class(node.name, node.bases))
    for base in reversed(node.bases):
        if isinstance(base, ast.Name) and (above := known.get(base.id)):
            found.methods.update(above.methods)
            found.is_test = found.is_test or above.is_test
    found.methods.update((one.name, one) for one in _top_level(node.body) if not isinstance(one, ast.ClassDef))
    return found


def _twice(node: ast.ClassDef) -> list[str]:
    names = [one.name for one in node.body if isinstance(one, Function)]
    return sorted({name for name in names if names.count(name) > 1 and name.startswith("test")})


def _top_level(body: Sequence[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    """Give the definitions of a block, also those under a condition."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node
            case ast.If():
                yield from _top_level([*node.body, *node.orelse])
            case ast.Try():
                handlers = [one for handler in node.handlers for one in handler.body]
                yield from _top_level([*node.body, *handlers, *node.orelse, *node.finalbody])
            case ast.With():
                yield from _top_level(node.body)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
