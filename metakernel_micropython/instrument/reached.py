"""Which statements were reached, where not each of them can have a probe of its own.

``def``, ``class`` and ``try`` have no place for a call in their header. That they were reached follows from others:
from the next statement of the same block, since a definition leads nowhere else; from what is in them; from the block.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ALWAYS = -1
"""In the place of a probe's number: what stands at the top level is reached as the program runs."""


@dataclass
class Reached:
    """A statement as far as it is told whether it was reached.

    Attributes:
        line: where it begins.
        end: where it, or its header, ends.
        function: the function that it is in.
        own: its own probes.
        others: each of them is reached only where this one was.
    """

    line: int
    end: int
    function: str = ""
    own: list[int] = field(default_factory=list)
    others: list[Reached] = field(default_factory=list)

    def proofs(self) -> tuple[int, ...]:
        """Return the probes of which each proves that the statement was reached."""
        found: dict[int, None] = {}
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            found.update(dict.fromkeys(one.own))
            if not one.own:
                waiting += one.others
        return tuple(found)
