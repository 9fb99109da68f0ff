"""Code that runs on the board, in real files.

Each file defines one function named ``snippet``, with comments in place of docstrings. What is sent is the same code
without comments, indented by single spaces, and with names of its own that every firmware has in ROM: bytes are time,
the smallest boards have 5 kB, and MicroPython keeps each new name for ever (``py/qstr.c``).
"""

from __future__ import annotations

import ast
import functools
import re
from importlib.resources import files

NAME = "__repl_print__"
"""What the helper is called on the board while it runs, removed afterwards: every firmware has this name in ROM, and no
program has it among its globals."""

_HELD = "__mk_held"
"""What a function is called that stays on the board for several executions."""

# Names of builtins and of methods of builtins (py/qstrdefs.h and genhdr/qstrdefs.generated.h), the short ones first.
_ROM_NAMES = """
    id abs all any bin chr dir get hex int len map max min oct ord pop pow set str sum zip add
    bool dict eval exec find hash iter keys list next open read repr send sort type
    bytes clear close count index items lower print range round slice split strip super throw tuple upper write
    append extend format getattr hasattr insert remove replace reverse setattr sorted update values
""".split()


_AWKWARD = re.compile(rb"[\x00-\x04\n\r'\\\\]")
"""Bytes that cannot stand in a literal in a source: commands of the prompt, line ends, what ends or escapes it."""


def call(name: str, *arguments: str | int | bytes) -> str:
    """Return source that runs the snippet ``name`` with ``arguments`` and leaves the user's names as they were."""
    return _once(_function(name), _literals(arguments))


def guarded(name: str, *arguments: str | int) -> str:
    """Return source as ``call`` does, which raises ZeroDivisionError where an argument arrives as another one.

    For what cannot be undone: a changed byte in a name would be another file.
    """
    total = sum("".join(map(str, arguments)).encode())
    text = f"bytes(''.join(map(str,id)),{_literal('utf8')})"
    checked = f"(lambda*id:{NAME}(*id)if sum({text})=={total} else 1/0)"
    return f"{_function(name)}try:\n {checked}({_literals(arguments)})\nfinally:\n del {NAME}\n"


def apply(name: str, expression: str) -> str:
    """Return source that runs the snippet ``name`` with the value of an expression, as ``call`` does."""
    return _once(_function(name), expression)


def ask(name: str, *arguments: str | int) -> str:
    """Return source that prints what the snippet ``name`` returns for ``arguments``; see ``call``."""
    return _once(_function(name), _literals(arguments), "print({})")


def serve(name: str, helpers: dict[str, str], *arguments: object) -> str:
    """Return source that runs the snippet ``name``, which calls other snippets.

    Args:
        name: of the snippet.
        helpers: for each name that it calls, the snippet that is meant.
        arguments: of the first.
    """
    return _once(_function(name, tuple(helpers.items())), _literals(arguments))


def packed(source: bytes, module: str, inflate: str, options: tuple[int, ...]) -> bytes:
    """Return source that runs other source. It is no UTF-8, which MicroPython's lexer does not ask for (py/lexer.c).

    Args:
        source: the other source, deflated.
        module: the module that inflates.
        inflate: its class for that.
        options: of that class.
    """
    text = _AWKWARD.sub(lambda byte: b"\\x%02x" % byte[0][0], source)
    # Printing nothing reaches as deep into the interpreter's stack: what lies there still would be kept.
    return (b"exec(__import__(%a).%b(__import__('io').BytesIO(b'%b'),%b).read())\nprint(end='')\n") % (
        module,
        inflate.encode(),
        text,
        _literals(options).encode(),
    )


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


def let_go() -> str:
    """Return source that closes and removes the function that ``hold`` has kept, where there is one."""
    return f"try:\n {_HELD}(0,None)\nexcept:\n pass\nglobals().pop({_HELD!r},None)\n"


def _once(function: str, arguments: str, use: str = "{}") -> str:
    return f"{function}try:\n {use.format(f'{NAME}({arguments})')}\nfinally:\n del {NAME}\n"


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
    function.name = called
    _rename(function)
    lines = [line for line in ast.unparse(function).splitlines() if line]  # its strings hold no line ends
    return "".join(re.sub(r"^ +", lambda indent: " " * (len(indent[0]) // 4), line) + "\n" for line in lines)


def _parsed(name: str) -> ast.FunctionDef:
    source = files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8")
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    return function


def _rename(function: ast.FunctionDef) -> None:
    """Give the function's own names, and those of functions in it, names that every firmware has in ROM.

    What becomes an attribute of something keeps its name, because programs and tracebacks show it.
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
    rename = [name for name in own if name not in seen]
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
