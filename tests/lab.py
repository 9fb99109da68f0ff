"""JupyterLab in a real browser: a server of its own, Debian's Chromium, and what a person does with a notebook.

Every wait is for something that is seen, with a deadline that a busy machine keeps.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from metakernel_micropython.install import install

from .boards import free_port, needs

if TYPE_CHECKING:
    import re
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
    """

    def __init__(self, folder: Path, pictures: Path | None = None) -> None:
        for package in ("jupyterlab", "playwright"):
            needs(importlib.util.find_spec(package), package)
        browser = _chromium()
        needs(browser, "chromium")
        self.folder = folder
        self.notebooks = folder / "notebooks"
        self._pictures = pictures
        self._stack = ExitStack()
        try:
            self.url, self._token = self._serve()
            self.page = self._browse(str(browser))
        except BaseException:
            self.close()
            raise

    def _serve(self) -> tuple[str, str]:
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
        }
        log = self._stack.enter_context((self.folder / "server.log").open("w", encoding="utf-8"))
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", f"--ServerApp.port={free_port()}", "--ServerApp.port_retries=50"],
            cwd=self.notebooks,
            env=environment,
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
        opened = Notebook(self.page)
        if self.page.locator(".jp-FileBrowser").is_visible():
            self.page.keyboard.press("Control+b")  # the files beside it
            self.page.locator(".jp-FileBrowser").wait_for(state="hidden")
        return opened

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
