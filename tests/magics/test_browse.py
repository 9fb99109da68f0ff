"""%browse: the board's files in widgets; a test clicks as a notebook does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Start
    from ..front_end import Jupyter

VIEW = "application/vnd.jupyter.widget-view+json"


class Window:
    """The models of one window, as a notebook has them."""

    def __init__(self, kernel: Jupyter, command: str = "%browse") -> None:
        self._client = kernel.client
        self.reply = kernel.do(command)
        self.models = {
            content["comm_id"]: dict(content["data"]["state"])
            for content in self.reply.of("comm_open")
            if content["target_name"] == "jupyter.widget"
        }
        for content in self.reply.of("comm_msg"):
            self._take(content)

    def model(self, name: str, **state: Any) -> str:
        (found,) = [
            key
            for key, one in self.models.items()
            if one["_model_name"] == name and all(one.get(key) == value for key, value in state.items())
        ]
        return found

    def button(self, label: str) -> str:
        return self.model("ButtonModel", description=label)

    @property
    def lines(self) -> list[str]:
        """The buttons of the entries, as they stand in the list."""
        (box,) = [one for one in self.models.values() if one["_model_name"] == "VBoxModel" and self._is_list(one)]
        return [child.removeprefix("IPY_MODEL_") for child in box["children"]]

    def _is_list(self, box: dict[str, Any]) -> bool:
        layout: str = box["layout"].removeprefix("IPY_MODEL_")
        return self.models[layout]["max_height"] is not None

    @property
    def options(self) -> list[str]:
        return [self.models[line]["description"] for line in self.lines]

    @property
    def texts(self) -> str:
        return "\n".join(one["value"] for one in self.models.values() if one["_model_name"] == "HTMLModel")

    def send(self, comm: str, data: dict[str, Any], buffers: list[bytes] | None = None, *, wait: bool = True) -> None:
        session = self._client.session
        message = session.msg("comm_msg", {"comm_id": comm, "data": data})
        session.send(self._client.shell_channel.socket, message, buffers=buffers)
        if wait:
            self.follow(message["header"]["msg_id"])

    def follow(self, request: str) -> None:
        """Take what the kernel changes, until it is done with a message."""
        deadline = time.monotonic() + 20
        while True:
            got = self._client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if got["header"]["msg_type"] == "update_display_data":  # of the cell that made the window
                self.listing = got["content"]["data"]["text/html"]
            if got["parent_header"].get("msg_id") != request:
                continue
            if got["header"]["msg_type"] == "comm_open":
                self.models[got["content"]["comm_id"]] = dict(got["content"]["data"]["state"])
            elif got["header"]["msg_type"] == "comm_msg":
                self._take(got["content"])
            elif got["header"]["msg_type"] == "error":
                raise AssertionError(got["content"])
            elif got["content"].get("execution_state") == "idle":
                return

    def _take(self, content: dict[str, Any]) -> None:
        if content["data"].get("method") == "update" and content["comm_id"] in self.models:
            self.models[content["comm_id"]].update(content["data"]["state"])

    def click(self, label: str, *, wait: bool = True) -> None:
        self.send(self.button(label), {"method": "custom", "content": {"event": "click"}}, wait=wait)

    def choose(self, start: str) -> None:
        (line,) = [line for line in self.lines if self.models[line]["description"].startswith(start)]
        self.send(line, {"method": "custom", "content": {"event": "click"}})


@pytest.fixture
def filled(virtual: Jupyter) -> Jupyter:
    virtual.connect_empty()
    virtual.do("%mkdir lib\n%sendtofile a.txt\nhello <b>you</b>")
    virtual.do("%sendtofile lib/m.py\nx = 1")
    return virtual


def test_the_window_lists_opens_and_goes_up(filled: Jupyter) -> None:
    window = Window(filled)
    shown, listing = window.reply.of("display_data")
    assert "a.txt" in listing["data"]["text/html"]
    assert shown["data"][VIEW]["model_id"] in window.models
    assert "a.txt" in shown["data"]["text/plain"]
    assert window.options == ["a.txt  (17 B)", "📁 lib/"]
    window.choose("a.txt")
    window.click("Open")
    assert "hello &lt;b&gt;you&lt;/b&gt;" in window.texts
    window.choose("📁 lib")
    window.click("Open")
    assert window.options == ["m.py  (6 B)"]
    assert "m.py" in window.listing
    assert "lib" in window.texts
    window.click("Up")
    assert "📁 lib/" in window.options
    filled.do("%mkdir new")
    window.click("List")
    assert "📁 new/" in window.options


def test_a_double_click_opens_and_a_click_on_another_chooses_that(filled: Jupyter) -> None:
    window = Window(filled)
    window.choose("📁 lib")
    window.choose("a.txt")
    chosen = [window.models[line]["button_style"] for line in window.lines]
    assert chosen == ["info", ""]
    assert "hello" not in window.texts
    window.choose("a.txt")
    assert "hello &lt;b&gt;you&lt;/b&gt;" in window.texts
    window.choose("📁 lib")
    window.choose("📁 lib")
    assert window.options == ["m.py  (6 B)"]


def test_a_folder_with_very_many_files_says_what_it_leaves_out(virtual: Jupyter) -> None:
    virtual.connect_empty()
    virtual.do("for i in range(203): open('f%03d' % i, 'w').close()")
    window = Window(virtual)
    assert len(window.options) == 200
    assert "203 entries; the last 3 are not listed here, %ls shows all" in window.texts


def test_files_are_fetched_sent_and_deleted(start: Start, virtual_address: str, tmp_path: Path) -> None:
    kernel = start({"MICROPYTHON_BOARD": virtual_address})
    kernel.do("%sendtofile a.txt\nhello")
    window = Window(kernel)
    window.click("Fetch")
    assert "Choose a file first." in window.texts
    window.choose("a.txt")
    window.click("Fetch")
    assert (tmp_path / "a.txt").read_bytes() == b"hello\n"
    window.click("Fetch")
    assert "on this computer already" in window.texts
    file = {"name": "../new.bin", "type": "", "size": 3, "last_modified": 0}
    upload = window.model("FileUploadModel")
    state = {"value": [file], "error": ""}
    window.send(
        upload, {"method": "update", "state": state, "buffer_paths": [["value", 0, "content"]]}, [b"\x00\xff\x03"]
    )
    assert "Sent new.bin: 3 bytes" in window.texts
    assert kernel.do("open('new.bin', 'rb').read()").value == repr(b"\x00\xff\x03")
    window.choose("a.txt")
    window.click("Delete")
    assert "A second click deletes a.txt" in window.texts
    window.choose("new.bin")
    window.click("Delete")
    assert "A second click deletes new.bin" in window.texts
    window.click("Really?")
    assert "Deleted new.bin" in window.texts
    assert kernel.do("import os\nos.listdir()").value == "['a.txt']"


def test_a_click_while_a_cell_runs_waits_for_its_end(filled: Jupyter) -> None:
    window = Window(filled)
    code = "import time\nfor i in range(10):\n    print(i)\n    time.sleep(0.1)\n'done'"
    filled.client.execute(code)
    time.sleep(0.4)
    message = filled.client.session.msg(
        "comm_msg",
        {"comm_id": window.button("List"), "data": {"method": "custom", "content": {"event": "click"}}},
    )
    filled.client.session.send(filled.client.shell_channel.socket, message)
    window.follow(message["header"]["msg_id"])
    assert "📁 lib/" in window.options
    reply = filled.client.get_shell_msg(timeout=10)
    assert reply["content"]["status"] == "ok"
    assert filled.do("i").value == "9"


def test_another_board_and_a_lost_one_are_told_in_the_window(filled: Jupyter, virtual_address: str) -> None:
    window = Window(filled)
    filled.do("%disconnect")
    window.click("List")
    assert "No board is connected" in window.texts
    filled.do(f"%connect {virtual_address} --name other")
    window.click("List")
    assert "This window belongs to" in window.texts
    filled.do(f"%connect {virtual_address}")


def test_without_widgets_it_is_a_tree(start: Start, virtual_address: str, tmp_path: Path) -> None:
    (tmp_path / "ipywidgets.py").write_text("raise ImportError")
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'ipywidgets' else find(name, *a)\n"
    )
    kernel = start({"MICROPYTHON_BOARD": virtual_address, "PYTHONPATH": str(tmp_path)})
    reply = kernel.do("%sendtofile -d lib/a.txt\nhello")
    reply = kernel.do("%browse")
    (shown,) = reply.of("display_data")
    assert "text/html" in shown["data"]
    assert "metakernel-micropython[widgets]" in reply.stdout


def test_a_folder_that_is_missing_fails_the_cell(virtual: Jupyter) -> None:
    assert virtual.fail("%browse nowhere").name == "NoSuchFile"


def test_listings_are_html_too_and_names_are_text_in_it(virtual: Jupyter) -> None:
    virtual.connect_empty()
    virtual.do("import os\nos.mkdir('<i>')\nopen('<i>/<b>&', 'w').close()\nopen('z', 'w').close()")
    (listed,) = virtual.do("%ls -r").of("display_data")
    (tree,) = virtual.do("%tree").of("display_data")
    for html in (listed["data"]["text/html"], tree["data"]["text/html"]):
        assert "<i>" not in html
        assert "&lt;b&gt;&amp;" in html
    html = tree["data"]["text/html"]
    assert html.count("<ul>") == html.count("</ul>") == 2
    assert html.count("<li>") == html.count("</li>") == 3
    assert html.index("</details></li>") < html.index("<li>z ")
