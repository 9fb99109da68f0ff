"""Values of settings and options, as people type them and as they are told."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from metakernel_micropython.virtual.parts.part import Slider, Switch
from metakernel_micropython.virtual.parts.problem import PartProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metakernel_micropython.virtual.parts.part import Option

ON, OFF = ("on", "true", "yes", "1", "high"), ("off", "false", "no", "0", "low")
"""Words that every switch takes, beside its own."""

_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)", re.DOTALL)


def number(value: object, unit: str = "") -> float | None:
    """Return a number that somebody typed, also with its unit behind it; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        if not match or match[2].strip() not in ("", unit):
            return None
        value = float(match[1])
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def switched(value: object, switch: Switch | None) -> bool | None:
    """Return whether a word means on; None where it means nothing.

    Args:
        value: a word, 0, 1, or a bool.
        switch: whose words are known beside `ON` and `OFF`, and before them.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    for on, off in ((switch.on, switch.off) if switch else ((), ()), (ON, OFF)):
        if word in on:
            return True
        if word in off:
            return False
    return None


def setting_value(name: str, setting: Slider | Switch, value: object) -> bool | float:
    """Return a setting's value as the part has it.

    Args:
        name: of part and setting, for the message.
        setting: what it is.
        value: what was typed.

    Raises:
        PartProblem: it is none.
    """
    if isinstance(setting, Switch):
        position = switched(value, setting)
        if position is None:
            raise PartProblem(f"{name} takes {describe(setting)}, not {_shown(value)}.")
        return position
    found = number(value, setting.unit)
    if found is None:
        raise PartProblem(f"{name} takes a number, {describe(setting)}, not {_shown(value)}.")
    if not setting.low <= found <= setting.high:
        raise PartProblem(f"{name} goes from {describe(setting)}: {found:g} is not in it.")
    return found


def describe(setting: Slider | Switch) -> str:
    """Say in a few words what a setting takes."""
    if isinstance(setting, Switch):
        return f"{setting.on[0]} or {setting.off[0]}"
    return f"{setting.low:g} to {setting.high:g}" + (f" {setting.unit}" if setting.unit else "")


def option_value(part: str, name: str, option: Option, value: object) -> int | float | str:
    """Return the value of an option.

    Raises:
        PartProblem: it is none.
    """
    text = str(value).strip()
    try:
        found: int | float | str = text
        if isinstance(option.default, int):
            found = int(text, 0)
        elif isinstance(option.default, float):
            found = float(text)
    except ValueError:
        raise PartProblem(f"--{name} of {part} takes a number, not {_shown(value)} ({option.help}).") from None
    if option.choices and str(found) not in option.choices:
        raise PartProblem(f"--{name} of {part} is {' or '.join(option.choices)}, not {_shown(value)}.")
    return found


def told(value: object, switch: Switch | None = None) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, bool):
        on, off = (switch.on[0], switch.off[0]) if switch else ("on", "off")
        return on if value else off
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain_settings(
    settings: Mapping[str, Slider | Switch], values: Mapping[str, bool | float] | None = None
) -> dict[str, Any]:
    """Return settings as plain data, with their values where there are some, else with the first ones."""
    plain: dict[str, Any] = {}
    for name, setting in settings.items():
        value = setting.default if values is None else values[name]
        if isinstance(setting, Switch):
            plain[name] = {"type": "switch", "on": list(setting.on), "off": list(setting.off), "value": bool(value)}
        else:
            ends = {"low": setting.low, "high": setting.high, "step": setting.step, "unit": setting.unit}
            plain[name] = {"type": "slider", **ends, "value": value}
    return plain


def _shown(value: object) -> str:
    return repr(value)[:100]
