"""What the bench has counted, at the end of a run."""

from __future__ import annotations

from collections import Counter
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    noted = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in getattr(report, "user_properties", ())
        if name == "fault"
    ]
    if noted:
        terminalreporter.section("faults")
        terminalreporter.write(table(noted))


def table(noted: list[dict[str, Any]]) -> str:
    """Return the counts as the tables of RELIABILITY.md."""
    lines = []
    for title, keys in (("what was done", _scenario), ("what happened", _kinds)):
        rows: dict[str, Counter[str]] = {}
        for one in noted:
            for key in keys(one):
                rows.setdefault(key, Counter())[_ended(one["ended"])] += 1
        lines += [f"| {title} | runs | success | clear error | violated |", "|-|-|-|-|-|"]
        for key, counts in sorted(rows.items()):
            lines.append(
                f"| {key} | {counts.total()} | {counts['success']} | {counts['error']} | {counts['violation']} |"
            )
        lines.append("")
    counts = Counter(_ended(one["ended"]) for one in noted)
    errors = Counter(one["ended"] for one in noted if _ended(one["ended"]) == "error")
    struck = sum(bool(one["kinds"]) for one in noted)
    lines.append(
        f"{len(noted)} runs, {struck} of them with a fault that struck: {counts['success']} successes, "
        f"{counts['error']} clear errors, {counts['violation']} violations."
    )
    clean = sum(not one["damaging"] for one in noted)
    lines.append(f"In {clean} of them the plan damages no byte.")
    forged = sum(one["forged"] for one in noted)
    lines.append(f"In {forged} of them the line made, or repeated, the byte that begins and ends programs.")
    lines.append("Errors: " + ", ".join(f"{name} {count}" for name, count in errors.most_common()) + ".")
    return "\n".join(lines) + "\n"


def _ended(how: str) -> str:
    return {"success": "success", "VIOLATION": "violation"}.get(how, "error")


def _scenario(one: dict[str, Any]) -> list[str]:
    where = {"kernel": " in the kernel", "microbit": " on a micro:bit"}.get(one["where"], "")
    return [one["scenario"] + where]


def _kinds(one: dict[str, Any]) -> list[str]:
    return one["kinds"] or ["nothing, because it came too late"]
