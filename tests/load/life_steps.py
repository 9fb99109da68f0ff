"""The cells of a life at random: what is typed, and what has to come of it where nobody disturbs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True)
class Step:
    """A cell.

    Attributes:
        name: what is counted.
        code: what is typed.
        number: of the cell; its marks hold it.
        stdout: what it prints; None: anything.
        value: its value; None: any, or none.
        errors: the names of the errors that it ends with; empty: it goes well.
        may_fail: whether it may fail for reasons of its own.
        endless: whether it has to be stopped.
    """

    name: str
    code: str
    number: int = 0
    stdout: str | None = None
    value: str | None = None
    errors: frozenset[str] = field(default_factory=frozenset)
    may_fail: bool = False
    endless: bool = False


Make = Callable[[int, Random], Step]


def _value(number: int, _chance: Random) -> Step:
    return Step("value", f"{number} * 7", number, "", str(number * 7))


def _print(number: int, chance: Random) -> Step:
    count = chance.randrange(1, 30)
    return Step("print", f"for i in range({count}):\n    print('<{number}>', i)", number, _lines(number, count))


def _flood(number: int, chance: Random) -> Step:
    count = chance.choice((300, 3000))
    return Step("much output", f"for i in range({count}):\n    print('<{number}>', i)", number, _lines(number, count))


def _slowly(number: int, chance: Random) -> Step:
    pause = chance.choice((1, 20, 100))
    code = f"import time\nfor i in range(10):\n    print('<{number}>', i)\n    time.sleep_ms({pause})"
    return Step("slow output", code, number, _lines(number, 10))


def _error(number: int, chance: Random) -> Step:
    code, name = chance.choice((("1 / 0", "ZeroDivisionError"), ("no_such", "NameError"), ("x = (", "SyntaxError")))
    before = "" if name == "SyntaxError" else f"print('<{number}>')\n"
    return Step("error", before + code, number, f"<{number}>\n" if before else "", errors=frozenset({name}))


def _endless(number: int, chance: Random) -> Step:
    body = chance.choice(("pass", f"print('<{number}>')", "time.sleep_ms(50)"))
    return Step("endless", f"import time\nwhile True:\n    {body}", number, endless=True)


def _stubborn(number: int, _chance: Random) -> Step:
    code = f"try:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('<{number}>')"
    return Step("catches one Ctrl-C", code, number, endless=True)


def _input(number: int, _chance: Random) -> Step:
    return Step("input", f"print('<{number}>', len(input('name? ')) >= 0)", number)


def _shadowed(number: int, chance: Random) -> Step:
    name = chance.choice(("list", "str", "print", "len", "open", "sum", "os", "range", "globals"))
    return Step("shadowed name", f"{name} = 5\n{name}\ndel {name}\n{number}", number, "", str(number))


def _large(number: int, chance: Random) -> Step:
    size = chance.choice((1_000, 20_000))
    return Step("large cell", f"x = '{'a' * size}'\nlen(x) + {number}", number, "", str(size + number))


def _file(number: int, chance: Random) -> Step:
    name = f"f{number % 7}.txt"
    code = chance.choice(
        (
            f"%sendtofile {name}\n<{number}> text\n",
            f"f = open('{name}', 'w')\nf.write('<{number}>')\nf.close()",
            f"%rm {name}",
            "%ls",
            "%tree",
            "%df",
        )
    )
    return Step("files", code, number, may_fail=code.startswith("%rm"), errors=frozenset())


def _magic(number: int, chance: Random) -> Step:
    code = chance.choice(
        ("%mem", "%info", "%boards", "%timeit 1 + 1", "%time 6 * 7", "%modules", "%lsmagic", "%connect_info", "%df")
    )
    return Step("magic", code, number)


def _wrong_magic(number: int, chance: Random) -> Step:
    code = chance.choice(("%nonsense", "%cat no-such-file", "%ls --no-such-option", "%use nobody", "%connect nowhere"))
    return Step("wrong magic", code, number, may_fail=True)


def _values(number: int, chance: Random) -> Step:
    code = chance.choice((f"%python given = {number}\n%put given", f"made = [{number}] * 50\n%get made"))
    return Step("values", code, number, may_fail=True)  # %get below code is refused


def _reset(number: int, chance: Random) -> Step:
    return Step(
        "reset", chance.choice(("%reboot", "%connect virtual", "import sys\nsys.exit()")), number, may_fail=True
    )


def _command(number: int, _chance: Random) -> Step:
    return Step("command", f"!echo '<{number}>'", number, f"<{number}>\n")


def _slow_command(number: int, _chance: Random) -> Step:
    return Step("slow command", f"!for i in 1 2 3; do echo '<{number}>'; sleep 0.05; done", number, f"<{number}>\n" * 3)


def _endless_command(number: int, chance: Random) -> Step:
    code = chance.choice(
        ("!sleep 600", f"!while true; do echo '<{number}>'; sleep 0.01; done", "!sh -c 'sleep 600 & wait'")
    )
    return Step("endless command", code, number, endless=True)


def _host_python(number: int, chance: Random) -> Step:
    endless = chance.random() < 0.3
    body = "import time\nwhile True: time.sleep(0.01)" if endless else "6 * 7"
    return Step("Python here", f"%%python\nprint('<{number}>')\n{body}", number, endless=endless)


def _lines(number: int, count: int) -> str:
    return "".join(f"<{number}> {line}\n" for line in range(count))


STEPS: tuple[tuple[int, Make], ...] = (
    (10, _value),
    (10, _print),
    (3, _flood),
    (5, _slowly),
    (6, _error),
    (4, _endless),
    (2, _stubborn),
    (4, _input),
    (4, _shadowed),
    (3, _large),
    (8, _file),
    (6, _magic),
    (4, _wrong_magic),
    (3, _values),
    (3, _reset),
    (4, _command),
    (3, _slow_command),
    (3, _endless_command),
    (4, _host_python),
)
"""How often each kind is chosen, beside the others."""
