"""Sources that look like modules: a docstring, imports, functions and classes of many forms, and calls of them.

Each number is one module, always the same. Its pieces are put together anew for each, and filled with the statements
of ``programs``.
"""

from __future__ import annotations

from .programs import Seeded, Source

_PIECES = {
    "closure": """
def NAME(step):
    '''Count.'''
    total = EXPR
    def more(by=step):
        nonlocal total
        BODY
        try:
            total += by
        except TypeError:
            total = by
        return total
    def read(): return total
    return more, read
""",
    "generator": """
def NAME(limit):
    # counts down
    while limit > 0:
        sent = yield limit
        if sent:
            print("sent", sent)
        BODY
        limit -= 1
    else:
        yield from (x for x in range(2))
    return EXPR
""",
    "class": """
class NAME(Base):
    '''A class
    with a docstring of two lines.'''
    count = 0; names = [x for x in ("p", "q")]

    def __init__(self, value):
        super().__init__()
        self.value = value
        NAME.count += 1

    @property
    def twice(self):
        return self.value * 2

    @staticmethod
    def help(a, *rest, key=None):
        if rest: return rest, key
        elif key is not None: return key
        return a

    @classmethod
    def make(cls, value): return cls(value)

    def __iter__(self):
        for one in range(3):
            if one == self.value: continue
            yield one, EXPR

    def work(self, a=1, b=2, c=3, d=4):
        BODY
        return self.value
""",
    "decorator": """
def NAME(wrapped):
    calls = []
    def inner(*args, **named):
        calls.append(len(args)); print("call", len(calls))
        return wrapped(*args, **named)
    return inner

@NAME
@NAME
def decorated_NAME(a, b=2):
    c = d = a
    BODY
    return (a,
            b)
""",
    "errors": """
def NAME(a):
    b = c = d = 1
    try:
        BODY
        if a > 2: raise ValueError(a)
        print("no", 1 // (a - 1))
    except (ZeroDivisionError, KeyError) as error:
        print("caught", error)
    except ValueError:
        print("again")
        raise
    else:
        print("else")
    finally:
        print("finally")
    return "end"
""",
    "context": """
def NAME(a):
    with Context("outer"), Context("inner", swallow=a > 1) as b:
        c = d = b
        BODY
        if a: raise KeyError(b)
    for i in range(a, 5):
        if i == 3:
            break
    else:
        return "no break"
    for i, c in enumerate("ab"): pass
    else: print("else", i)
    return i
""",
    "asynchronous": """
async def NAME_part(value):
    return await Waits(value)

async def NAME(a):
    b = c = d = 0
    for i in range(2):
        b = await NAME_part(i) or await Waits(EXPR)
        BODY
    try:
        c = (await NAME_part(3),
             await Waits(4))
    finally:
        print("ends")
    return b, c
""",
    "recursion": """
def NAME(n):
    return n if n < 2 else NAME(n - 1) + NAME(n - 2)
""",
    "changes": """
state = {"n": 0}; level = 0
def NAME(a, b=None, *, c=1, **more):
    global level
    level += 1
    d = state["n"] = level
    del a
    BODY
    assert level < 3, "too often"
    f = lambda x, y=level: (x, y)
    return [f(x) for x in range(2) if x], {k: v for k, v in more.items()}, len([c, d])
""",
    "loops": """
def NAME(a):
    found = []
    while True:
        a += 1
        if a % 2: continue
        for b in (1, 2):
            if b * a > 9:
                break
            found.append(b)
        else:
            if a > 6: break
            continue
        break
    b = c = d = 5
    BODY
    return found, a
""",
}
"""Each defines NAME; EXPR is an expression, BODY stands for statements."""

_CALLS = {
    "closure": ["more, read = NAME(3)", "print(more(), more(EXPR), read())"],
    "generator": [
        "g = NAME(3); print(next(g))",
        "print(g.send('s'), list(g))",
        "print(list(NAME(1)))",
        "NAME(2).close()",
    ],
    "class": [
        "o = NAME.make(2); print(o.twice, list(o), NAME.count, NAME.names)",
        "print(NAME.help(1), NAME.help(1, 2), NAME.help(1, key=3))",
        "print(o.work())",
    ],
    "decorator": ["print(decorated_NAME(1))", "print(decorated_NAME(EXPR, b=EXPR))"],
    "errors": ["print(NAME(0))", "print(NAME(1))", "print(NAME(3))"],
    "context": ["print(NAME(0))", "print(NAME(2))", "print(NAME(1))"],
    "asynchronous": ["drive(NAME(1))"],
    "recursion": ["print(NAME(6))"],
    "changes": ["print(NAME(1))", "print(NAME(1, c=3, e=EXPR))", "NAME(2); NAME(2)"],
    "loops": ["print(NAME(0))", "print(NAME(7))"],
}

_WITHIN = {"generator": "generator", "asynchronous": "async"}


def module(number: int) -> str:
    """Return a module's source."""
    source = Source(Seeded(number))
    lines = ['"""A module.', "", 'It has a docstring.\n"""', ""] if source.chance(60) else []
    lines += ["from __future__ import annotations", ""] if source.chance(30) else []
    lines += ["import sys", "from collections import namedtuple", "a, b = 1, 2; c = 3", "d = 4  # the last", ""]
    lines += ["class Base:", "    def __init__(self): self.base = True"]
    left = list(_PIECES)
    calls = []
    for _ in range(source.choices.number(2, 4)):
        kind = left.pop(source.choices.number(0, len(left) - 1))
        name = source.new(kind[:3])
        lines += ["", *_filled(source, _PIECES[kind], name, _WITHIN.get(kind, "function"))]
        calls += [_filled(source, call, name) for call in _CALLS[kind] if source.chance(85)] or [["pass"]]
    lines += ["", "if __name__:", "    print('main')"]
    for call in calls[:-1]:
        lines += ["try:", *(f"    {line}" for line in call)]
        lines += ["except Exception as error:", "    print(type(error).__name__, error)"]
    return "\n".join([*lines, *calls[-1]]) + source.pick("\n", "")


def _filled(source: Source, piece: str, name: str, statements: str = "") -> list[str]:
    """Return the lines of a piece with statements and expressions of the module's own."""
    lines = []
    for line in piece.replace("NAME", name).strip("\n").split("\n"):
        if line.strip() == "BODY":
            indent = line[: -len("BODY")]
            lines += source.block(indent, statements, loop=False, depth=source.choices.number(0, 2))
            source.functions.clear()
        else:
            lines.append(line.replace("EXPR", f"({source.choices.number(0, 4)})"))
    return lines
