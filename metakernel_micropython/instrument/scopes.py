"""Which names are local in a function, told on the host: MicroPython's ``locals()`` knows none.

As in Python, a name is local where a function binds it anywhere. Names of the functions around it belong to it where it
uses them: only then does a closure reach them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Scope:
    """Names of a function.

    Attributes:
        bound: those that it binds, in the order of the source.
        declared: those that it says are global.
        used: those that it, or what is defined in it, uses.
    """

    bound: dict[str, None] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """Its local names."""
        return [name for name in self.bound if name not in self.declared]


def local_names(function: Function, around: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return what can be read in a function and is no global name: its own names first.

    Args:
        function: the function.
        around: the local names of the functions around it.
    """
    scope = Scope()
    arguments = function.args
    for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if one is not None:
            scope.bound[one.arg] = None
    finder = _Finder(scope)
    for statement in function.body:
        finder.visit(statement)
    own = scope.names
    outer = [name for name in around if name in scope.used - scope.declared and name not in own]
    return tuple(own + outer)


class _Finder(ast.NodeVisitor):
    """Notes what a function's body binds and uses; of what is defined in it, only what that uses."""

    def __init__(self, scope: Scope, depth: int = 0) -> None:
        self._scope = scope
        self._depth = depth  # of functions, classes and comprehensions within the function

    def _bind(self, name: str) -> None:
        if not self._depth:
            self._scope.bound.setdefault(name, None)

    def _within(self, nodes: list[ast.AST]) -> None:
        self._depth += 1
        for node in nodes:
            self.visit(node)
        self._depth -= 1

    def visit_Name(self, node: ast.Name) -> None:
        self._scope.used.add(node.id)
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._scope.used.add(node.target.id)
        self._bind(node.target.id)  # one in a comprehension is handled there
        self.visit(node.value)

    def visit_alias(self, node: ast.alias) -> None:
        if node.name != "*":
            self._bind((node.asname or node.name).partition(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        if not self._depth:
            self._scope.declared.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._scope.used.update(node.names)
        if not self._depth:
            for name in node.names:
                self._scope.bound.setdefault(name, None)

    def visit_FunctionDef(self, node: Function) -> None:
        self._bind(node.name)
        self._visit_all([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)])
        self._within(list(node.body))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_all([*node.args.defaults, *filter(None, node.args.kw_defaults)])
        self._within([node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name)
        self._visit_all([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        self._within(list(node.body))

    def generic_visit(self, node: ast.AST) -> None:
        if not isinstance(node, _COMPREHENSIONS):
            super().generic_visit(node)
            return
        self._within(list(ast.iter_child_nodes(node)))
        for inner in ast.walk(node):  # an assignment in it binds in the function around it
            if isinstance(inner, ast.NamedExpr):
                self._bind(inner.target.id)

    def _visit_all(self, nodes: list[ast.expr]) -> None:
        for node in nodes:
            self.visit(node)
