"""Syncing, and what it shows: what would be done, a bar, what was done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..board.files.folder_sync import BY_HAND, Done, Plan, carry_out
from ..board.files.folders import join
from .paths import counted, shown
from .transfer import Transfer, named

if TYPE_CHECKING:
    from collections.abc import Iterator


def why_kept(reason: str) -> str:
    """Return a reason to keep a file, with what to do where only a person removes such a file."""
    return f"{reason}; %rm removes it" if reason in BY_HAND else reason


class SyncTransfer(Transfer):
    """Carries plans out for one magic."""

    def show(self, plan: Plan) -> None:
        """Say what would be done."""
        for name, data in plan.send.items():
            kind = "new" if name in plan.new else "changed"
            self.say(f"send    {shown(join(plan.target, name))} ({counted(len(data), 'byte')}, {kind})")
        for name in plan.folders:
            self.say(f"make    {shown(join(plan.target, name) if name else plan.target)}/")
        for name in plan.delete:
            self.say(f"delete  {shown(join(plan.target, name))}")
        for name, reason in plan.keep:
            self.say(f"keep    {shown(join(plan.target, name))}: {shown(why_kept(reason))}")

    def carry_out(self, plan: Plan, name: str) -> Done:
        """Do what a plan says.

        Args:
            plan: from ``sync.prepare``.
            name: what stands at the bar until the first file does.
        """
        done = Done()
        with self._told(plan, done), self.bar(name) as bar:
            carry_out(self._files, plan, named(bar), done)
        self.tell_stale(join(plan.target, name) for name in plan.send if name not in plan.new)
        return done

    def summary(self, plan: Plan, done: Done, *, dry: bool = False) -> str:
        """Return ``2 files sent (340 bytes), 28 unchanged, 1 deleted, SHA-256 verified``."""
        sent, size = (len(plan.send), plan.size) if dry else (done.sent, done.size)
        deleted = len(plan.delete) if dry else done.deleted
        parts = [
            f"{counted(sent, 'file')} {'to send' if dry else 'sent'} ({counted(size, 'byte')})",
            f"{plan.unchanged} unchanged",
        ]
        if plan.delete:
            parts.append(f"{deleted} {'to delete' if dry else 'deleted'}")
        if done.written:
            parts.append(self.how(done.written))
        return ", ".join(parts)

    @contextmanager
    def _told(self, plan: Plan, done: Done) -> Iterator[None]:
        """Where it fails or is stopped, say how far it came."""
        try:
            yield
        except BaseException:
            left = f"{done.sent} of {counted(len(plan.send), 'file')} were sent"
            if plan.delete:
                left += f" and {done.deleted} of {len(plan.delete)} deleted"
            self._front_end.Error(f"{left} before that; the rest is as it was.")
            raise
