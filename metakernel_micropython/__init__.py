"""The MicroPython kernel for Jupyter: cells run on a MicroPython board."""

__version__ = "0.1.0"
