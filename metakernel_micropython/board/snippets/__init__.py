"""Code that runs on the board, in real files.

Each file defines one function named ``snippet``, with comments in place of docstrings. What is sent is the same code
without comments, indented by single spaces, and with names of its own that every firmware has in ROM: bytes are time,
the smallest boards have 5 kB, and MicroPython keeps each new name for ever (``py/qstr.c``).

What is sent runs beside the user's program, whose names are the user's: ``list = [1]`` is a legal line. So each
function takes the builtins that it uses from the module ``builtins``, where the firmware's own are whatever the globals
hold; the ``import`` statement looks for no name (``py/runtime.c``, ``mp_import_name``). What surrounds the functions
uses no names but those below.
"""

from __future__ import annotations

import ast
import builtins
import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from ...syntax_tree import parsed, parsed_expression

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

NAME = "__repl_print__"
"""What the helper is called on the board while it runs, removed afterwards: every firmware has this name in ROM, and no
program has it among its globals."""

_INNER = "zip"
"""What the function is called in one that calls it; no snippet uses this name."""

_LOADER = "__call__"
"""What a function is called that runs other source, in which ``NAME`` is used; also a name in every firmware's ROM."""

CLEAR = f"from builtins import print as {_LOADER}\n{_LOADER}(end='')\ndel {_LOADER}\n"
"""Printing nothing reaches deep into the interpreter's stack: what lies there still would be kept (py/gc.c)."""

COLLECT = f"import gc as {_LOADER}\n{_LOADER}.collect()\ndel {_LOADER}\n"
"""Collects the garbage, with little on the stack: a collection that the compiler needs sees more that lies there."""

_SOMETIMES_MISSING = frozenset({"memoryview", "property", "complex", "compile"})
"""Builtins that some firmware lacks: taking them from the module would fail. Snippets look for them as attributes."""

_OURS = "__mk_"
"""What names begin with that nobody else gives."""

REMOTE = "__mk_remote"
"""What a function is called that stays on the board while the host calls functions there."""

RESIDENTS = {"values_get": "__mk_answer", "remote_answer": REMOTE}
"""The snippets that stay meanwhile, each with what it is called."""

_HELD = "__mk_held"
"""What a function is called that stays on the board for several executions."""

# Names of builtins and of methods of builtins (py/qstrdefs.h and genhdr/qstrdefs.generated.h), the short ones first.
_ROM_NAMES = """
    id abs all any bin chr dir get hex int len map max min oct ord pop pow set str sum zip add
    bool dict eval exec find hash iter keys list next open read repr send sort type
    bytes clear close count index items lower print range round slice split strip super throw tuple upper write
    append extend format getattr hasattr insert remove replace reverse setattr sorted update values
""".split()


_DEFINITIONS = (ast.FunctionDef, ast.ClassDef)

_AWKWARD = re.compile(rb"[\x00-\x04\n\r'\\\\]")
"""Bytes that cannot stand in a literal in a source: commands of the prompt, line ends, what ends or escapes it."""


def call(name: str, *arguments: str | int | bytes) -> str:
    """Return source that runs the snippet ``name`` with ``arguments`` and leaves the user's names as they were."""
    return _once(_function(name), f"{NAME}({_literals(arguments)})")


def call_part(name: str, words: Container[str], *arguments: str | int | bytes) -> str:
    """Return source as ``call`` does, with as much of the snippet as somebody uses.

    Args:
        name: of the snippet.
        words: of its methods, and of what it makes attributes of something, those that are sent.
        arguments: for the snippet.
    """
    function = _parsed(name)
    for node in ast.walk(function):
        if isinstance(node, ast.ClassDef):
            node.body = [one for one in node.body if not _spare(one, words)] or [ast.Pass()]
    function.body = [one for one in function.body if not _spare(one, words)]
    while True:
        used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        kept = [one for one in function.body if not (isinstance(one, _DEFINITIONS) and one.name not in used)]
        if len(kept) == len(function.body):
            return _once(_sent(function), f"{NAME}({_literals(arguments)})")
        function.body = kept


def guarded(name: str, *arguments: str | int) -> str:
    """Return source as ``call`` does, which raises ZeroDivisionError where an argument arrives as another one.

    For what cannot be undone: a changed byte in a name would be another file.
    """
    total = sum("".join(map(str, arguments)).encode())
    text = f"bytes(''.join(map(str,id)),{_literal('utf8')})"
    outer = f" return {_INNER}(*id)if sum({text})=={total} else 1/0\n"
    return _once(_around(name, "sum,bytes,map,str", outer), f"{NAME}({_literals(arguments)})")


def apply(name: str, expression: str, helpers: dict[str, str] | None = None) -> str:
    """Return source that runs the snippet ``name`` with the value of an expression of the user's.

    Args:
        name: of the snippet.
        expression: its arguments.
        helpers: as for ``serve``.
    """
    return _once(_function(name, tuple((helpers or {}).items())), f"{NAME}({expression})")


def ask(name: str, *arguments: str | int) -> str:
    """Return source that prints what the snippet ``name`` returns for ``arguments``; see ``call``."""
    return _once(_around(name, "print", f" print({_INNER}(*id))\n"), f"{NAME}({_literals(arguments)})")


def serve(name: str, helpers: dict[str, str], *arguments: object) -> str:
    """Return source that runs the snippet ``name``, which calls other snippets.

    Args:
        name: of the snippet.
        helpers: for each name that it calls, the snippet that is meant.
        arguments: of the first.
    """
    return _once(_function(name, tuple(helpers.items())), f"{NAME}({_literals(arguments)})")


def show(expression: str) -> str:
    """Return source that prints the repr of an expression of the user's."""
    # The names here are no names of the expression's.
    taken = "from builtins import print as __enter__,repr as __exit__"
    return _once(f"def {NAME}():\n {taken}\n __enter__(__exit__(({expression})))\n", f"{NAME}()")


def show_own(expression: str) -> str:
    """Return source that prints the repr of an expression of ours, whatever the user's names are."""
    code = f"print(repr(({expression})))"
    return _once(f"def {NAME}():\n {_taken(parsed(code))}\n {code}\n", f"{NAME}()")


def assign(name: str, expression: str) -> str:
    """Return source that gives a global name of the user's the value of an expression of ours."""
    taken = _taken(parsed_expression(expression))
    if not taken:
        return f"{name}={expression}\n"
    return _once(f"def {NAME}():\n {taken}\n return {expression}\n", f"{name}={NAME}()")


def statement(code: str) -> str:
    """Return source that runs a line of ours, whatever the user's names are."""
    taken = _taken(parsed(code))
    return _once(f"def {NAME}():\n {taken}\n {code}\n", f"{NAME}()") if taken else f"{code}\n"


def packed(source: bytes, module: str, inflate: str, options: tuple[int, ...]) -> bytes:
    """Return source that runs other source. It is no UTF-8, which MicroPython's lexer does not ask for (py/lexer.c).

    Args:
        source: the other source, deflated.
        module: the module that inflates.
        inflate: its class for that.
        options: of that class.
    """
    text = _AWKWARD.sub(lambda byte: b"\\x%02x" % byte[0][0], source)
    function = (
        b"def %b():\n from builtins import exec\n from io import BytesIO\n from %b import %b\n"
        b" exec(%b(BytesIO(b'%b'),%b).read())\n"
    ) % (_LOADER.encode(), module.encode(), inflate.encode(), inflate.encode(), text, _literals(options).encode())
    loader = _LOADER.encode()
    return b"%btry:\n %b()\nfinally:\n del %b\n%b" % (function, loader, loader, CLEAR.encode())


def hold(name: str, *arguments: str | int) -> str:
    """Return source that runs the snippet ``name`` and keeps the function that it returns, for ``held``.

    One that an earlier transfer left behind, when its line was cut, is closed first.
    """
    return f"{let_go()}{_function(name, called=_HELD)}{_HELD}={_HELD}({_literals(arguments)})\n"


def held(*arguments: str | int | bytes) -> str:
    """Return source that calls the function that ``hold`` has kept."""
    return f"{_HELD}({_literals(arguments)})\n"


def held_with(arguments: str) -> str:
    """Return an expression that calls the function that ``hold`` has kept.

    Args:
        arguments: expressions, with commas between them.
    """
    return f"{_HELD}({arguments})"


def resident(name: str, called: str) -> str:
    """Return source that has the board keep the snippet ``name``, for other snippets or for ``ask_resident``.

    It lies among the builtins, or among the user's names on boards whose builtins are fixed.

    Args:
        name: of the snippet.
        called: what it is called on the board, one of ``RESIDENTS``.
    """
    keep = f" {_LOADER}.{called}={called}\n del {called}\n"
    function = _function(name, called=called)
    return f"{function}import builtins as {_LOADER}\ntry:\n{keep}except AttributeError:\n pass\ndel {_LOADER}\n"


def remove_residents(names: Iterable[str]) -> str:
    """Return source that removes what ``resident`` has left, and names of the user's, where they are there."""
    wanted = [*RESIDENTS.values(), *names, *(f"{_LOADER}.{called}" for called in RESIDENTS.values())]
    gone = "".join(f"try:\n del {name}\nexcept:\n pass\n" for name in wanted)
    return f"import builtins as {_LOADER}\n{gone}del {_LOADER}\n{CLEAR}"


def ask_resident(found: str, arguments: str) -> str:
    """Return source that calls the function that ``resident`` has kept.

    Args:
        found: an expression of the user's, which the function has the value of.
        arguments: expressions of ours, with commas between them, which use no name of a builtin.
    """
    return f"{REMOTE}(lambda:({found}),{arguments})\n"


def let_go() -> str:
    """Return source that closes and removes the function that ``hold`` has kept, where there is one."""
    return f"try:\n {_HELD}(0,None)\nexcept:\n pass\ntry:\n del {_HELD}\nexcept:\n pass\n{CLEAR}"


def _once(function: str, use: str) -> str:
    return f"{function}try:\n {use}\nfinally:\n del {NAME}\n"


def _around(name: str, builtin_names: str, code: str) -> str:
    """Return a function around the snippet's, which is called ``_INNER`` in it; its arguments are ``id``."""
    inner = "".join(f" {line}\n" for line in _function(name, called=_INNER).splitlines())
    return f"def {NAME}(*id):\n from builtins import {builtin_names}\n{inner}{code}"


def _taken(code: ast.AST) -> str:
    """Return the statement that takes the builtins which some code uses; ``""`` where it uses none."""
    bound: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(code):
        match node:
            case ast.Name(name, ast.Load()):
                used.add(name)
            case ast.Name(name) | ast.arg(name) | ast.FunctionDef(name) | ast.ClassDef(name):
                bound.add(name)
            case ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.alias(name, as_name):
                bound.add(as_name or name)
    wanted = sorted((used - bound - _SOMETIMES_MISSING) & set(dir(builtins)))
    return f"from builtins import {','.join(wanted)}" if wanted else ""


def _literals(arguments: tuple[object, ...]) -> str:
    return ",".join(_literal(argument) for argument in arguments)


def _literal(value: object) -> str:
    # A text of up to ten bytes would be kept by the board for ever (py/parse.c, push_result_token), a part of one not.
    if isinstance(value, str) and 0 < len(value) <= 10:
        return f"{value.ljust(11)!r}[:{len(value)}]"
    return repr(value)


@functools.cache
def _function(name: str, helpers: tuple[tuple[str, str], ...] = (), *, called: str = NAME) -> str:
    """Return the snippet's function as it is sent, with its helpers inside."""
    function = _parsed(name)
    for helper, snippet in reversed(helpers):
        inner = _parsed(snippet)
        inner.name = helper
        function.body.insert(0, inner)
    return _sent(function, called)


def _sent(function: ast.FunctionDef, called: str = NAME) -> str:
    function.name = called
    _rename(function)
    if taken := _taken(function):
        function.body.insert(0, parsed(taken).body[0])
    lines = [line for line in ast.unparse(function).splitlines() if line]  # its strings hold no line ends
    return "".join(re.sub(r"^ +", lambda indent: " " * (len(indent[0]) // 4), line) + "\n" for line in lines)


def _parsed(name: str) -> ast.FunctionDef:
    source = files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8")
    (function,) = parsed(source).body
    assert isinstance(function, ast.FunctionDef)
    return function


def _spare(node: ast.stmt, words: Container[str]) -> bool:
    """Whether a method, or what makes something an attribute of a class, is for names that nobody uses."""
    match node:
        case ast.FunctionDef(name) if node.args.args and node.args.args[0].arg == "self":
            return name[:2] != "__" and name not in words
        case ast.Assign([ast.Attribute(attr=name)], ast.Name()):
            return name not in words and not name.startswith(_OURS)
    return False


def _rename(function: ast.FunctionDef) -> None:
    """Give the function's own names, and those of functions in it, names that every firmware has in ROM.

    What becomes an attribute of something keeps its name, because programs and tracebacks show it; so do methods with
    their parameters, and what is called ours.
    """
    own: dict[str, str] = {}
    used = set()
    seen = set()
    for node in ast.walk(function):
        match node:
            case ast.Name(name, ast.Store()) | ast.arg(name) | ast.ExceptHandler(name=str(name)):
                own.setdefault(name, "")
            case ast.FunctionDef(name) | ast.ClassDef(name) if node is not function:
                own.setdefault(name, "")
            case ast.Name(name):
                used.add(name)
            case ast.Assign([ast.Attribute(), *_], ast.Name(name) | ast.Tuple([ast.Name(name), *_])):
                seen.add(name)
            case ast.alias(name, as_name):
                used.add(as_name or name)
        if isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
            seen |= {name for one in methods for name in (one.name, *(arg.arg for arg in one.args.args))}
    rename = [name for name in own if name not in seen and not name.startswith(_OURS)]
    spare = (name for name in _ROM_NAMES if name not in used - set(rename))
    own = dict(zip(rename, spare, strict=False))  # a name too many keeps its own
    for node in ast.walk(function):
        match node:
            case ast.Name(name) if name in own:
                node.id = own[name]
            case ast.arg(name) if name in own:
                node.arg = own[name]
            case ast.FunctionDef(name) | ast.ClassDef(name) | ast.ExceptHandler(name=str(name)) if name in own:
                node.name = own[name]
            case ast.alias(name, as_name) if (as_name or name) in own:
                node.asname = own[as_name or name]
            case ast.Nonlocal(names):
                node.names = [own.get(name, name) for name in names]
