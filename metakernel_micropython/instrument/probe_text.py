"""What probes look like in a source, for each kind.

Each kind calls one function, and what that returns decides nothing in the program; probes that follow functions are
in ``call_probes``:

=======  ==================================  ====================================================================
kind     simple statement ``S``              header with the expression ``E``
=======  ==================================  ====================================================================
count    ``__mk_p(3);S``                     ``__mk_p(3)or(E)``; a condition: ``__mk_p(3)or(E)or __mk_p(4)``
time     ``__mk_t=__mk_l(3);S;               ``__mk_l(3,__mk_l(3),(E))``, which is ``E``
         __mk_l(3,__mk_t)``
pause    ``__mk_f(3);S``                     ``__mk_f(3)or(E)``
=======  ==================================  ====================================================================

With one argument it returns something false (a time counts as none: it is only compared or handed on), with three the
last one. At the top level and in class bodies a name would be the user's: there a time's end is ``__mk_l(~3)``. What
yields, awaits or leaves its block has only a beginning.

Pauses call ``__mk_b``, or in functions what that has returned at the entry: it gets the local names by one closure for
each call of a function, ``__mk_f=__mk_b(~2,lambda __mk_i:...)``, which reads the name of a number and raises NameError
where that is not bound yet. Where no statement can be put at the function's beginning, each pause has the closure for
itself: ``__mk_b(3,lambda __mk_i:...)``.

Measured with a loop of four statements in a function (what a probe takes in memory, and in time each time):

=====  ===========================  ==========================  ======================================
kind   virtual board                micro:bit, 9 kB free        function on the board, while it is on
=====  ===========================  ==========================  ======================================
count  5 bytes, 0.6 to 1 μs         about 5 bytes, 6 to 12 μs   50 to 300 bytes and the set of numbers
time   14 bytes, 5 μs               about 14 bytes, 0.15 ms     1.1 kB and 12 bytes for each probe
pause  18 bytes, 0.3 to 1 μs        6 to 20 bytes, 4 to 22 μs   what takes pauses
=====  ===========================  ==========================  ======================================

The micro:bit is the one in QEMU, whose clock is not a chip's. Bytes are those of the compiled code with the closure;
the source that is sent grows by 10 to 40 characters for each probe.

After a program has been rewritten, its functions live on, and so must what they call: ``lambda n,s=0,v=None:v`` is
enough. Numbers of probes are given once (``cell_probes.NUMBERS``), for others of the same kind may be measured then.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .request import FRAME, NAME, PAUSE_NAME, READER, START, TIME_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDS_BLOCK = (ast.Return, ast.Raise, ast.Break, ast.Continue)
"""Statements behind which nothing runs."""


def call(number: int) -> str:
    """Return the call that says that a statement begins."""
    return f"{NAME}({number})"


def suspends(node: ast.AST) -> bool:
    """Whether an expression or a simple statement yields or awaits, so that others run before it ends."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (ast.Yield, ast.YieldFrom, ast.Await)):
            return True
        if isinstance(one, ast.comprehension) and one.is_async:
            return True
        if not isinstance(one, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting += ast.iter_child_nodes(one)
    return False


def timed_statement(number: int, node: ast.stmt, *, local: bool) -> tuple[str, str]:
    """Return what stands before and behind a simple statement whose time is taken.

    Args:
        number: the probe's.
        node: the statement.
        local: whether it is in a function.
    """
    if isinstance(node, (*ENDS_BLOCK, ast.Pass)) or suspends(node):
        return f"{TIME_NAME}({number});", ""
    if local:
        return f"{START}={TIME_NAME}({number});", f";{TIME_NAME}({number},{START})"
    return f"{TIME_NAME}({number});", f";{TIME_NAME}(~{number})"


def timed_expression(number: int, node: ast.expr) -> tuple[str, str]:
    """Return what stands around an expression whose time is taken."""
    if suspends(node):
        return f"{TIME_NAME}({number})=={TIME_NAME} or(", ")"  # a time is no function: the left side is false
    return f"{TIME_NAME}({number},{TIME_NAME}({number}),(", "))"


def reader(names: Sequence[str]) -> str:
    """Return a function that reads local names by their number."""
    return f"lambda {READER}:{_choice(names, 0)}" if names else f"lambda {READER}:None"


def _choice(names: Sequence[str], first: int) -> str:
    """Return the expression that reads one of some names, the first of which has that number.

    Many names are halved: compilers go one call deeper for each ``else``.
    """
    if len(names) <= _IN_A_ROW:
        tests = [f"{name} if {READER}<{number} else " for number, name in enumerate(names[:-1], first + 1)]
        return f"{''.join(tests)}{names[-1]}"
    half = len(names) // 2
    left, right = _choice(names[:half], first), _choice(names[half:], first + half)
    return f"({left})if {READER}<{first + half} else {right}"


_IN_A_ROW = 8
"""Names that are told apart one after the other."""


def entry(number: int, names: Sequence[str]) -> str:
    """Return the statement that makes a function's frame."""
    return f"{FRAME}={PAUSE_NAME}(~{number},{reader(names)})"


def pause(number: int, names: Sequence[str] | None, *, framed: bool) -> str:
    """Return the call that pauses.

    Args:
        number: the probe's.
        names: the local names; None outside of functions.
        framed: whether the function has a frame.
    """
    if framed:
        return f"{FRAME}({number})"
    return f"{PAUSE_NAME}({number})" if names is None else f"{PAUSE_NAME}({number},{reader(names)})"
