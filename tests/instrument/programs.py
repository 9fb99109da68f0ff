"""Random programs, made of the statements that MicroPython knows; each ends by itself."""

from __future__ import annotations

import random
from typing import Protocol

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "d")

PREFACE = """class Context:
    def __init__(self, name, swallow=False):
        self.name = name
        self.swallow = swallow
    def __enter__(self):
        print("enter", self.name)
        return self.name
    def __exit__(self, kind, value, traceback):
        print("exit", self.name, kind is None)
        return self.swallow
class Truth:
    def __init__(self, value):
        self.value = value
    def __bool__(self):
        print("asked", self.value)
        return self.value
class Waits:
    def __init__(self, value):
        self.value = value
    def __await__(self):
        yield
        return self.value
    __iter__ = __await__
def drive(task):
    try:
        while True:
            task.send(None)
    except StopIteration as stop:
        print("done", stop.value)
"""
"""What the programs use; it gets no probes."""


class Choices(Protocol):
    """What decides how a program goes on."""

    def number(self, least: int, most: int) -> int:
        """Return a number of a range, its ends included."""


class Drawn:
    """Choices of Hypothesis, which looks for a smaller program where one fails."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, least: int, most: int) -> int:
        return self._draw(st.integers(least, most))


class Seeded:
    """The choices that belong to a number: a tenth of the time of those that Hypothesis keeps."""

    def __init__(self, seed: int) -> None:
        self.number = random.Random(seed).randint


class Source:
    """One program while it is written."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.functions: list[tuple[str, int, bool]] = []  # name, arguments, whether it is a generator
        self.counter = 0
        self.size = 0

    def pick(self, *of: str) -> str:
        return of[self.choices.number(0, len(of) - 1)]

    def chance(self, percent: int) -> bool:
        return self.choices.number(0, 99) >= 100 - percent

    def new(self, start: str) -> str:
        self.counter += 1
        return f"{start}{self.counter}"

    # -- expressions ---------------------------------------------------------------------------------------------

    def expression(self, depth: int = 2) -> str:
        inner = lambda: self.expression(depth - 1)  # noqa: E731
        kinds = ["name", "number"] * 4 + ["text"]
        if depth:
            kinds += [
                "binary",
                "binary",
                "compare",
                "boolean",
                "call",
                "ternary",
                "tuple",
                "list",
                "lambda",
                "comprehension",
            ]
            kinds += ["generator", "multi", "truth", "not", "subscript", "format"]
        match self.pick(*kinds):
            case "name":
                return self.pick(*NAMES)
            case "number":
                return str(self.choices.number(0, 5))
            case "text":
                return self.pick("'x'", '"y#;:"', "'''two\nlines'''", "'é€'", "b'z'", "''")
            case "binary":
                return f"{inner()}{self.pick(' + ', '-', ' * ', '+', '//', '&')}{inner()}"
            case "compare":
                return f"({inner()}){self.pick('<', ' == ', ' is ', ' in ')}{inner()}"
            case "boolean":
                return f"{inner()} {self.pick('and', 'or')} {inner()}"
            case "not":
                return f"(not({inner()}))"
            case "truth":
                return f"Truth({self.pick('True', 'False')})"
            case "call":
                if self.functions and self.chance(70):
                    name, count, generates = self.functions[self.choices.number(0, len(self.functions) - 1)]
                    text = f"{name}({', '.join(inner() for _ in range(count))})"
                    return f"list({text})" if generates else text
                return f"len([{inner()},{inner()}])"
            case "ternary":
                return f"({inner()} if {inner()} else {inner()})"
            case "tuple":
                return f"({inner()}, {inner()})"
            case "list":
                return f"[{inner()}]"
            case "subscript":
                return f"[{inner()}, {inner()}][{self.pick('0', '1', '-1', '2')}]"
            case "lambda":
                return f"(lambda e={inner()}: {inner()})()"
            case "comprehension":
                return f"[{self.pick('x', 'a')} for x in (1, 2) if {inner()}]"
            case "generator":
                return f"sum(x for x in [1, {inner()}])"
            case "format":
                return f"'%s' % ({inner()},)"
        return f"({inner()} +\n   {inner()})"

    # -- statements ----------------------------------------------------------------------------------------------

    def simple(self, within: str, *, loop: bool) -> str:
        kinds = ["assign", "print", "augment"] * 4 + ["pass", "assert", "raise", "delete", "import"]
        kinds += ["unpack", "text", "continued", "attribute", "unpack"]
        if loop:
            kinds += ["break", "continue"]
        if within in ("function", "generator", "async"):
            kinds += ["return", "return nothing"]
        if within == "generator":
            kinds += ["yield", "yield value", "yield from"]
        if within == "async":
            kinds += ["await"]
        match self.pick(*kinds):
            case "assign":
                return f"{self.pick(*NAMES)} = {self.expression()}"
            case "augment":
                return f"{self.pick(*NAMES)} += {self.expression()}"
            case "unpack":
                return f"{self.pick(*NAMES)}, {self.pick(*NAMES)} = {self.expression(1)}, {self.expression(1)}"
            case "print":
                return f"print({self.expression()}, {self.expression(1)})"
            case "assert":
                return f"assert {self.expression()}, 'no'"
            case "raise":
                return f"raise {self.pick('ValueError', 'KeyError(1)', 'TypeError')}"
            case "delete":
                return f"del {self.pick(*NAMES)}"
            case "import":
                return self.pick("import gc", "from gc import collect", "import gc as e")
            case "return":
                return self.pick("return {}", "return ({})", "return[{}]").format(self.expression())
            case "return nothing":
                return "return"
            case "yield":
                return f"yield {self.expression()}"
            case "yield value":
                return f"{self.pick(*NAMES)} = yield"
            case "yield from":
                return "yield from (1, 2)"
            case "await":
                return f"{self.pick(*NAMES)} = await Waits({self.expression(1)})"
            case "text":
                return f'"""a text\n  of two lines"""; {self.pick(*NAMES)} = 1'
            case "continued":
                return f"{self.pick(*NAMES)} = \\\n  {self.expression(1)}"
            case "attribute":
                return f"print.nothing = {self.expression(1)}" if self.chance(10) else "..."
            case kind if kind in ("break", "continue"):
                return kind
        return "pass"

    def block(self, indent: str, within: str, *, loop: bool, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.choices.number(1, 3)):
            if self.chance(12):
                lines.append(self.pick("", f"{indent}# a comment: if x:", "   # elsewhere", "    "))
            lines += self.statement(indent, within, loop=loop, depth=depth)
        return lines

    def statement(self, indent: str, within: str, *, loop: bool, depth: int) -> list[str]:
        self.size += 1
        simple = lambda: self.simple(within, loop=loop)  # noqa: E731
        if not depth or self.size > 40 or self.chance(45):
            text = simple()
            while self.chance(20):
                text += self.pick("; ", ";") + simple()
            return [indent + text + self.pick("", "", "", ";", "  # said", " ")]
        deeper = indent + self.pick("    ", " ", "\t", "  ")
        block = lambda **more: self.block(  # noqa: E731
            deeper, more.get("within", within), loop=more.get("loop", loop), depth=depth - 1
        )
        one_line = self.chance(15)
        body = lambda head, **more: (  # noqa: E731
            [f"{indent}{head} {self.simple(more.get('within', within), loop=more.get('loop', loop))}"]
            if one_line
            else [f"{indent}{head}{self.pick('', '  # why')}", *block(**more)]
        )
        kinds = ["if", "while", "for", "with", "try", "def", "class"]
        match self.pick(*kinds):
            case "if":
                lines = body(f"if {self.expression()}:")
                while self.chance(30):
                    lines += body(f"elif({self.expression()}):")
                return lines + (body("else:") if self.chance(40) else [])
            case "while":
                name = self.new("n")
                lines = [f"{indent}{name} = 0"]
                lines += [f"{indent}while {name} < 3 and ({self.expression()}):", f"{deeper}{name} += 1"]
                lines += block(loop=True)
                return lines + (body("else:") if self.chance(30) else [])
            case "for":
                values = self.pick("range(3)", "(1, 2)", "1, 2", "range(1, 4)", "'ab'", f"[{self.expression()}]")
                lines = body(f"for {self.pick(*NAMES, 'a, b')} in {values}:", loop=True)
                return lines + (body("else:") if self.chance(30) else [])
            case "with":
                bound = self.pick("", " as a", " as b")
                more = self.pick("", ", Context('other') as c")
                return body(f"with Context('one', {self.pick('True', 'False')}){bound}{more}:")
            case "try":
                lines = body("try:")
                handlers = self.choices.number(0, 2)
                for _ in range(handlers):
                    kind = self.pick("ValueError", "(KeyError, TypeError)", "Exception")
                    lines += body(f"except {kind}{self.pick('', ' as a', ' as d')}:")
                if handlers and self.chance(30):
                    lines += body("except:")
                if handlers and self.chance(30):
                    lines += body("else:")
                if not handlers or self.chance(30):
                    lines += body("finally:", loop=False)
                return lines
            case "class":
                name = self.new("C")
                base = self.pick("", "(object)", "(Context)")
                lines = [f"{indent}class {name}{base}:"]
                if self.chance(50):
                    lines.append(f'{deeper}"""A class."""')
                if self.chance(50):
                    lines += self.block(deeper, "class", loop=False, depth=0)
                lines += self.function(deeper, "m", "self", within, depth)
                return [*lines, f"{indent}{self.pick(*NAMES)} = {name}"]
        return self.function(indent, self.new("f"), "", within, depth)

    def function(self, indent: str, name: str, first: str, within: str, depth: int) -> list[str]:
        deeper = indent + self.pick("    ", "  ", "\t")
        kind = self.pick("function", "function", "generator", "async")
        arguments = list(dict.fromkeys(self.pick(*NAMES) for _ in range(self.choices.number(0, 2))))
        count = len(arguments)
        shown = [first] * bool(first) + [f"{one}={self.expression(0)}" if self.chance(20) else one for one in arguments]
        shown.sort(key=lambda one: "=" in one)
        if self.chance(20):
            shown.append(self.pick("*rest", "**named", "*, key=1"))
        known = list(self.functions)
        word = "async def" if kind == "async" else "def"
        lines = [f"{indent}{word} {name}({', '.join(shown)}):"]
        if self.chance(30):
            lines.append(f"{deeper}'''Its\n  docstring.'''")
        other = [one for one in NAMES if one not in arguments]
        if self.chance(25):
            lines.append(f"{deeper}global {other[0]}")
            other = other[1:]
        if self.chance(30):  # a closure that changes a name of the function
            shared = other[0]
            nested = self.new("g")
            lines += [f"{deeper}{shared} = {self.expression(1)}", f"{deeper}def {nested}():"]
            lines += [f"{deeper}  nonlocal {shared}", f"{deeper}  {shared} = {self.expression(1)}"]
            lines += [f"{deeper}  return {shared}"]
            self.functions.append((nested, 0, False))
        lines += self.block(deeper, kind, loop=False, depth=depth - 1)
        if kind == "generator":
            lines.append(f"{deeper}yield 1")
        self.functions = known
        if first:
            return lines
        if kind == "async":
            call = f"drive({name}({', '.join(self.expression(1) for _ in range(count))}))"
            return [*lines, f"{indent}{call}"]
        if within != "class":
            self.functions.append((name, count, kind == "generator"))
        return lines


def program(choices: Choices) -> str:
    """Return a program that prints, raises, and ends by itself."""
    source = Source(choices)
    lines: list[str] = []
    if source.chance(10):
        lines.append('"""A docstring."""')
    lines += ["a = 1", "b = 2; c = 3", "d = 4"] if source.chance(90) else ["a = 1"]
    for _ in range(choices.number(1, 5)):
        if source.chance(15):
            lines.append(source.pick("", "# a comment", "#"))
        if source.chance(60):
            lines.append("try:")
            lines += source.block("  ", "module", loop=False, depth=3)
            lines += ["except Exception as error:", "  print('caught', type(error).__name__)"]
            source.functions.clear()  # they may not be there
        else:
            lines += source.statement("", "module", loop=False, depth=3)
        if source.functions and source.chance(60):
            name, count, generates = source.functions[-1]
            call = f"{name}({', '.join(source.expression(1) for _ in range(count))})"
            lines.append(f"print(list({call}))" if generates else f"print({call})")
    return "\n".join(lines) + source.pick("\n", "")


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Programs of Hypothesis's choice."""
    return program(Drawn(draw))
