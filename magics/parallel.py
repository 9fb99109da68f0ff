"""%parallel, %px and %%px, with MetaKernel's names; outputs and errors come back."""

from __future__ import annotations

import re
from typing import Any

from metakernel_micropython.fleet import engine_kernels
from metakernel_micropython.fleet.client import cluster
from metakernel_micropython.fleet.labels import Labels
from metakernel_micropython.fleet.stops import Stops
from metakernel_micropython.interrupts import HeldInterrupts
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import (
    BoardMagic,
    ExceptionWrapper,
    MagicError,
    Namespace,
    argument,
    arguments,
)


class ParallelMagic(BoardMagic):
    """Kernels in the engines of an ipyparallel cluster."""

    kernel: MicroPythonKernel
    group = "Several boards"
    on_several = False
    alone = "it is about boards of other computers. Run it in a cell of its own."
    _client: Any = None
    _engines: tuple[int, ...] = ()
    _kernel_name = "default"

    @arguments(
        argument("module", help="the module of the kernel's class"),
        argument("kind", metavar="CLASS", help="the class of the kernel"),
        argument("-k", "--kernel_name", default="default", help="a name for these kernels"),
        argument("-i", "--ids", default="", help="the engines, as in [0,2] or [1:3] (default: all)"),
        argument("--profile", help="the cluster's profile (default: ipcluster's own)"),
    )
    def line_parallel(self, args: Namespace) -> None:
        """%parallel MODULE CLASS [-k NAME] [-i IDS] - make a kernel in each engine of the running cluster.

        The kernels have no board: ``%px %connect ADDRESS`` connects each to one of its host. Where a kernel can set
        variables without a board, ``cluster_size`` and ``cluster_rank`` are set.

        Examples:
          %parallel metakernel_micropython MicroPythonKernel
          %px %connect virtual
          %px 6 * 7
        """
        if self._client is not None:
            self._client.close()
        self._client = cluster(args.profile)
        self._engines = _chosen(args.ids, tuple(self._client.ids))
        size = len(self._engines)
        environment = dict(self.kernel.env)
        started = self._each(
            lambda number: (
                engine_kernels.start_kernel,
                args.kernel_name,
                args.module,
                args.kind,
                environment,
                {"cluster_size": size, "cluster_rank": self._engines.index(number)},
            )
        )
        for number, reply in started.items():
            if reply is not None:
                raise MagicError(f"{args.kind} of {args.module} does not start in engine {number}: {reply[1]}")
        self._kernel_name = args.kernel_name
        self.kernel.Print(f"{args.kind} runs in {size} engines: {', '.join(map(str, self._engines))}")

    @arguments(
        argument("code", nargs="*", help="what each kernel runs"),
        argument("-k", "--kernel_name", default="", help="the kernels' name"),
    )
    def line_px(self, args: Namespace) -> None:
        """%px [-k NAME] CODE - run a line, which may be a magic, in the kernels of the cluster at the same time.

        Examples:
          %px %connect virtual
          %px print('hello')
        """
        self._px(args.kernel_name, " ".join(args.code))

    @arguments(argument("-k", "--kernel_name", default="", help="the kernels' name"))
    def cell_px(self, args: Namespace) -> None:
        """%%px [-k NAME] - run the cell in the kernels of the cluster at the same time.

        What they print comes while they run, with the engine's number in front. The cell fails when it failed in one.

        Example:
          %%px
          import sys
          print(sys.platform)
        """
        self.evaluate = False
        self._px(args.kernel_name, self.code)

    def split(self, text: str) -> list[str]:
        """Take everything behind the options of %px as code, with its quotes and spaces."""
        option = re.match(r"\s*(?:(?:-k|--kernel_name)[ =](\S+)\s)?(.*)", text, re.DOTALL)
        assert option is not None
        if (self.this_run.mtype, self.this_run.name) == ("line", "px") and not text.strip().startswith("--help"):
            return [*(["-k", option[1]] if option[1] else []), "--", option[2].strip()]
        return super().split(text)

    def _px(self, name: str, code: str) -> None:
        if self._client is None:
            raise MagicError("There are no kernels in a cluster yet: %parallel MODULE CLASS makes them.")
        failed = {
            number: reply
            for number, reply in self._each(lambda _: (engine_kernels.execute, name or self._kernel_name, code)).items()
            if reply is not None
        }
        if failed:
            lines = [line for number, reply in failed.items() for line in (f"[{number}]", *reply[2])]
            ename, evalue, _ = next(iter(failed.values()))
            if len(failed) > 1:
                evalue += f" (in {len(failed)} of {len(self._engines)} engines)"
            self.fail(ExceptionWrapper(ename, evalue, lines))

    def _each(self, call: Any) -> dict[int, Any]:
        """Call a function in every engine, show what it prints meanwhile, and return the answers."""
        labels = Labels(self.kernel.Write)
        there = [number for number in self._engines if number in self._client.ids]
        lost = "this engine ended: run %parallel again"
        answers: dict[int, Any] = {
            number: ("EngineLost", lost, [lost]) for number in self._engines if number not in there
        }
        running: dict[int, Any] = {}
        stops = Stops(self._client)
        try:
            with HeldInterrupts():  # or one would have got its cell without our knowing
                for number in there:
                    running[number] = self._client[number].apply_async(*call(number))
        except KeyboardInterrupt:
            stops.press(running)
        told = dict.fromkeys(running, (0, 0))
        while running:
            try:
                for number, result in list(running.items()):
                    result.wait(0.05)
                    if done := result.ready():
                        result.wait_for_output(10)
                    out, err = result.stdout, result.stderr
                    labels(str(number), out[told[number][0] :] + err[told[number][1] :])
                    told[number] = len(out), len(err)
                    if done:
                        del running[number]
                        try:
                            answers[number] = result.get()
                        except Exception as error:  # of the engine, not of the code
                            answers[number] = (type(error).__name__, str(error), [f"{error}"])
                    else:
                        stops.look(number, result)
            except KeyboardInterrupt:
                if stops.pressed:
                    raise
                stops.press(running)
        labels.flush()
        return answers


def _chosen(ids: str, there: tuple[int, ...]) -> tuple[int, ...]:
    """Return the engines that ``[0,2:5]`` and its like mean."""
    if not ids:
        return there
    chosen: dict[int, None] = {}
    for part in ids.strip("[] ").split(","):
        first, colon, rest = part.strip().partition(":")
        if not re.fullmatch(r"\d*(:\d*)?", part.strip()) or not (first or colon):
            raise MagicError(f"-i {ids} is not a list of engines: write it as in [0,2] or [1:3].")
        picked = there[slice(int(first or 0), int(rest) if rest else None)] if colon else (int(first),)
        chosen.update(dict.fromkeys(picked))
    if missing := [number for number in chosen if number not in there]:
        raise MagicError(f"There is no engine {missing[0]}; there are {', '.join(map(str, there))}.")
    return tuple(chosen)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(ParallelMagic)
