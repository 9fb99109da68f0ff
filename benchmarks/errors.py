"""What can go wrong while measuring, each in one sentence that the table can show."""

from __future__ import annotations


class BenchmarkError(Exception):
    """Something could not be measured; the others go on."""


class CannotError(BenchmarkError):
    """The contestant does not know this one thing; what else it knows can be measured in the same session."""


class LateError(BenchmarkError):
    """A deadline passed."""


class NotInstalledError(BenchmarkError):
    """A contestant's software is not there and could not be installed."""
