"""%parts, %attach and %detach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metakernel_micropython.assist import part_names
from metakernel_micropython.display.html import html_rows, text_rows
from metakernel_micropython.display.parts_picture import pins_of, state_of
from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, MagicError, Namespace, argument, arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from metakernel_micropython.board.part_data import Kind, PartDescription


class PartsMagic(BoardMagic):
    """Lists, attaches and detaches what is on the virtual board's pins."""

    kernel: MicroPythonKernel
    group = "Virtual board"

    @arguments(
        argument(
            "kind",
            nargs="?",
            default="",
            complete=lambda kernel: [kind.kind for kind in part_names.kinds(kernel)],
            help="a kind of part, to see what it takes",
        )
    )
    def line_parts(self, args: Namespace) -> None:
        """%parts [KIND] - list what is attached to the virtual board, and what can be.

        %panel shows the parts, %set sets what they measure, %expect waits for what they do.

        Examples:
          %parts
          %parts bmp280
        """
        parts = self.kernel.boards.parts
        if args.kind:
            self._describe(args.kind)
            return
        if found := parts.all():
            self._table(("name", "kind", "pins", "state"), [_row(part) for part in found])
        else:
            self.kernel.Print("Nothing is attached to the pins yet.\n")
        rows = [(kind.kind, _usage(kind), kind.error or kind.summary) for kind in parts.kinds()]
        self._table(("kind", "attach it with", "what it is"), rows)

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.kernel.present(text_rows(head, rows) + "\n", html_rows(head, rows))

    def _describe(self, wanted: str) -> None:
        kind = next((one for one in self.kernel.boards.parts.kinds() if one.kind == wanted), None)
        if kind is None:
            raise MagicError(f"There is no part called {wanted}: %parts lists them.")
        self.kernel.Print(f"{kind.kind}: {kind.error or kind.summary}\n\n  {_usage(kind)}\n")
        rows = [
            (f"--{name}", f"{option['help']} (default: {option['default']})") for name, option in kind.options.items()
        ]
        for name, setting in kind.settings.items():
            if setting["type"] == "switch":
                takes = f"{setting['on'][0]} or {setting['off'][0]}"
            else:
                takes = f"{setting['low']:g} to {setting['high']:g} {setting['unit']}".rstrip()
            rows.append((f"%set {kind.kind}.{name}", takes))
        if rows:
            width = max(len(name) for name, _ in rows)
            self.kernel.Print("\n".join(f"  {name:{width}}  {told}" for name, told in rows))

    def split(self, text: str) -> list[str]:
        """Split the text; what begins with two dashes behind %attach is the part's, unless it asks for help."""
        words = super().split(text)
        attaching = self.this_run.name == "attach" and not {"--help", "-h"} & set(words)
        return ["--", *words] if attaching else words

    @arguments(
        argument("kind", metavar="KIND", help="what to attach, such as led; %%parts lists what there is"),
        argument("words", nargs="*", metavar="PIN", help="the numbers or names of its pins, and options with a value"),
    )
    def line_attach(self, args: Namespace) -> None:
        """%attach KIND [PIN...] [--name NAME] [--OPTION VALUE] - attach a part to the virtual board's pins.

        It stays through resets until %detach. %parts KIND tells which pins and options a part takes. Its name is that
        of its kind with a number (led1) unless --name gives another.

        Examples:
          %attach led 15
          %attach button 14 --pull up --name start
          %attach ssd1306 --i2c 0 --address 0x3c
        """
        pins, options = _options(args.words)
        part = self.kernel.boards.parts.attach(args.kind, *pins, name=options.pop("name", None), **options)
        where = pins_of({"pins": part.pins})
        self.kernel.Print(f"Attached {part.name}{f' ({where})' if where else ''}: {part.summary}")

    @arguments(
        argument("names", nargs="*", metavar="NAME", complete=part_names.names, help="as %%parts lists it"),
        argument("--all", action="store_true", help="all of them"),
    )
    def line_detach(self, args: Namespace) -> None:
        """%detach NAME... | --all - take parts off the virtual board's pins.

        Examples:
          %detach led1
          %detach --all
        """
        parts = self.kernel.boards.parts
        names = [part.name for part in parts.all()] if args.all else args.names
        if not names and not args.all:
            raise MagicError("%detach: name a part (%parts lists them), or say --all.")
        for name in names:
            parts.detach(name)
        self.kernel.Print(f"Detached {', '.join(names)}" if names else "Nothing was attached.")

    def complete_arguments(self, mtype: str, name: str, before: str) -> list[str]:
        """Return the words that can stand at the cursor; of %attach what the kind takes."""
        if name != "attach":
            return super().complete_arguments(mtype, name, before)
        *earlier, word = before.split(" ")
        earlier = [one for one in earlier if one]
        return sorted(one for one in self._attachable(earlier) if one.startswith(word))

    def _attachable(self, earlier: list[str]) -> Iterable[str]:
        kinds = {kind.kind: kind for kind in part_names.kinds(self.kernel)}
        if not earlier:
            return kinds
        options: dict[str, Any] = kinds[earlier[0]].options if earlier[0] in kinds else {}
        if earlier[-1].startswith("--"):
            return [str(choice) for choice in options.get(earlier[-1][2:], {}).get("choices", ())]
        return ["--name", *(f"--{name}" for name in options)]


def _options(words: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Return the pins and the options of ``15 --color red``."""
    pins: list[str] = []
    options: dict[str, Any] = {}
    left = iter(words)
    for word in left:
        if not word.startswith("--"):
            pins.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        if not equals:
            value = next(left, "")
            if not value or value.startswith("--"):
                raise MagicError(f"%attach: {word} needs a value behind it.")
        options[name.replace("-", "_")] = value
    return pins, options


def _row(part: PartDescription) -> tuple[str, str, str, str]:
    return part.name, part.kind, pins_of({"pins": part.pins}), state_of({"state": part.state})


def _usage(kind: Kind) -> str:
    pins = "".join(f" {terminal.upper()}" for terminal in kind.terminals)
    options = "".join(f" [--{name} {_default(name, option)}]" for name, option in kind.options.items())
    return f"%attach {kind.kind}{pins}{options}"


def _default(name: str, option: dict[str, Any]) -> str:
    value = option["default"]
    return f"{value:#x}" if name == "address" else str(value)


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(PartsMagic)
