"""What somebody new meets in JupyterLab, in a real browser: a board is plugged in, and the first cells run.

The board is a virtual one behind a pseudo-terminal, which counts as plugged in by an environment variable.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from typing import TYPE_CHECKING

import pytest

from metakernel_micropython.transports import port_scan
from metakernel_micropython.transports.usb_ids import Likelihood

from .boards import needs, needs_virtual
from .contrast import READABLE, texts
from .lab import Lab
from .virtual.boards import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.timeout(300),  # a busy machine; each wait has a deadline of its own
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals"),
]


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The device of a board that is plugged in."""
    needs_virtual()
    device = str(tmp_path_factory.mktemp("board") / "tty")
    served = Served("--pty", device)
    assert served.process.stdout
    served.process.stdout.readline()  # it is there now
    yield device
    served.end()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, link: str) -> Iterator[Lab]:
    """JupyterLab on a computer with that board."""
    env = {port_scan.FURTHER_PORTS: link, "MICROPYTHON_BOARD": None}
    made = Lab(tmp_path_factory.mktemp("lab"), env=env)
    yield made
    made.close()


@pytest.fixture
def lab(desk: Lab) -> Iterator[Lab]:
    """The same, with nobody holding the board."""
    yield desk
    desk.end_kernels()


def test_the_first_cell_runs_on_the_board_that_is_plugged_in(lab: Lab, link: str) -> None:
    if any(port.likelihood >= Likelihood.BRIDGE for port in port_scan.serial_ports()):
        pytest.skip("a board of the person who runs the tests is plugged in, too")
    notebook = lab.notebook()
    shown = notebook.run(1, "print(1)").splitlines()
    assert " ".join(shown).startswith(f"[connected to {link}, the only board that is plugged in: MicroPython v1."), (
        shown
    )
    assert shown[-2:] == ["[%connect ADDRESS chooses another]", "1"]
    assert notebook.run(2, "1 + 1").strip().endswith("2")  # and nothing is said a second time


def test_restart_and_run_all_begins_without_the_variables_of_before(lab: Lab, link: str) -> None:
    notebook = lab.open(
        "restart.ipynb", f"%connect {link}", "runs = globals().get('runs', 0) + 1", "print('runs:', runs)"
    )
    for count in (1, 2):
        lab.choose("Run", "Run All Cells")
        notebook.prompt(3, f"[{3 * count}]:")
        notebook.see(notebook.output(3), text=f"runs: {count}")
    notebook.restart_and_run_all()
    notebook.prompt(3, "[3]:")
    assert notebook.output(3).inner_text().strip() == "runs: 1"
    notebook.see(notebook.output(1), text=f"[the kernel was restarted: the board on {link} was soft-reset")


@pytest.mark.soak
def test_a_notebook_gets_a_board_from_another_one(lab: Lab, link: str) -> None:
    first = lab.open("first.ipynb", "")
    first.run(1, f"%connect {link}")
    second = lab.open("second.ipynb", "")
    shown = second.run(1, f"%connect {link}")
    assert f"{link} is in use by the notebook first.ipynb" in " ".join(shown.split())
    assert f"%connect {link} --take" in shown  # what to do next, to be copied
    shown = second.run(2, f"%connect {link} --take")
    assert f"[{link} was freed by the notebook first.ipynb" in " ".join(shown.split())
    assert "Connected to" in shown
    assert second.run(3, "print(1)").strip() == "1"


def test_a_syntax_error_is_shown_with_its_reason_and_a_figure_as_a_picture(lab: Lab, link: str) -> None:
    needs(importlib.util.find_spec("matplotlib"), "matplotlib")
    notebook = lab.open("lesson.ipynb", "")
    notebook.run(1, f"%connect {link}")
    shown = notebook.run(2, 'total = 0\nprint("x"')
    assert [line.strip() for line in shown.splitlines()][1:] == [
        "Cell In[2], line 2",
        'print("x"',
        "SyntaxError: invalid syntax",
        "Line 2, column 6: this ( is never closed.",
    ]
    notebook.start(3, "%%python\nimport matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.show()")
    figure = notebook.output(3).locator("img")
    notebook.see(figure)
    notebook.prompt(3, "[3]:")
    assert figure.count() == 1
    assert figure.evaluate("image => image.complete && image.naturalWidth > 100")
    assert "Figure" not in notebook.output(3).inner_text()  # its text form does not stand beside it


def test_the_contrast_of_a_text_is_that_of_its_colour_on_all_that_is_behind_it(lab: Lab) -> None:
    browser = lab.page.context.browser
    assert browser
    page = browser.new_page()
    page.set_content(
        "<body style='background: black'><p style='background: rgb(255 255 255 / 50%)'>"
        "<b style='color: white'>grey</b><i style='display: none'>hidden</i> "
        "<b style='color: black; background: white'>black</b></p>"
    )
    grey, black = texts(page.locator("p"))
    page.close()
    assert (grey.text, grey.colour) == ("grey", (255, 255, 255))
    assert grey.contrast == pytest.approx(3.95, abs=0.05) and grey.contrast < READABLE
    assert (black.text, black.contrast) == ("black", pytest.approx(21))


COLOURED = (
    "def inverse(x):\n    return 1 / x\ninverse(0)",
    'print("x"',
    "lenght = 1\nprint(length)",
    "%cat nothing.txt",
    "%nosuch",
    "!ls nothing.txt",
    "%%python\nimport sys\nprint('a notice', file=sys.stderr)",
    "%ls --no-such",
    "%tree",
    "%boards",
    "%info",
    "%lsmagic",
)
"""Cells with outputs in colours: errors with files and hints, notices, and tables.

Not among them: the traceback of an error in %%python. Its colours are IPython's, as in any Python notebook.
"""


@pytest.mark.soak
def test_all_that_is_shown_can_be_read_in_a_light_and_a_dark_theme(lab: Lab, link: str) -> None:
    notebook = lab.open("colours.ipynb", f"%connect {link}", *COLOURED)
    notebook.cell(1).click()
    for number in range(1, len(COLOURED) + 2):
        lab.page.keyboard.press("Shift+Enter")
        notebook.prompt(number, f"[{number}]:")
    seen, faint = 0, []
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        for number in range(1, len(COLOURED) + 2):
            shown = texts(notebook.output(number))
            seen += len(shown)
            faint += [f"{theme}: cell {number}: {one}" for one in shown if one.contrast < READABLE]
    assert seen > 50
    assert not faint, "\n".join(["cannot be read well:", *faint])


@pytest.mark.soak
def test_stop_ends_the_look_at_a_running_program_and_not_the_program(lab: Lab, link: str) -> None:
    notebook = lab.open("monitor.ipynb", "")
    notebook.run(1, f"%connect {link}")
    notebook.run(2, "%%start\nimport time\nn = 0\nwhile True:\n    n += 1\n    print('turn', n)\n    time.sleep(0.1)")
    notebook.start(3, "%monitor 60")
    notebook.see(notebook.output(3), text=re.compile(r"turn \d+"))
    notebook.prompt(3, "[*]:")
    notebook.button("notebook:interrupt-kernel").click()
    notebook.prompt(3, "[3]:")
    last = max(int(turn) for turn in re.findall(r"turn (\d+)", notebook.output(3).inner_text()))
    # The program went on meanwhile.
    notebook.start(4, "%monitor 60")
    lab.page.wait_for_function(
        "([output, last]) => [...output.innerText.matchAll(/turn (\\d+)/g)].some(turn => Number(turn[1]) > last)",
        arg=[notebook.output(4).element_handle(), last],
    )
    notebook.button("notebook:interrupt-kernel").click()
    notebook.prompt(4, "[4]:")
    assert "KeyboardInterrupt" not in notebook.output(3).inner_text() + notebook.output(4).inner_text()
