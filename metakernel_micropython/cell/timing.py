"""How long something takes on the board, by its own clock: what %time, %%time, %timeit and %%timeit have in common."""

from __future__ import annotations

import io
import math
import re
import secrets
import time
import tokenize
from dataclasses import dataclass

from ..board.protocol.marks import MarkTokenizer
from ..errors import DeviceError
from ..host.paths import counted
from ..syntax_tree import literal_value, parsed
from .program import ValueFilter, new_mark

TARGET = 0.2
"""Seconds that the loops of one run take at least, as with IPython's %timeit."""

LONGEST = 10.0
"""Seconds that all runs together take about, at most, where the number of runs was not asked for."""

_MARK = "\x1et" + secrets.token_hex(2)  # never that of a value, also where a program runs on many boards

_TICKS_PERIOD = 2**30  # microseconds, on boards with 32 bits (MICROPY_PY_TIME_TICKS_PERIOD)

# On one line, with names of the firmware's alone. CircuitPython has no ticks_us.
_SHOW_TICKS = (
    "from builtins import print as __enter__,hasattr as __exit__;import time as __call__;"
    '__enter__("{mark}",'
    "__call__.ticks_us()if __exit__(__call__,'ticks_us')else __call__.monotonic_ns()//1000);"
    "del __call__,__enter__,__exit__"
)

_SYNTAX_FRAME = re.compile(r'  File "<stdin>", line (?P<line>\d{1,9})(?![\d,])')
_FRAME = re.compile(r'  File "<stdin>", line (?P<line>\d{1,9}), in (?P<function>\S+)')


_TOP_FRAME = re.compile(r'(  File "<stdin>", line )(\d{1,9})(?=, in <module>$|$)', re.MULTILINE)


def amount(seconds: float) -> str:
    """Return a time with a unit that fits: ``1.23 ms``."""
    if math.isnan(seconds):
        return "unknown"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("μs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


class Stopwatch:
    """Takes the time of one program on the board's clock and on the host's.

    The program prints the board's clock when it begins and when it has ended well; nothing is kept on the board.
    """

    def __init__(self) -> None:
        self._mark = _MARK
        self._marks = MarkTokenizer(self._mark)
        self._line: str | None = None  # what came of the line that tells the clock
        self._ticks: list[int] = []
        self._start = time.perf_counter()
        self._end: float | None = None
        self._line_above = False  # the clock is printed on a line of its own, above the program

    def around(self, source: str) -> str:
        """Return the program with its clock printed; its lines keep their numbers where its first one is blank."""
        show = _SHOW_TICKS.format(mark=f"\\x1e{self._mark[1:]}")
        if source.startswith("\n"):
            return f"{show}{source}\n{show}"
        if _is_simple(source):
            return f"{show};{source}\n{show}"
        self._line_above = True
        return f"{show}\n{source}\n{show}"

    def retold(self, error: DeviceError) -> DeviceError:
        """Return an error of the program with the lines that it has without the clock."""
        if not self._line_above:
            return error
        told = _TOP_FRAME.sub(lambda found: f"{found[1]}{max(1, int(found[2]) - 1)}", error.traceback)
        return DeviceError(error.name, error.message, told)

    def start(self) -> None:
        """The program goes to the board now."""
        self._start = time.perf_counter()

    def feed(self, text: str) -> str:
        """Take the clock out of the program's output, however that is split."""
        shown = ""
        for before, mark in self._marks.feed(text):
            shown += self._without_clock(before)
            if mark and self._line is None:
                self._line = ""
            else:
                shown += self._without_clock(mark)
        return shown

    def _without_clock(self, text: str) -> str:
        if self._line is None:
            return text
        self._line, end, rest = (self._line + text).partition("\n")
        if not end:
            return ""
        if re.fullmatch(r" -?\d{1,19}", self._line):
            self._ticks.append(int(self._line))
        self._line = None
        return rest

    def flush(self) -> str:
        """The program has ended: return what was held of its output."""
        self._end = time.perf_counter()
        line, self._line = self._line, None
        return ("" if line is None else self._mark + line) + self._marks.flush()

    @property
    def ended(self) -> bool:
        """Whether a program has run."""
        return self._end is not None

    def times(self) -> tuple[float | None, float]:
        """Return the seconds on the board's clock, None where its program has not ended well, and on the host's."""
        host = (self._end or time.perf_counter()) - self._start
        if len(self._ticks) != 2:
            return None, host
        board = self._ticks[1] - self._ticks[0]
        if board < 0 or host * 1e6 > _TICKS_PERIOD:
            # The clock has started anew meanwhile, as often as brings it next to the host's.
            board += round((host * 1e6 - board) / _TICKS_PERIOD) * _TICKS_PERIOD
        return board / 1e6, host

    def told(self) -> str:
        """Return both times as a sentence; the board's only where its program has ended well."""
        board, host = self.times()
        if board is None:
            return f"host time: {amount(host)} (the board tells its time only of what ends well)"
        return f"board time: {amount(board)}, host time: {amount(host)}"


def _is_simple(source: str) -> bool:
    """Whether a program begins with a statement that another one may stand before, on the same line."""
    try:
        first = parsed(source).body[:1]
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return bool(first) and first[0].lineno == 1 and not hasattr(first[0], "body") and not hasattr(first[0], "cases")


@dataclass(frozen=True)
class Measured:
    """What a statement took that was run in loops.

    Attributes:
        mean: seconds of one loop.
        deviation: their standard deviation, in seconds.
        runs: how often the loops were run.
        loops: how many there were in each run.
        allocated: bytes that one loop allocates; None where the board does not tell.
    """

    mean: float
    deviation: float
    runs: int
    loops: int
    allocated: float | None

    @property
    def per_loop(self) -> str:
        """The time of one loop, in words."""
        return f"{amount(self.mean)} ± {amount(self.deviation)} per loop"

    @property
    def how_often(self) -> str:
        """How many runs and loops there were, in words."""
        return f"{counted(self.runs, 'run')}, {self.loops:,} loop{'' if self.loops == 1 else 's'}" + (
            " each" if self.runs > 1 else ""
        )

    @property
    def bytes_per_loop(self) -> str:
        """What one loop allocates, in words; ``""`` where that is not known."""
        return "" if self.allocated is None else f"{self.allocated:.4g} bytes allocated per loop"

    def __str__(self) -> str:
        """Return it in the words of IPython's %timeit."""
        text = f"{self.per_loop} (mean ± std. dev. of {self.how_often})"
        return f"{text}, {self.bytes_per_loop}" if self.bytes_per_loop else text


class Trial:
    """A statement that the board runs in loops, as the program that does so.

    Args:
        statement: one or more lines.
        setup: lines that run once before each run of loops, without being timed.
        loops: in each run; None to have the board choose.
        runs: how many; None for as many as are usual.
    """

    def __init__(self, statement: str, setup: str = "", loops: int | None = None, runs: int | None = None) -> None:
        mark = new_mark()
        self.values = ValueFilter(mark)
        head = ["def __mk_f(__mk_n):", *_indented(setup, 1)] if setup else ["def __mk_f(__mk_n):"]
        head += [" __mk_s=__mk_c()", " for __mk_i in __mk_r(__mk_n):"]
        self.lines_above = len(head) + 6
        self.source = "\n".join(
            [
                "from builtins import range as __mk_r",
                "try:",
                " from time import ticks_us as __mk_c, ticks_diff as __mk_d",
                "except:",
                " from time import monotonic_ns as __mk_c",
                " __mk_d=None",
                *head,
                *_indented(statement, 2),
                " return __mk_d(__mk_c(),__mk_s)if __mk_d else(__mk_c()-__mk_s)//1000",
                _MEASURE.format(
                    loops=loops or 0,
                    runs=runs or 0,
                    target=int(TARGET * 1e6),
                    longest=int(LONGEST * 1e6),
                    mark=f"\\x1e{mark[1:]}",
                ),
            ]
        )

    def result(self) -> Measured:
        """Return what the runs came to.

        Raises:
            ValueError: what the board has printed is no result.
        """
        try:
            loops, times, allocated = literal_value(self.values.value or "")
            each = [float(run) / 1e6 / loops for run in times]
            mean = sum(each) / len(each)
        except (SyntaxError, TypeError, ValueError, ZeroDivisionError, MemoryError, RecursionError) as error:
            raise ValueError(f"the board has told no times: {self.values.value!r}") from error
        deviation = math.sqrt(sum((one - mean) ** 2 for one in each) / len(each))
        known = isinstance(allocated, (int, float)) and allocated >= 0
        return Measured(mean, deviation, len(each), int(loops), float(allocated) if known else None)

    def retold(self, traceback: str, line: int) -> str:
        """Return a traceback of the trial as one of the cell.

        Args:
            traceback: the board's.
            line: where in the cell the statement begins, counted from 1.
        """
        shown = []
        for text in traceback.split("\n"):
            frame = _FRAME.fullmatch(text)
            if frame and frame["function"] in ("<module>", "__mk_m"):
                continue
            if frame and frame["function"] == "__mk_f":
                at = int(frame["line"])
                at = at - self.lines_above + line - 1 if at > self.lines_above else line
                text = f'  File "<stdin>", line {at}, in <module>'
            elif found := _SYNTAX_FRAME.match(text):
                at = int(found["line"])
                text = f'  File "<stdin>", line {max(1, at - self.lines_above + line - 1)}'
            shown.append(text)
        return "\n".join(shown)


# Loops are chosen as IPython does: 1, 2, 5, 10 ... until a run takes long enough. What a loop allocates is counted with
# the collector off, over so few loops that there is room for it, and less what one loop alone takes.
_MEASURE = """def __mk_m():
 from builtins import AttributeError,ImportError,MemoryError,max,min,print,range,str
 f,n,r=__mk_f,{loops},{runs}
 if not n:
  n=1
  while 1:
   t=f(n)
   if t>={target} or n>=10**9:break
   n=n*5//2 if str(n)[0]=='2' else n*2
 else:
  t=f(n)
 r=r or max(1,min(7,{longest}//(t+1)))
 t=[f(n) for _ in range(r)]
 a=-1
 try:
  import gc
  on=gc.isenabled()
  try:
   gc.collect();gc.disable()
   m=gc.mem_alloc;b=m();f(1);c=m();f(11);a=(m()-c-(c-b))/10
  except MemoryError:pass
  finally:
   if on:gc.enable()
 except(ImportError,AttributeError):pass
 print("{mark}",[(n,t,a)],"{mark}")
try:
 __mk_m()
finally:
 del __mk_m,__mk_f,__mk_c,__mk_d,__mk_r"""


def _indented(code: str, depth: int) -> list[str]:
    """Return the lines of code with blanks before them, but not within strings."""
    within: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code + "\n").readline):
            if token.type == tokenize.STRING:
                within |= set(range(token.start[0] + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        pass  # the board will tell
    return [line if number in within else " " * depth + line for number, line in enumerate(code.split("\n"), 1)]
