"""The documentation: links lead somewhere, quoted errors exist, examples run, what is generated is current."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from metakernel_micropython.board import Board

from . import documents, house
from .boards import needs
from .documents import DOCS, ROOT
from .front_end import Jupyter

PAGES = (
    "architecture cells collecting coming-from commands connecting debugging files firmware fleet front-ends "
    "plots-and-displays profiling-and-coverage python-notebooks scripting several-boards teaching testing-on-the-board "
    "troubleshooting virtual-board virtual-parts"
).split()

README_LINES = 180

DIALECT = ("to be clicked on", "what people see of it", "once to be had", "the line by hand", "has its say")
"""What this project used to say where others have a word for it."""

each = pytest.mark.parametrize("path", documents.markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate_commands", DOCS / "generate_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- links -----------------------------------------------------------------------------------------------------------


@each
def test_every_relative_link_and_anchor_leads_somewhere(path: Path) -> None:
    assert documents.broken_links(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("[a](no-such.md)", ["no-such.md"]),
        ("![a](no-such.png)", ["no-such.png"]),
        ("[a](README.md#no-such)", ["README.md#no-such"]),
        ("[a](#here)", ["#here"]),
        ("# Here\n[a](#here)", []),
        ("# `%here`, twice\n# %here twice\n[a](#here-twice) [b](#here-twice-1)", []),
        ("[a](README.md#first-cells) [b](https://jupyter.org/x.md)", []),
        ("`[a](no-such.md)`\n```\n[b](no-such.md)\n```", []),
        ("[![a](no-such.png)](README.md)", ["no-such.png"]),
        ("[a](../outside)", ["../outside"]),
    ],
)
def test_a_link_that_leads_nowhere_is_found(text: str, broken: list[str]) -> None:
    assert documents.broken_links(ROOT / "page.md", text) == broken


@each
def test_every_row_of_a_table_has_as_many_cells_as_its_head(path: Path) -> None:
    assert documents.uneven_rows(path.read_text(encoding="utf-8")) == []


def test_a_row_with_a_bar_in_its_code_is_found() -> None:
    head = "| a | b |\n|---|---|\n"
    assert documents.uneven_rows(head + "| `on|off` | c |") == ["| `on|off` | c |"]
    assert documents.uneven_rows(head + "| `on\\|off` | c |\n\n| one |") == []


def test_every_page_is_there_and_can_be_reached_from_the_readme() -> None:
    assert sorted(path.stem for path in DOCS.glob("*.md")) == PAGES
    linked = {link.partition("#")[0] for link in documents.links((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {f"docs/{name}.md" for name in PAGES} <= linked
    assert {"RELIABILITY.md", "benchmarks/README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= linked
    assert {f"examples/{path.name}" for path in (ROOT / "examples").glob("*.ipynb")} <= linked


def test_every_picture_is_shown_somewhere() -> None:
    linked = {
        (path.parent / link).resolve()
        for path in documents.markdown_files()
        for link in documents.links(path.read_text(encoding="utf-8"))
    }
    assert set((ROOT / "examples" / "pictures").glob("*.png")) <= linked


# -- README ----------------------------------------------------------------------------------------------------------


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_the_readmes_first_example_runs_on_the_virtual_board(virtual_address: str, tmp_path: Path) -> None:
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("```")[1]
    cells = re.findall(r"^In \[\d\]: (.*?)\n\n", block, re.MULTILINE | re.DOTALL)
    connect, pin, inverse, error = (re.sub(r"\n {8}", "\n", cell) for cell in cells[:3] + block.split("In [4]: ")[1:])
    call, _, told = error.partition("\n")
    kernel = Jupyter(tmp_path)
    try:
        assert kernel.do(connect.partition("\n")[0] + f" {virtual_address}").stdout.startswith("Connected to")
        kernel.do(f"{pin}\nassert led.value() == 1")
        kernel.do(inverse)
        assert kernel.fail(call).text.strip() == told.strip()
    finally:
        kernel.close(now=True)


def test_the_readmes_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in documents.markdown_files():
        if path.name == "commands.md":
            continue  # it holds prose between fences
        for target in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (path.name, target)


def test_the_extras_that_the_documents_name_exist() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for path in documents.markdown_files():
        for names in re.findall(r"metakernel-micropython\[([\w,]+)\]", path.read_text(encoding="utf-8")):
            assert set(names.split(",")) <= set(extras), (path.name, names)


SPOKEN = [*documents.markdown_files(), *house.modules().values()]


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_and_docstrings_speak_plainly(path: Path) -> None:
    text = " ".join(path.read_text(encoding="utf-8").split())
    assert [words for words in DIALECT if words in text] == []


# -- commands.md -----------------------------------------------------------------------------------------------------


def test_the_page_of_commands_is_current() -> None:
    assert page("commands") == generator().text(), "docs/commands.md is old: run make commands"


def test_the_page_of_commands_has_every_magic() -> None:
    anchors = documents.anchors(page("commands"))
    names = {name for commands in generator().groups().values() for name in commands}
    assert {"connect", "mpy-cross", "plot", "sync"} <= names
    assert names <= anchors


@each
def test_the_commands_that_the_documents_name_exist(path: Path) -> None:
    if path.name in ("CHANGELOG.md", "RELIABILITY.md") or path.parent.name == "benchmarks":
        return  # they tell of other programs and other times
    made = generator()
    known = {typed for commands in made.groups().values() for forms in commands.values() for typed, _ in forms}
    of_the_host = {"%python", "%%python", "%%html", "%pmap", "%matplotlib", "%NAME", "%%NAME", "%unload_ext"}
    of_the_host |= {"%%capture", "%mpy", "%%mpy"}  # in a notebook of Python
    examples = {"%hello", "%clock"}
    named = set(re.findall(r"`(%{1,2}[A-Za-z][\w-]*)", path.read_text(encoding="utf-8")))
    assert named - known - of_the_host - examples == set()


# -- troubleshooting.md ----------------------------------------------------------------------------------------------

QUOTES = documents.quoted_errors(page("troubleshooting"))


def test_troubleshooting_quotes_many_errors() -> None:
    assert len(QUOTES) > 60
    assert len(set(QUOTES)) == len(QUOTES)


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quoted_error_is_one_of_ours(quote: str) -> None:
    assert documents.is_in_source(quote)


def test_an_error_that_nobody_raises_is_found() -> None:
    assert documents.is_in_source("… is in use by …. Close it there and connect again.")
    assert not documents.is_in_source("… is in use by …. Close it here and connect again.")
    assert not documents.is_in_source("connect again. … is in use by")


def test_a_quoted_error_may_have_its_advice_in_the_words_for_a_notebook() -> None:
    assert documents.is_in_source("did not stop: Ctrl-C got no answer. … and connect again with %connect.")
    assert not documents.is_in_source("did not stop: Ctrl-C got no answer. … %rm")


# -- architecture.md -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["architecture", "../CONTRIBUTING"])
def test_the_modules_that_are_named_exist(name: str) -> None:
    named = documents.named_modules(page(name))
    assert len(named) > 5
    assert {module for module in named if documents.module_path(module) is None} == set()


def test_the_architecture_has_every_room() -> None:
    table = page("architecture").partition("## Rooms")[2].partition("\n## ")[0]
    named = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    for room in {house.room(module) for module in house.modules()} - {"", "__main__"}:
        place = room.replace(".", "/")
        assert f"`{place}/`" in named or f"`{place}.py`" in named, room


def test_each_drawing_is_a_flowchart_whose_arrows_have_two_ends() -> None:
    drawings = re.findall(r"^```mermaid\n(.*?)^```$", page("architecture"), re.MULTILINE | re.DOTALL)
    assert len(drawings) >= 2
    for drawing in drawings:
        first, *lines = drawing.strip().splitlines()
        assert re.fullmatch(r"flowchart (TD|LR)", first)
        node = r'\w+(?:\["[^"]*"\]|\(\["[^"]*"\]\)|\[\("[^"]*"\)\])?'
        node_of_database = r'\w+\[\("[^"]*"\)\]|\w+\[\("[^"]*"\)\]'
        for line in lines:
            assert re.fullmatch(rf"(?:{node}|{node_of_database}) --> (?:{node}|{node_of_database})", line.strip()), line
        assert "end" not in re.findall(r"\b\w+(?=\[|\()", drawing)  # a word of Mermaid's own


# -- examples --------------------------------------------------------------------------------------------------------


def run_doctest(parser_input: str, name: str, names: dict[str, Any]) -> doctest.TestResults:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    told: list[str] = []
    example = doctest.DocTestParser().get_doctest(parser_input, names, name, name, 0)
    results = runner.run(example, out=told.append)
    assert results.failed == 0, "".join(told)
    return results


def test_the_examples_for_scripts_run_on_the_virtual_board(
    virtual_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # they write a file
    assert run_doctest(page("scripting"), "scripting.md", {}).attempted > 25


def modules_with_examples() -> list[str]:
    """The modules whose docstrings have examples."""
    return [
        name
        for name, path in house.modules().items()
        if re.search(r"^\s*>>> ", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_docstrings_run_on_the_virtual_board(
    name: str, virtual_board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "sensor.py").write_text("pin = 4\n")
    monkeypatch.chdir(tmp_path)
    shown: list[str] = []
    names = {"Board": Board, "Path": Path, "files": virtual_board.files, "data": b"x = 1\n", "show": shown.append}
    module = importlib.import_module(name)
    examples = [test for test in doctest.DocTestFinder().find(module, extraglobs=names) if test.examples]
    assert examples
    for test in examples:
        told: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
        assert runner.run(test, out=told.append).failed == 0, "".join(told)


def test_there_are_examples_in_docstrings() -> None:
    assert "metakernel_micropython.board.board" in modules_with_examples()


# -- the project -----------------------------------------------------------------------------------------------------


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_continuous_integration_has_three_systems_and_four_pythons() -> None:
    jobs = read_yaml(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    linux, others = (jobs[name]["strategy"]["matrix"] for name in ("linux", "others"))
    assert linux["python"] == others["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert others["system"] == ["macos-latest", "windows-latest"]
    assert {"run": ".ci/run"} in jobs["linux"]["steps"]
    assert any("pytest" in step.get("run", "") for step in jobs["others"]["steps"])


@pytest.mark.parametrize(
    ("system", "ci", "outcome"),
    [
        ("linux", "true", pytest.fail.Exception),
        ("linux", "", pytest.skip.Exception),
        ("darwin", "true", pytest.skip.Exception),
        ("win32", "true", pytest.skip.Exception),
    ],
)
def test_nothing_may_be_missing_in_ci_on_linux_and_other_systems_skip_what_they_lack(
    system: str, ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(outcome, match="a micro:bit is missing"):
        needs(present=False, what="a micro:bit")
    needs(present=True, what="a micro:bit")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT / "tests"))
)
def test_the_tests_can_be_collected_on_windows(path: Path) -> None:
    """What only POSIX has is imported where it is used, behind a skip."""
    of_posix = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
    top = ast.parse(path.read_text(encoding="utf-8")).body
    names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    assert not of_posix & names
    assert not of_posix & {node.module for node in top if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("name", ["bug", "board"])
def test_a_report_has_the_boards_facts_and_the_log_of_its_line(name: str) -> None:
    form = read_yaml(ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml")
    assert {"name", "description", "body"} <= set(form)
    fields = {field["id"]: field for field in form["body"] if field["type"] != "markdown"}
    assert "%info" in fields["info"]["attributes"]["label"]
    assert "%connect ADDRESS --log" in fields["log"]["attributes"]["description"]


def test_forms_have_only_fields_that_github_knows() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        if path.name == "config.yml":
            continue
        for field in read_yaml(path)["body"]:
            assert field["type"] in ("markdown", "textarea", "input", "dropdown", "checkboxes")
            assert set(field) <= {"type", "id", "attributes", "validations"}
            assert "value" in field["attributes"] if field["type"] == "markdown" else "label" in field["attributes"]


def test_the_hooks_before_a_commit_are_the_linters_of_make_lint() -> None:
    (repository,) = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == ["ruff-check", "ruff-format", "mypy", "commands"]


def test_the_citation_names_this_version() -> None:
    from metakernel_micropython import __version__

    citation = read_yaml(ROOT / "CITATION.cff")
    assert citation["version"] == __version__
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
