"""What a run has measured, and its JSON file."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import BenchmarkError
from .measures import LINES, MEASURES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .measures import Measure


@dataclass
class Results:
    """What came out on one line.

    Attributes:
        samples: for a measure's and a contestant's name, what was measured, in the measure's unit.
        missing: for the same, why nothing was.
    """

    samples: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    missing: dict[tuple[str, str], str] = field(default_factory=dict)

    def miss(self, measures: Sequence[Measure], contestant: str, why: str) -> None:
        """Note why a contestant has no number, or fewer."""
        for measure in measures:
            self.missing.setdefault((measure.name, contestant), why)


@dataclass(frozen=True)
class Entrant:
    """A contestant as a run remembers it."""

    name: str
    title: str
    versions: dict[str, str]


@dataclass
class Run:
    """Everything that a run tells.

    Attributes:
        about: the machine, and the load of it before and after.
        rounds: that count.
        entrants: in the order of the tables.
        lines: the results by the line's name.
    """

    about: dict[str, Any]
    rounds: int
    entrants: list[Entrant]
    lines: dict[str, Results] = field(default_factory=dict)

    def save(self, file: Path) -> None:
        """Write every sample, for those who want more than medians."""
        units = {measure.name: measure.unit for measure in MEASURES}
        content = {
            "machine": self.about,
            "rounds": self.rounds,
            "contestants": [vars(entrant) for entrant in self.entrants],
            "results": [
                {
                    "line": line,
                    "measure": measure,
                    "contestant": contestant,
                    "unit": units[measure],
                    "median": statistics.median(samples),
                    "samples": samples,
                }
                for line, results in self.lines.items()
                for (measure, contestant), samples in results.samples.items()
            ],
            "missing": [
                {"line": line, "measure": measure, "contestant": contestant, "why": why}
                for line, results in self.lines.items()
                for (measure, contestant), why in results.missing.items()
            ],
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Run:
        """Read what ``save`` wrote.

        Raises:
            BenchmarkError: the file is not there, or something else.
        """
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            run = cls(content["machine"], content["rounds"], [Entrant(**one) for one in content["contestants"]])
            for one in content["results"]:
                run.line(one["line"]).samples[one["measure"], one["contestant"]] = one["samples"]
            for one in content["missing"]:
                run.line(one["line"]).missing[one["measure"], one["contestant"]] = one["why"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise BenchmarkError(f"{file} is not the file of a run: {error}") from error
        run.lines = {name: run.lines[name] for name in LINES if name in run.lines}
        return run

    def line(self, name: str) -> Results:
        """Return the results of a line, which begin empty."""
        return self.lines.setdefault(name, Results())
