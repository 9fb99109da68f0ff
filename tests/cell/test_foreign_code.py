"""Requests that front ends make for themselves, told from cells. The programs are shortened, their shape is kept."""

from __future__ import annotations

import pytest

from metakernel_micropython.cell.foreign_code import ForeignCode

# jupyterlab-variableInspector: its first program is silent, what follows is not stored.
LAB_INSPECTOR = """import json
import sys
from importlib import __import__
from IPython import get_ipython
from IPython.core.magics.namespace import NamespaceMagics

_jupyterlab_variableinspector_nms = NamespaceMagics()
_jupyterlab_variableinspector_Jupyter = get_ipython()

def _check_imported():
    global __np

def _jupyterlab_variableinspector_dict_list():
    _check_imported()
    return json.dumps([])
"""

# The inspector of jupyter_contrib_nbextensions: no name of it has a prefix.
CLASSIC_INSPECTOR = """import json
from sys import getsizeof

from IPython import get_ipython
from IPython.core.magics.namespace import NamespaceMagics
_nms = NamespaceMagics()
_Jupyter = get_ipython()

def _getsizeof(x):
    return getsizeof(x)

def var_dic_list():
    return json.dumps([_getsizeof(x) for x in _nms.who_ls()])

print(var_dic_list())
"""

VSCODE = [
    "try:\n    import ipywidgets as _VSCODE_ipywidgets\n    print(_VSCODE_ipywidgets.__version__)\nexcept:\n    pass",
    'import os as _VSCODE_os\n%cd "/home/me"\ndel _VSCODE_os',
    '__vsc_ipynb_file__ = "/home/me/a.ipynb"\n%config Completer.use_jedi = False',
    "%config Completer.use_jedi = False",
    "import matplotlib\n%matplotlib inline\n_VSCode_defaultMatplotlib_Params = dict(matplotlib.rcParams)\n",
    "def _VSCODE_getVariable(what_to_get, is_debugging, *args):\n    import json as _VSCODE_json\n",
    '_VSCODE_getVariable("types", False, ["x"])',
    "del _VSCODE_getVariable",
]


def not_stored(code: str, *, silent: bool = False) -> dict[str, object]:
    return {"code": code, "silent": silent, "store_history": False}


@pytest.mark.parametrize("code", [LAB_INSPECTOR, CLASSIC_INSPECTOR, *VSCODE])
def test_what_inspectors_and_vs_code_send_is_told_from_cells(code: str) -> None:
    assert ForeignCode().is_in(not_stored(code))
    assert ForeignCode().is_in({"code": code, "silent": True})


@pytest.mark.parametrize("code", [LAB_INSPECTOR, CLASSIC_INSPECTOR, *VSCODE])
def test_a_cell_may_hold_the_same_code(code: str) -> None:
    """A person copied it: the board says what it is."""
    foreign = ForeignCode()
    assert not foreign.is_in({"code": code})
    assert not foreign.is_in({"code": code, "silent": False, "store_history": True})
    assert not foreign.is_in(not_stored("var_dic_list()")), "a cell teaches no names"


def test_calls_of_what_such_a_program_defined_belong_to_it() -> None:
    foreign = ForeignCode()
    assert not foreign.is_in(not_stored("print(var_dic_list())"))
    assert foreign.is_in(not_stored(CLASSIC_INSPECTOR))
    assert foreign.is_in(not_stored("print(var_dic_list())"))
    assert not foreign.is_in({"code": "print(var_dic_list())"})
    assert not foreign.is_in(not_stored("var_dic_list = 3"))
    assert not foreign.is_in(not_stored("my.var_dic_list()"))


@pytest.mark.parametrize(
    "code",
    [
        "1 + 1",
        "%connect virtual",
        "%comment quiet",
        "print('from IPython import get_ipython; get_ipython()')",
        "# _VSCODE_ is VS Code's\nx = 1",
        "import json\nimport sys\nprint(json.dumps({}))",
        "_vsc = 1",
        "%config",
        "",
    ],
)
def test_other_requests_that_are_not_stored_run(code: str) -> None:
    """Programs that drive a kernel send such requests, too."""
    assert not ForeignCode().is_in(not_stored(code))
    assert not ForeignCode().is_in({"code": code, "silent": True})


def test_what_is_no_text_is_left_to_the_kernel() -> None:
    assert not ForeignCode().is_in({"code": None, "store_history": False})
    assert not ForeignCode().is_in({"silent": True})
