"""Figures: all names of lines are seen, however many and long they are."""

from __future__ import annotations

import pytest

from metakernel_micropython.plotting import figure
from metakernel_micropython.plotting.figure import Options, Painter
from metakernel_micropython.plotting.table import Table


@pytest.mark.parametrize(
    "names",
    [
        ("sine", "cosine"),
        tuple(f"desk{number}.{what}" for number in range(3) for what in ("light", "temp")),
        tuple(f"desk{number}.{what}" for number in range(8) for what in ("temperature", "humidity")),
        ("a" * 200, "b"),
    ],
)
def test_the_names_stand_above_the_axes_within_the_figure(names: tuple[str, ...]) -> None:
    pytest.importorskip("matplotlib")
    table = Table()
    for second in range(3):
        table.add(second, dict.fromkeys(names, float(second)))
    painter = Painter(Options())
    painter.png(table)
    (panel,) = painter._panels
    legend = panel.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == list(names)
    box, axes, page = (one.get_window_extent() for one in (legend, panel, panel.figure))
    assert box.y0 >= axes.y1 - 1
    assert box.y1 <= page.y1
    if max(map(len, names)) < figure.LEGEND_WIDTH:
        assert box.x1 <= page.x1
