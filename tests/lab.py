"""JupyterLab in a real browser: a server of its own, Debian's Chromium, and what a person does with a notebook.

Every wait is for something that is seen, with a deadline that a busy machine keeps.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import nbformat

from metakernel_micropython.install import install

from .boards import free_port, needs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.sync_api import Locator, Page

DEADLINE = 45.0
"""Seconds that anything may take to be seen."""

_SIZE = {"width": 980, "height": 560}

_SERVER = {
    "ServerApp": {
        "open_browser": False,
        "ip": "127.0.0.1",
        # What else is installed takes seconds to load, and stands in the pictures.
        "jpserver_extensions": {"jupyterlab": True, "ipyparallel": False, "jupyter_lsp": False},
    },
    # Nothing is asked of the network: no news, no newer version, no list of extensions.
    "LabApp": {
        "news_url": None,
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "extension_manager": "readonly",
    },
}

_SETTINGS = {
    # By default JupyterLab shows no completion that takes over a second, as the first one may on a busy machine.
    "completer-extension/manager": {"providerTimeout": 30000},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "codemirror-extension/plugin": {"defaultConfig": {"autoClosingBrackets": False, "cursorBlinkRate": 0}},
}

_CHROMIUM = (
    "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-dev-shm-usage"
).split()


def _chromium() -> str | None:
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


class Lab:
    """A JupyterLab server, and a browser window on it.

    Args:
        folder: an empty folder that holds everything the two write.
        pictures: where screenshots go; None: none are taken.
        env: what the server's environment, and so the kernels', has besides; None: without that variable.
    """

    def __init__(
        self, folder: Path, pictures: Path | None = None, *, env: Mapping[str, str | None] | None = None
    ) -> None:
        for package in ("jupyterlab", "playwright"):
            needs(importlib.util.find_spec(package), package)
        browser = _chromium()
        needs(browser, "chromium")
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self._pictures = pictures
        self._stack = ExitStack()
        try:
            self.url, self._token = self._serve(env or {})
            self.page = self._browse(str(browser))
        except BaseException:
            self.close()
            raise

    def _serve(self, env: Mapping[str, str | None]) -> tuple[str, str]:
        names = "config data runtime ipython workspaces settings".split()
        places = {name: self.folder / name for name in names}
        for place in (*places.values(), self.notebooks):
            place.mkdir(parents=True)
        for name, settings in _SETTINGS.items():
            file = places["settings"] / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings), "utf-8")
        token = secrets.token_hex(16)
        configuration = {
            **_SERVER,
            "ServerApp": {**_SERVER["ServerApp"], "allow_root": _is_root()},
            "IdentityProvider": {"token": token},
        }
        (places["config"] / "jupyter_server_config.json").write_text(json.dumps(configuration), "utf-8")
        page = places["config"] / "labconfig" / "page_config.json"
        page.parent.mkdir()
        page.write_text(json.dumps({"disabledExtensions": {"ipyparallel-labextension": True}}), "utf-8")
        install(prefix=str(self.folder / "prefix"))
        environment = {
            **os.environ,
            **{f"JUPYTER_{name.upper()}_DIR": str(places[name]) for name in ("config", "data", "runtime")},
            **{f"JUPYTERLAB_{name.upper()}_DIR": str(places[name]) for name in ("settings", "workspaces")},
            "IPYTHONDIR": str(places["ipython"]),
            "JUPYTER_PATH": str(self.folder / "prefix" / "share" / "jupyter"),
            "MICROPYTHON_HISTORY": "off",
            **env,
        }
        log = self._stack.enter_context((self.folder / "server.log").open("w", encoding="utf-8"))
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", f"--ServerApp.port={free_port()}", "--ServerApp.port_retries=50"],
            cwd=self.notebooks,
            env={name: value for name, value in environment.items() if value is not None},
            stdout=log,
            stderr=log,
        )
        self._stack.callback(_end, server)
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline and server.poll() is None:
            # Only the server knows which port it has in the end.
            for file in places["runtime"].glob("jpserver-*.json"):
                try:
                    return json.loads(file.read_text("utf-8"))["url"], token
                except ValueError:
                    pass  # it is being written
            time.sleep(0.05)
        raise AssertionError("JupyterLab does not start: " + (self.folder / "server.log").read_text("utf-8")[-2000:])

    def _browse(self, browser: str) -> Page:
        from playwright.sync_api import sync_playwright

        playwright = self._stack.enter_context(sync_playwright())
        sandbox = ["--no-sandbox"] if _is_root() else []
        # Playwright gives it a new profile and removes that in the end.
        window = playwright.chromium.launch(executable_path=browser, args=[*_CHROMIUM, *sandbox])
        self._stack.callback(window.close)
        page = window.new_page(viewport=_SIZE)
        page.set_default_timeout(DEADLINE * 1000)
        page.goto(f"{self.url}lab?token={self._token}")
        return page

    def close(self) -> None:
        """Close the browser and end the server, and with it the kernels."""
        self._stack.close()

    def launcher(self) -> Locator:
        """Open JupyterLab without anything open; return the launcher's card for notebooks."""
        self.page.goto(f"{self.url}lab?reset")
        card = self.page.locator('.jp-LauncherCard[data-category="Notebook"][title="MicroPython"]')
        card.wait_for()
        return card

    def notebook(self) -> Notebook:
        """Open a new notebook from the launcher, with the window for it alone."""
        self.launcher().click()
        return self._opened()

    def open(self, name: str, *cells: str) -> Notebook:
        """Write a notebook with some cells of code and open it, with the window for it alone."""
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(code) for code in cells],
            metadata={"kernelspec": {"name": "micropython", "display_name": "MicroPython", "language": "python"}},
        )
        nbformat.write(book, self.notebooks / name)
        self.page.goto(f"{self.url}lab/tree/{name}?reset")
        return self._opened()

    def _opened(self) -> Notebook:
        opened = Notebook(self.page)
        if self.page.locator(".jp-FileBrowser").is_visible():
            self.page.keyboard.press("Control+b")  # the files beside it
            self.page.locator(".jp-FileBrowser").wait_for(state="hidden")
        return opened

    def end_kernels(self) -> None:
        """Shut all kernels down, as the list of running kernels does, and so have them let go of their boards."""
        for session in json.loads(self._ask("GET", "api/sessions")):
            self._ask("DELETE", f"api/sessions/{session['id']}")

    def _ask(self, method: str, path: str) -> bytes:
        request = Request(f"{self.url}{path}", method=method, headers={"Authorization": f"token {self._token}"})
        with urlopen(request, timeout=DEADLINE) as reply:
            answer: bytes = reply.read()
        return answer

    def choose(self, *items: str) -> None:
        """Choose from the menus: the menu's name, a menu's within it, and the entry."""
        menu, *others = items
        self.page.get_by_role("menubar").get_by_role("menuitem", name=menu, exact=True).click()
        for name in others:
            # By its label: JupyterLab gives an entry that opens another menu no role.
            self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{re.escape(name)}$")).click()

    def theme(self, name: str) -> None:
        """Choose a theme: ``Light`` or ``Dark``."""
        self.choose("Settings", "Theme", f"JupyterLab {name}")
        self.page.locator(f'body[data-jp-theme-name="JupyterLab {name}"]').wait_for(state="attached")

    def picture(self, name: str) -> None:
        """Take a screenshot, where pictures are wanted."""
        if self._pictures is not None:
            self.page.mouse.move(_SIZE["width"] - 20, _SIZE["height"] - 60)  # no tooltip of a button
            self.page.screenshot(path=self._pictures / f"{name}.png", animations="disabled")


class Notebook:
    """The notebook in the window."""

    def __init__(self, page: Page) -> None:
        from playwright.sync_api import expect

        self.page = page
        self.panel = page.locator(".jp-NotebookPanel")
        self.panel.wait_for()
        expect.set_options(timeout=DEADLINE * 1000)
        self._expect = expect
        # A cell that is run before the kernel is there does not run. (The notebook's own circle is idle before, too.)
        self.see(page.locator("#jp-main-statusbar"), text="MicroPython | Idle")

    def see(self, what: Locator, *, text: str | re.Pattern[str] | None = None) -> None:
        """Wait until something is there, or has a text."""
        if text is not None:
            self._expect(what).to_contain_text(text)
        else:
            self._expect(what).to_be_visible()

    def gone(self, what: Locator) -> None:
        """Wait until something is there no more."""
        self._expect(what).to_be_hidden()

    def cell(self, number: int) -> Locator:
        """Return the cell at a place, the first one being 1."""
        return self.panel.locator(".jp-Cell").nth(number - 1)

    def output(self, number: int) -> Locator:
        """Return what stands below a cell."""
        return self.cell(number).locator(".jp-OutputArea.jp-Cell-outputArea")

    def prompt(self, number: int, shown: str) -> None:
        """Wait until a cell's prompt is so: ``[1]:`` when it is done, ``[*]:`` while it runs."""
        self._expect(self.cell(number).locator(".jp-InputPrompt")).to_have_text(shown)

    def write(self, number: int, code: str) -> None:
        """Put code into a cell, at once, as pasting does."""
        editor = self.cell(number).locator(".jp-InputArea-editor .cm-content")
        editor.click()
        self.page.keyboard.insert_text(code)

    def start(self, number: int, code: str) -> None:
        """Write a cell and run it with Shift-Enter; the next cell is there then."""
        self.write(number, code)
        self.page.keyboard.press("Shift+Enter")
        self.see(self.cell(number + 1))

    def run(self, number: int, code: str) -> str:
        """Run a cell to its end; return its output."""
        self.start(number, code)
        self.prompt(number, f"[{number}]:")
        return self.output(number).inner_text()

    def restart_and_run_all(self) -> None:
        """Press the toolbar's button, and agree that the variables are lost."""
        self.button("notebook:restart-run-all").click()
        self.page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()

    def button(self, command: str) -> Locator:
        """Return a button of the notebook's toolbar, by the command behind it."""
        return self.panel.locator(f'.jp-NotebookPanel-toolbar [data-command="{command}"]')


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(10)
