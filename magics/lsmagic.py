"""%lsmagic."""

from __future__ import annotations

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace, argument, arguments

BUILT_IN = "metakernel_micropython.magics"


class LsmagicMagic(BoardMagic):
    """Lists the commands."""

    kernel: MicroPythonKernel
    group = "Help"
    on_several = False
    alone = "it is about this notebook. Run it in a cell of its own."

    @arguments(argument("-v", "--verbose", action="store_true", help="also say where magics are looked for"))
    def line_lsmagic(self, args: Namespace) -> None:
        """%lsmagic [-v] - list the commands, one line each; %NAME? explains one.

        Examples:
          %lsmagic
          %lsmagic -v
        """
        groups: dict[str, dict[str, str]] = {BEGIN: {}}
        tables = (("%", "line", self.kernel.line_magics), ("%%", "cell", self.kernel.cell_magics))
        for prefix, mtype, table in tables:
            for name, magic in table.items():
                first = magic.get_help(mtype, name).strip().partition("\n")[0]
                summary = first.partition(" - ")[2] or first
                if same := getattr(magic, "same_as", {}).get(prefix + name):
                    summary += f" (the same as {same})"
                group = BEGIN if prefix + name in _BEGIN else _group(magic)
                groups.setdefault(group, {})[prefix + name] = summary
        width = max(len(name) for entries in groups.values() for name in entries)
        lines = []
        for group in sorted(groups, key=_order):
            lines += [
                group,
                *(f"  {name:{width}}  {groups[group][name]}" for name in sorted(groups[group], key=_place)),
            ]
            if group == BEGIN:
                lines += [f"  {typed:{width}}  {what}" for typed, what in _QUESTIONS.items()]
        lines.append("  " + "!COMMAND".ljust(width) + "  run a command in the host's shell")
        problems = self.kernel.magic_load_errors
        if args.verbose:
            lines += ["Magics of your own are looked for in", *(f"  {path}" for path in self.kernel.magic_search_paths)]
        if args.verbose or problems:
            lines.append("Could not be loaded" + ("" if problems else ": none"))
            lines += [f"  {where}: {problem}" for where, problem in problems]
        self.kernel.Print("\n".join(lines))


BEGIN = "To begin with"
"""The heading of what a beginner needs; it comes first."""

_BEGIN = ("%connect", "%boards", "%info", "%ls", "%upload", "%run", "%reboot", "%lsmagic")
"""The commands below it, in the order in which a beginner meets them; they are not listed a second time."""

_QUESTIONS = {
    "%NAME?": "explain a command, with examples: %connect?",
    "NAME?": "ask the board about a name: machine.Pin?",
}

_GROUPS = (BEGIN, "Board", "Files", "Line", "Help", "Notebook and host")


def _group(magic: object) -> str:
    module = type(magic).__module__
    if module.startswith("metakernel.magics"):
        return "Notebook and host"
    return str(getattr(magic, "group", "")) or ("Help" if module.startswith(BUILT_IN) else "Your own")


def _order(group: str) -> tuple[int, str]:
    last = len(_GROUPS) - 1  # groups of people's own come before it
    return (_GROUPS.index(group) if group in _GROUPS[:last] else last + (group in _GROUPS), group)


def _place(name: str) -> tuple[int, str]:
    return (_BEGIN.index(name) if name in _BEGIN else len(_BEGIN), name)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(LsmagicMagic)
