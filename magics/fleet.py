"""%fleet and %%fleet."""

from __future__ import annotations

from metakernel_micropython.fleet.client import Fleet, cluster
from metakernel_micropython.fleet.fleet_cell import fleet_of, run_cell
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments


class FleetMagic(BoardMagic):
    """Boards on many machines, through ipyparallel."""

    kernel: MicroPythonKernel
    group = "Several boards"
    on_several = False
    fleet: Fleet | None = None
    virtual = 0

    @arguments(
        argument("--profile", help="the cluster's profile (default: ipcluster's own)"),
        argument("--virtual", type=int, default=0, metavar="N", help="N virtual boards for each engine, to try it"),
        argument("--release", action="store_true", help="free the boards and leave the cluster"),
    )
    def line_fleet(self, args: Namespace) -> None:
        """%fleet [--profile NAME] [--virtual N] [--release] - connect to the boards of a cluster, and list them.

        Every engine of a running ipyparallel cluster connects to the boards of its host. ``%%fleet`` runs a cell on
        them.

        Start a cluster first, as in: ipcluster start -n 4

        Examples:
          %fleet
          %fleet --virtual 2
        """
        if args.release:
            self._leave(for_all=True)
            return
        if self.fleet is None or args.profile:
            found = Fleet(cluster(args.profile))
            self._leave()
            self.fleet = found
            self.kernel.connections.ends_with["fleet"] = self._leave
        fleet = self.fleet
        self.virtual = args.virtual or self.virtual
        fleet.gather(self.virtual)
        lines = [f"  {member.name}  {member.banner}" for member in fleet.members.values()]
        engines = len(fleet.client.ids)
        if lines:
            hosts = {member.host for member in fleet.members.values()}
            self.kernel.Print(f"{len(lines)} boards, {engines} engines, hosts: {', '.join(sorted(hosts))}")
            self.kernel.Print("\n".join(lines))
        for name, problem in fleet.problems.items():
            self.kernel.Error(f"  {name}: {problem}")
        if not lines:
            raise MagicError(
                f"No board is connected: {engines} engines look at the serial ports of their hosts. Plug boards in "
                "there, or use %fleet --virtual 2 for boards without hardware."
            )

    def _leave(self, *, for_all: bool = False) -> None:
        fleet, self.fleet, self.virtual = self.fleet, None, 0
        if fleet is not None:
            fleet.close(for_all=for_all)

    @arguments(
        argument("boards", nargs="*", complete=lambda kernel: _names(kernel), help="names, patterns, engine numbers"),
        argument("--once", action="store_true", help="do not run it again where an engine was lost"),
    )
    def cell_fleet(self, args: Namespace) -> None:
        """%%fleet [BOARD ...] [--once] - run the cell on the boards of the fleet at the same time.

        What they print comes while they run, with the board's name in front. The cell fails when it failed on one of
        them; the others are not disturbed. Where an engine is lost, another one of its host connects to its boards and
        the cell runs again on them, from its beginning.

        Examples:
          %%fleet
          %%fleet 0 1/ttyACM*
        """
        if magic := self.kernel.runner.followers.magic:
            raise MagicError(f"{magic} follows one board of this notebook: run the cell without %%fleet.")
        code, self.evaluate = self.code, False
        failed = run_cell(self.kernel, self.kernel.runner, code, args.boards, retry=not args.once)
        if failed is not None:
            self.fail(failed)


def _names(kernel: MicroPythonKernel) -> list[str]:
    fleet = fleet_of(kernel)
    return list(fleet.members) if fleet is not None else []


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(FleetMagic)
