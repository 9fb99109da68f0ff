"""%fleet and %%fleet."""

from __future__ import annotations

from metakernel_micropython.fleet.client import Fleet, cluster
from metakernel_micropython.fleet.fleet_cell import fleet_of, run_cell
from metakernel_micropython.fleet.listing import listing, notebook_of
from metakernel_micropython.host.paths import counted
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments
from metakernel_micropython.sessions.labelled_output import grouped
from metakernel_micropython.sessions.several_magics import with_followers


class FleetMagic(BoardMagic):
    """Boards on many machines, through ipyparallel."""

    kernel: MicroPythonKernel
    group = "Several boards"
    on_several = False
    alone = "it is about boards of other computers. Run it in a cell of its own."
    fleet: Fleet | None = None

    @arguments(
        argument("--profile", help="the cluster's profile (default: ipcluster's own)"),
        argument("--virtual", type=int, default=0, metavar="N", help="N virtual boards for each engine, to try it"),
        argument("--take", action="store_true", help="have other notebooks let go of the boards that they have"),
        argument("--release", action="store_true", help="free this notebook's boards and leave the cluster"),
    )
    def line_fleet(self, args: Namespace) -> None:
        """%fleet [--profile NAME] [--virtual N] [--take] [--release] - connect to a cluster's boards, and list them.

        Every engine of a running ipyparallel cluster connects to the boards of its host; %%fleet runs cells on them.
        The list tells for each board its host, its firmware, its free memory and what it does.

        A board belongs to one notebook at a time. Where another one has it, the list names that; --take has it let go.
        Boards of engines that join later are connected by the next cell.

        Start a cluster first, as in: ipcluster start -n 4

        Examples:
          %fleet
          %fleet --virtual 2
        """
        if args.release:
            self._leave()
            return
        if args.virtual < 0:
            raise MagicError(f"--virtual is a number of boards, not {args.virtual}.")
        if self.fleet is None or args.profile:
            found = Fleet(cluster(args.profile), notebook_of(type(self.kernel)))
            self._leave()
            self.fleet = found
            self.kernel.connections.ends_with["fleet"] = self._leave
        fleet = self.fleet
        fleet.virtual = args.virtual or fleet.virtual
        fleet.gather(take=args.take)
        if fleet.members:
            self.kernel.Print(listing(fleet))
        for problem in sorted(set(fleet.problems.values())):
            names = [name for name, told in fleet.problems.items() if told == problem]
            self.kernel.Error(f"{grouped(names)}: {problem}")
        for number in fleet.silent:
            self.kernel.Error(f"engine {number} does not answer: it runs a cell of another notebook, or hangs")
        if not fleet.members:
            engines = counted(len(fleet.client.ids), "engine")
            raise MagicError(
                f"None of the boards of {engines} is connected: see above."
                if fleet.problems
                else f"No board is connected: {engines} looked at the serial ports of the hosts. Plug boards in there, "
                "or use %fleet --virtual 2 for boards without hardware."
            )

    def _leave(self) -> None:
        fleet, self.fleet = self.fleet, None
        if fleet is not None:
            fleet.close()

    @arguments(
        argument("boards", nargs="*", complete=lambda kernel: _names(kernel), help="names, patterns, engine numbers"),
        argument("--once", action="store_true", help="do not run it again where an engine was lost"),
    )
    def cell_fleet(self, args: Namespace) -> None:
        """%%fleet [BOARD ...] [--once] - run the cell on the boards of the fleet at the same time.

        What they print comes while they run, with the board's name in front; equal values and errors of several boards
        are shown once. The cell fails when it failed on one of them; the others are not disturbed. Where an engine is
        lost, another one of its host connects to its boards and the cell runs again on them, from its beginning.

        Magics on top of the cell act on each board, as with %%on. They run on the boards' hosts, which get the files
        that they name (once each, by their digest) and the packages that this computer downloads; what they write comes
        back here. A board shows 1 MiB of text at most, and all boards of a cell 16 MiB together.

        Examples:
          %%fleet
          %%fleet 0 1/ttyACM*
        """
        code, self.evaluate = with_followers(self.kernel.runner, self.code, "%%fleet"), False
        run_cell(self.kernel, self.kernel.runner, code, args.boards, retry=not args.once)


def _names(kernel: MicroPythonKernel) -> list[str]:
    fleet = fleet_of(kernel)
    return list(fleet.members) if fleet is not None else []


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(FleetMagic)
