"""JupyterLab, as a person sees it. ``make pictures`` has the same tests take the documentation's screenshots."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .lab import Notebook

pytestmark = pytest.mark.timeout(300)  # a busy machine; each wait has a deadline of its own


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, virtual_address: str) -> Iterator[Lab]:
    pictures = os.environ.get("PICTURES")
    made = Lab(tmp_path_factory.mktemp("lab"), Path(pictures) if pictures else None)
    yield made
    made.close()


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    """A new notebook that is connected to the virtual board by its first cell."""
    made = lab.notebook()
    assert made.run(1, "%connect virtual").startswith("Connected to virtual: MicroPython v1.")
    return made


def test_the_launcher_shows_the_kernel_with_its_logo(lab: Lab) -> None:
    card = lab.launcher()
    logo = card.locator("img")
    lab.page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=logo.element_handle())
    assert "/kernelspecs/micropython/logo-svg.svg" in str(logo.get_attribute("src"))
    lab.picture("launcher")


def test_output_arrives_while_the_cell_runs(lab: Lab, notebook: Notebook) -> None:
    assert "42" in notebook.run(2, "6 * 7")
    # The program cannot end before it is told to: what is seen before that was sent while it ran.
    notebook.start(3, "import time\nn = 0\nwhile True:\n    n += 1\n    print('sample', n)\n    time.sleep(0.1)")
    notebook.see(notebook.output(3), text="sample 3")
    notebook.prompt(3, "[*]:")
    notebook.see(notebook.output(3), text="sample 6")
    lab.picture("streaming")

    notebook.button("notebook:interrupt-kernel").click()
    notebook.see(notebook.output(3), text="KeyboardInterrupt")
    notebook.prompt(3, "[3]:")
    assert "True" in notebook.run(4, "n > 5")  # the board kept its variables


def test_tab_completes_and_shift_tab_explains(lab: Lab, notebook: Notebook) -> None:
    notebook.run(2, "import machine, time")
    notebook.write(3, "machine.mem")
    lab.page.keyboard.press("Tab")
    menu = lab.page.locator(".jp-Completer")
    notebook.see(menu)
    names = menu.locator(".jp-Completer-match").all_inner_texts()
    assert {"mem8", "mem16", "mem32"} <= {name.strip() for name in names}, names
    lab.picture("completion")
    lab.page.keyboard.press("Escape")
    notebook.gone(menu)

    lab.page.keyboard.press("Control+a")
    lab.page.keyboard.insert_text("time.sleep_ms")
    lab.page.keyboard.press("Shift+Tab")
    tooltip = lab.page.locator(".jp-Tooltip")
    notebook.see(tooltip, text="sleep_ms(ms")  # the stubs' signature and text
    notebook.see(tooltip, text="milliseconds")
    lab.picture("tooltip")


def test_a_question_opens_the_input_box(lab: Lab, notebook: Notebook) -> None:
    notebook.start(2, "name = input('Who is there? ')\nprint('Hello,', name)")
    box = notebook.cell(2).locator("input.jp-Stdin-input")
    notebook.see(box)
    notebook.see(notebook.cell(2).locator(".jp-Stdin-prompt"), text="Who is there?")
    box.fill("Ada")
    lab.picture("question")
    box.press("Enter")
    notebook.see(notebook.output(2), text="Hello, Ada")
    notebook.prompt(2, "[2]:")
    # JupyterLab keeps the question and the answer above what came after.
    assert re.search(r"Who is there\?\s+Ada\s+Hello, Ada", notebook.output(2).inner_text())


def test_a_plot_grows_while_the_cell_runs(lab: Lab, notebook: Notebook) -> None:
    notebook.start(
        2,
        "%%plot\nimport math, time\nn = 0\nwhile True:\n    n += 1\n"
        "    print('sine:', math.sin(n / 10), 'cosine:', math.cos(n / 10))\n    time.sleep(0.03)",
    )
    image = notebook.output(2).locator("img")
    notebook.see(image)
    seen = [str(image.get_attribute("src"))]
    for _ in range(3):
        lab.page.wait_for_function(
            "([output, last]) => (image => image && image.src !== last)(output.querySelector('img'))",
            arg=[notebook.output(2).element_handle(), seen[-1]],
        )
        seen.append(str(image.get_attribute("src")))
    assert len(set(seen)) == len(seen) and all(text.startswith("data:image/png;base64,") for text in seen)
    notebook.prompt(2, "[*]:")
    image.evaluate("image => image.scrollIntoView({block: 'end'})")
    lab.picture("plot")

    notebook.button("notebook:interrupt-kernel").click()
    notebook.prompt(2, "[2]:")
    notebook.see(image)  # one, and it stays
    assert image.evaluate("image => image.complete && image.naturalWidth > 100")


def test_an_upload_shows_its_progress_and_can_be_stopped(lab: Lab, notebook: Notebook) -> None:
    # More than any machine sends before it is stopped.
    (lab.notebooks / "sounds.bin").write_bytes(os.urandom(40_000_000))
    notebook.start(2, "%upload sounds.bin")
    bar = re.compile(r"sounds\.bin:\s+(\d+)%.*B/s")
    notebook.see(notebook.output(2), text=bar)
    notebook.prompt(2, "[*]:")
    # It fills: two states between nothing and all.
    first = _percent(bar, notebook)
    lab.page.wait_for_function(
        "([output, last]) => Number(/(\\d+)%/.exec(output.innerText)?.[1] ?? 0) >= Math.max(last + 1, 5)",
        arg=[notebook.output(2).element_handle(), first],
    )
    assert first < _percent(bar, notebook) < 100
    lab.picture("progress")
    assert "\n" not in notebook.output(2).inner_text().strip()  # one line, written anew
    notebook.button("notebook:interrupt-kernel").click()
    notebook.see(notebook.output(2), text="KeyboardInterrupt")
    notebook.prompt(2, "[2]:")
    assert "%|" not in notebook.output(2).inner_text()  # the bar is gone
    assert "[]" in notebook.run(3, "import os\nos.listdir()")


def _percent(bar: re.Pattern[str], notebook: Notebook) -> int:
    found = bar.search(notebook.output(2).inner_text())
    assert found is not None
    return int(found[1])


def test_an_error_shows_the_cells_lines_and_ends_run_all(lab: Lab, notebook: Notebook) -> None:
    notebook.run(2, "def inverse(x):\n    return 1 / x")
    notebook.write(3, "inverse(4)")
    notebook.button("notebook:insert-cell-below").click()
    notebook.write(4, "inverse(0)")
    notebook.button("notebook:insert-cell-below").click()
    notebook.write(5, "print('never')")

    lab.choose("Run", "Run All Cells")
    error = notebook.output(4).locator('[data-mime-type="application/vnd.jupyter.stderr"]').first
    notebook.see(error, text="ZeroDivisionError: divide by zero")
    lines = [line.strip() for line in error.inner_text().strip().splitlines()]
    assert lines == [
        "Traceback (most recent call last):",
        "Cell In[6], line 1, in <module>",
        "inverse(0)",
        "Cell In[4], line 2, in inverse",
        "return 1 / x",
        "ZeroDivisionError: divide by zero",
    ]
    bold = error.locator(".ansi-bold").all_inner_texts()
    assert [text for text in bold if text.startswith("Cell")] == ["Cell In[6], line 1", "Cell In[4], line 2"]
    notebook.see(notebook.output(3), text="0.25")
    # The cell below did not run, and says so.
    notebook.prompt(5, "[ ]:")
    assert notebook.output(5).inner_text() == ""
    lab.picture("error")

    # A long traceback folds away, and back.
    notebook.cell(4).hover()
    notebook.cell(4).locator(".jp-OutputCollapser").click()
    notebook.gone(error)
    notebook.cell(4).locator(".jp-OutputPlaceholder").click()
    notebook.see(error)


def test_the_file_browser_opens_on_a_double_click_and_is_text_where_its_kernel_is_gone(lab: Lab) -> None:
    notebook = lab.open(
        "browse.ipynb", "%connect virtual", "%mkdir lib\n%sendtofile lib/inside.py --source none.py", "%browse"
    )
    (lab.notebooks / "none.py").write_text("x = 1\n")
    notebook.cell(1).click()
    for number in (1, 2, 3):
        lab.page.keyboard.press("Shift+Enter")
        notebook.prompt(number, f"[{number}]:")
    output = notebook.output(3)
    output.locator("button", has_text="lib/").dblclick()
    entry = output.locator("button", has_text="inside.py")
    notebook.see(entry)
    listing = output.locator(".micropython-listing")
    notebook.gone(listing)
    size = lab.page.viewport_size
    assert size is not None
    lab.page.set_viewport_size({"width": 560, "height": size["height"]})
    try:
        right = output.evaluate("e => e.getBoundingClientRect().right")
        for button in output.locator("button").all():
            assert button.evaluate("e => e.getBoundingClientRect().right") <= right, "it does not fit a narrow cell"
    finally:
        lab.page.set_viewport_size(size)
    lab.page.keyboard.press("Control+s")
    lab.page.wait_for_timeout(1000)
    lab.end_kernels()
    lab.page.goto(f"{lab.url}lab/tree/browse.ipynb?reset")
    again = lab._opened()
    again.see(again.output(3).locator(".micropython-listing"), text="inside.py")
