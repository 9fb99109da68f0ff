"""Parameters of papermill, in notebooks that name the language ``micropython``, as older kernels for boards had it.

papermill looks for a translator by the kernel's name, then by ``language_info.name``. It has no plug-in point for
translators, but one for engines (the entry points ``papermill.engine``), and loads all of these when it is imported:
whoever loads the engine here has the translator registered. The engine itself is papermill's own.
"""

from __future__ import annotations


def __getattr__(name: str) -> object:
    # Nothing of papermill is imported before: it loads this module in the middle of its own import.
    if name != "Engine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from papermill.engines import NBClientEngine
    from papermill.translators import PythonTranslator, papermill_translators

    # What it writes (numbers, strings with escapes, float('nan'), lists, dictionaries) means the same to MicroPython.
    papermill_translators.register("micropython", PythonTranslator)
    engine: object = NBClientEngine
    return engine
