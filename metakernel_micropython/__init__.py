"""The MicroPython kernel for Jupyter: cells run on a MicroPython board."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # ipyparallel's engines and MetaKernel look for the kernel here; scripts with a board need no Jupyter.
    if name == "MicroPythonKernel":
        from .kernel import MicroPythonKernel

        return MicroPythonKernel
    if name in ("load_ipython_extension", "unload_ipython_extension"):  # %load_ext in IPython's own kernel
        from . import ipython_extension

        return getattr(ipython_extension, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
