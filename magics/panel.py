"""%panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metakernel_micropython.kernel import MicroPythonKernel
from metakernel_micropython.magic import BoardMagic, Namespace

if TYPE_CHECKING:
    from metakernel_micropython.display.panel import Panel


class PanelMagic(BoardMagic):
    """Shows the pins and parts of the virtual board."""

    kernel: MicroPythonKernel
    group = "Virtual board"
    on_several = False
    alone = "it shows the parts of the board that cells run on. %use NAME chooses it; %parts lists those of several."

    def __init__(self, kernel: Any) -> None:
        super().__init__(kernel)
        self._panel: Panel | None = None

    def line_panel(self, _args: Namespace) -> None:
        """%panel - look at the virtual board's pins and parts, and press its buttons, while cells run.

        Lamps shine as bright as PWM makes them, displays show their pixels, and what people set has a button or a
        slider. With ipywidgets (pip install "metakernel-micropython[widgets]") it can be pressed; without them it is a
        picture, and %set does the same. A console shows it once, as text. Only the last %panel is live.

        Examples:
          %attach led 15
          %panel
        """
        from metakernel_micropython.display.panel import Panel, available

        if self._panel is not None:
            self._panel.close()
        self._panel = Panel(self.kernel, self.kernel.boards.parts)
        self._panel.show()
        if not available() and not self.kernel.in_console:
            self.kernel.Print(
                'To press buttons in it: !pip install "metakernel-micropython[widgets]", restart the kernel.'
            )


def register_magics(kernel: MicroPythonKernel) -> None:
    """Add the magic to the kernel."""
    kernel.register_magics(PanelMagic)
