"""What goes wrong with parts, in words for people."""

from __future__ import annotations


class PartProblem(Exception):
    """Something about a part does not work; the text says what, and what to do.

    Args:
        text: sentences.
        advice: the name of one of ``errors.Advice``, where what to do is said in one way in a script and in another in
            a notebook.
    """

    def __init__(self, text: str, advice: str = "") -> None:
        super().__init__(text)
        self.advice = advice
