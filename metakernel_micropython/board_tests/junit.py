"""Results as JUnit XML, which CI servers and editors read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ..board.files import host_files
from .report import problem_lines
from .results import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .results import Result
    from .run import Run

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for (https://www.w3.org/TR/xml/#charsets)."""


NAME = "metakernel_micropython"
"""What the suite of one board is called."""


def write(target: Path, runs: Mapping[str, Run], cell: str) -> None:
    """Write the results of runs to a file, in one step.

    Args:
        target: the file.
        runs: what is written, each under its name: a board's, where there are several.
        cell: what stands for the file where the tests are a cell's.

    Raises:
        HostFileProblem: it cannot be written.
    """
    host_files.replace(target, as_xml(runs, cell))


def as_xml(runs: Mapping[str, Run], cell: str) -> bytes:
    """Return the results of runs as JUnit XML, each as a suite."""
    root = ElementTree.Element("testsuites")
    for name, run in runs.items():
        _add_suite(root, name, run, cell)
    xml: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _add_suite(root: ElementTree.Element, name: str, run: Run, cell: str) -> None:
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(run.results) + len(run.not_run)),
        failures=str(run.count(Outcome.FAILED)),
        errors=str(run.count(Outcome.ERROR)),
        skipped=str(run.count(Outcome.SKIPPED) + len(run.not_run)),
        time=f"{sum(one.seconds for one in run.results):.3f}",
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    for result in run.results:
        _add(suite, result, cell)
    for waiting in run.not_run:
        case = ElementTree.SubElement(suite, "testcase", classname=_text(cell), name=_text(waiting), time="0.000")
        ElementTree.SubElement(case, "skipped", message="not run")


def _add(suite: ElementTree.Element, result: Result, cell: str) -> None:
    path = result.path or cell
    owner, _, name = result.title.rpartition(".")
    module = re.sub(r"\.py$", "", path).replace("/", ".").strip(".")
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_text(f"{module}.{owner}" if owner else module),
        name=_text(name),
        file=_text(path),
        line=str(result.line),
        time=f"{result.seconds:.3f}",
    )
    if result.outcome is Outcome.SKIPPED:
        ElementTree.SubElement(case, "skipped", message=_text(result.reason))
    for problem in result.problems:
        tag = "failure" if result.outcome is Outcome.FAILED else "error"
        lines = problem_lines(problem)
        told = ElementTree.SubElement(case, tag, message=_text(problem.message), type=_text(problem.name or "error"))
        told.text = _text("\n".join(lines))
    if result.output:
        ElementTree.SubElement(case, "system-out").text = _text(result.output)


def _text(text: str) -> str:
    r"""Return a text as XML can hold it: ``\x1b`` and the like in place of what it cannot."""
    return _NO_XML.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), text)
