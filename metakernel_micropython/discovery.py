"""Where magics come from: MetaKernel's kept ones, the package ``magics``, other packages, the user's own folder.

Later ones win, so that people can replace what is built in. All are imported as proper modules: nothing is added to
``sys.path``. What cannot be loaded is reported and breaks nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metakernel import Magic

from .errors import MagicError
from .magic import StrictMagic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from .front_end import Registrar

ENTRY_POINT_GROUP = "metakernel_micropython.magics"

KEPT = {
    "help": (("help",), ("help",)),
    "html": (("html",), ("html",)),
    "include": (("include",), ()),
    "javascript": (("javascript",), ("javascript",)),
    "latex": (("latex",), ("latex",)),
    "load": (("load",), ()),
    "macro": (("macro",), ("macro",)),
    "magic": (("magic",), ()),
    "reload_magics": (("reload_magics",), ()),
    "show": ((), ("show",)),
}
"""MetaKernel's magics that make sense beside a board: module name, its line magics, its cell magics.

The others are replaced by ones that know the board, or hidden. The names stand here so that a module is imported when
one of its magics is used.
"""


class MagicTable(dict[str, Any]):
    """Magics by name; a value may be a function that makes the magic when it is first wanted."""

    def __getitem__(self, name: str) -> Magic:
        value: Magic | Callable[[], Magic] = super().__getitem__(name)
        if not isinstance(value, Magic):
            self[name] = value = value()
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """Return the magic of that name, or ``default``."""
        return self[name] if name in self else default  # noqa: SIM401 - dict.get does not call __getitem__

    def values(self) -> Iterator[Magic]:  # type: ignore[override]
        """Give every magic."""
        return (self[name] for name in list(self))

    def items(self) -> Iterator[tuple[str, Magic]]:  # type: ignore[override]
        """Give every name with its magic."""
        return ((name, self[name]) for name in list(self))


def load_magics(kernel: Registrar) -> list[tuple[str, str]]:
    """Register all magics with the kernel; return what could not be loaded, with the reason."""
    problems: list[tuple[str, str]] = []
    for module, (lines, cells) in KEPT.items():
        make = _once(kernel, module)
        kernel.line_magics.update(dict.fromkeys(lines, make))
        kernel.cell_magics.update(dict.fromkeys(cells, make))
    for where, load in [*_built_in(), *_from_packages(), *_from_folder(Path(kernel.get_local_magics_dir()))]:
        try:
            _register(kernel, load())
        except Exception as error:  # whatever a plug-in does wrong
            problems.append((where, f"{type(error).__name__}: {error}"))
        except SystemExit as error:
            problems.append((where, f"SystemExit: {error}"))
    return problems


def strict(kind: type[Magic]) -> type[Magic]:
    """Return a magic's class with the errors of ``StrictMagic``, for one that was written for MetaKernel."""
    if issubclass(kind, StrictMagic):
        return kind
    return type(kind.__name__, (StrictMagic, kind), {"__doc__": kind.__doc__, "__module__": kind.__module__})


def _once(kernel: Registrar, module: str) -> Callable[[], Magic]:
    made: list[Magic] = []

    def make() -> Magic:
        if not made:
            loaded = importlib.import_module(f"metakernel.magics.{module}_magic")
            kinds = [kind for _, kind in inspect.getmembers(loaded, _is_magic) if kind.__module__ == loaded.__name__]
            kind = strict(kinds[0])
            made.append((_told_macro(kind) if module == "macro" else kind)(kernel))  # type: ignore[arg-type]
        return made[0]

    return make


def _told_macro(kind: Any) -> type[Magic]:
    """Return MetaKernel's %macro with a name that it does not know as an error of the cell."""

    class MacroMagic(kind):  # type: ignore[misc]
        __doc__ = kind.__doc__
        __module__ = kind.__module__

        def _list_macros(self, name: str = "all", retval: str = "", error: bool = False) -> None:
            if error:
                raise MagicError(f"{retval.strip()}. %macro -l lists those that there are.")
            super()._list_macros(name, retval)

    return MacroMagic


def _is_magic(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, Magic)


def _register(kernel: Registrar, plug_in: Any) -> None:
    """Register a magic's class, or a module that has ``register_magics(kernel)``."""
    if _is_magic(plug_in):
        kernel.register_magics(plug_in)
    elif callable(getattr(plug_in, "register_magics", None)):
        plug_in.register_magics(kernel)
    else:
        raise TypeError("it is neither a Magic class nor a module with register_magics(kernel)")


def _built_in() -> Iterator[tuple[str, Callable[[], ModuleType]]]:
    package = importlib.import_module(f"{__package__}.magics")
    for found in pkgutil.iter_modules(package.__path__):
        name = f"{package.__name__}.{found.name}"
        yield name, lambda name=name: importlib.import_module(name)  # type: ignore[misc]


def _from_packages() -> Iterator[tuple[str, Callable[[], Any]]]:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        yield f"{point.value} (entry point {point.name})", point.load


def _from_folder(folder: Path) -> Iterator[tuple[str, Callable[[], ModuleType]]]:
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield str(path), lambda path=path: _import_file(path)  # type: ignore[misc]


def _import_file(path: Path) -> ModuleType:
    # A name of its own: a file called json.py must not be found where somebody imports json.
    name = f"{__package__}.user_magics.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
