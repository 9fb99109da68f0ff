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

    from playwright.sync_api import Locator

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


@pytest.mark.soak
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


@pytest.mark.soak
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


@pytest.mark.soak
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


@pytest.mark.soak
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


BLINK = """\
from machine import Pin, Timer
led = Pin(15, Pin.OUT)
timer = Timer(period=300, callback=lambda t: led.toggle())
lamp, button = Pin(3, Pin.OUT), Pin(14, Pin.IN, Pin.PULL_UP)
button.irq(lambda pin: lamp.toggle(), Pin.IRQ_FALLING)"""


OLED = """\
import framebuf
from machine import I2C
i2c, buffer = I2C(0), bytearray(1025)
screen = framebuf.FrameBuffer(memoryview(buffer)[1:], 128, 64, framebuf.MONO_VLSB)
screen.text("Hello", 10, 10)
screen.rect(5, 5, 60, 20, 1)
buffer[0] = 0x40
i2c.writeto(60, bytes((0, 0x8D, 0x14, 0xA1, 0xC8, 0xAF, 0x20, 0)))
i2c.writeto(60, buffer)"""


@pytest.mark.soak
def test_the_panel_blinks_and_its_button_is_pressed_while_a_cell_runs(lab: Lab) -> None:
    attach = "%attach led 15 --name blinker\n%attach led 3 --name lamp --color green\n%attach button 14 --name start"
    screen = "%attach ssd1306\n%attach potentiometer 26 --name knob"
    notebook = lab.open("panel.ipynb", "%connect virtual --board pico", f"{attach}\n{screen}", "%panel", BLINK)
    notebook.cell(1).click()
    for number in (1, 2, 3, 4):
        lab.page.keyboard.press("Shift+Enter")
        notebook.prompt(number, f"[{number}]:")
    panel = notebook.output(3)

    def lamp(name: str, brightness: str) -> Locator:
        # The innermost box that holds both the part's name and its lamp.
        card = panel.locator(f'xpath=.//div[./b[text()="{name}"]]').first
        return card.locator(f'svg[aria-label="lamp, {brightness}"]')

    # The timer runs while no cell does.
    for brightness in ("100%", "0%", "100%"):
        notebook.see(lamp("blinker", brightness))
    notebook.see(lamp("lamp", "0%"))
    panel.locator("button", has_text="start pressed").click()
    notebook.see(lamp("lamp", "100%"))
    panel.locator("button", has_text="start pressed").click()

    notebook.start(
        5, "import time\nwhile not button.value() == 0:\n    time.sleep(0.01)\nprint('pressed', lamp.value())"
    )
    notebook.prompt(5, "[*]:")
    panel.locator("button", has_text="start pressed").click()
    notebook.see(notebook.output(5), text="pressed 0")
    notebook.prompt(5, "[5]:")
    notebook.see(lamp("lamp", "0%"))
    notebook.run(6, OLED)
    panel.evaluate("e => e.scrollIntoView()")
    lab.picture("panel")

    # What a cell sets is seen at the panel's own controls.
    notebook.run(7, "%set start released\n%set knob 75")
    notebook.see(panel.locator(".widget-readout", has_text="75"))
    notebook.see(panel.locator("button:not(.mod-active)", has_text="start pressed"))


def test_a_breakpoint_in_an_earlier_cell_stops_and_its_names_are_seen(lab: Lab) -> None:
    notebook = lab.open(
        "debug.ipynb",
        "%connect virtual",
        "def area(w, h):\n    sides = [w, h]\n    w = twice(w)\n    sides.append(w)\n    return w * h\n",
        "def twice(x):\n    return x + x\n",
        "total = 5\nfor n in range(2):\n    total += area(n + 1, 3)\nprint(total)",
    )
    page = lab.page
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 1280, "height": 720})  # a panel beside the notebook
    try:
        notebook.cell(1).click()
        page.keyboard.press("Shift+Enter")
        notebook.prompt(1, "[1]:")
        notebook.panel.locator(".jp-DebuggerBugButton").click()
        notebook.see(page.locator(".jp-DebuggerSidebar"))
        for number in (2, 3):
            notebook.cell(number).locator(".cm-content").click()
            page.keyboard.press("Shift+Enter")
            notebook.prompt(number, f"[{number}]:")
        # The first element of a gutter only gives it its width.
        notebook.cell(2).locator(".cm-breakpoint-gutter .cm-gutterElement").nth(3).click()
        notebook.see(notebook.cell(2).locator(".cm-breakpoint-icon").nth(1))
        notebook.cell(4).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")

        def at(number: int, line: str) -> None:
            notebook.see(notebook.cell(number).locator(".jp-DebuggerEditor-highlight"), text=line)

        def local(name: str, value: str) -> None:
            item = page.locator(".jp-debuggerVariables-local jp-tree-item.nested").filter(
                has=page.locator(".jp-DebuggerVariables-name", has_text=re.compile(f"^{name}$"))
            )
            notebook.see(item.locator(".jp-DebuggerVariables-detail").first, text=value)

        def press(command: str) -> None:
            page.locator(f'.jp-DebuggerSidebar [data-command="debugger:{command}"]').click()

        at(2, "w = twice(w)")
        local("w", "1")
        local("h", "3")
        local("sides", "list")
        notebook.see(page.locator(".jp-DebuggerCallstack-body"), text="area")
        lab.picture("debugger")
        press("stepIn")
        at(3, "return x + x")
        local("x", "1")
        press("stepOut")
        at(2, "sides.append(w)")
        local("w", "2")  # what the step has changed is seen
        press("next")
        at(2, "return w * h")
        press("continue")  # to the second round of the loop
        at(2, "w = twice(w)")
        local("w", "2")
        press("continue")
        notebook.see(notebook.output(4), text="23")
        notebook.prompt(4, "[4]:")
        # What the cell has left is seen without a pause.
        shown = page.locator(".jp-DebuggerVariables-body").first
        notebook.see(shown, text="total")
        notebook.see(shown, text="23")
        notebook.start(5, "total = 'changed'")
        notebook.see(shown, text="'changed'")
        notebook.panel.locator(".jp-DebuggerBugButton").click()
        notebook.see(notebook.panel.locator('.jp-DebuggerBugButton[title="Enable Debugger"]'))
        assert notebook.run(6, "area(1, 1)").split() == ["[6]:", "2"]
    finally:
        page.set_viewport_size(size)
