"""The product's deadlines made short, so that waiting for them in two thousand runs takes minutes and not days."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

SHORT = {
    "transports.options": {"ATTACH_TIMEOUT": 1.2},
    "board.protocol.patience": {"ANSWER_TIMEOUT": 0.6, "INTERRUPT_GRACE": 0.5, "SECOND_INTERRUPT_GRACE": 0.2}
    | {"RESET_SILENCE": 0.6, "RESET_LIMIT": 2.0},
    "board.protocol.prompt_session": {
        "ATTACH_TIMEOUT": 1.2,
        "ATTACH_INTERVALS": (0.2, 0.2, 0.2, 0.1),
        "FAREWELL_TIMEOUT": 0.3,
    },
    "board.board": {"REQUEST_TIMEOUT": 0.6, "PROBE_TIMEOUT": 0.6, "ATTACH_TIMEOUT": 1.2},
    "board.files.helper_programs": {"PATIENCE": 0.6, "SLOW_STEP": 0.6, "DIGEST_SPEED": 200_000},
    "board.files.file_server": {"SLOW_STEP": 0.5, "ANSWER_PATIENCE": 2.0, "PIECE_PATIENCE": 1.0},
    "board.value_transfer": {"PATIENCE": 0.6},
    "assist.completion": {"TIMEOUT": 0.5},
}
"""Seconds, for the same reasons as the real ones, by module."""


def shorten(patch: pytest.MonkeyPatch, factor: float = 1.0) -> None:
    """Put the short deadlines in the place of the real ones, also where those are the default of an argument."""
    for name, values in SHORT.items():
        module = import_module(f"metakernel_micropython.{name}")
        for constant, short in values.items():
            if not hasattr(module, constant):
                continue
            real = getattr(module, constant)
            scaled = tuple(one * factor for one in short) if isinstance(short, tuple) else short * factor
            patch.setattr(module, constant, scaled)
            for function in _functions(module):
                _replace_default(patch, function, real, scaled)


def _functions(module: Any) -> list[Any]:
    found = []
    for _, thing in inspect.getmembers(module):
        if getattr(thing, "__module__", "") != module.__name__:
            continue
        members = vars(thing).values() if inspect.isclass(thing) else [thing]
        found += [member.__func__ if isinstance(member, (classmethod, staticmethod)) else member for member in members]
    return [one for one in found if inspect.isfunction(one)]


def _replace_default(patch: pytest.MonkeyPatch, function: Any, real: object, short: object) -> None:
    for attribute in ("__defaults__", "__kwdefaults__"):
        defaults = getattr(function, attribute)
        if isinstance(defaults, tuple):
            patch.setattr(function, attribute, tuple(short if one is real else one for one in defaults))
        elif defaults:
            patch.setattr(function, attribute, {k: short if v is real else v for k, v in defaults.items()})
