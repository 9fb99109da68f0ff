"""Variable inspectors and VS Code beside the cells: the board sees no code of theirs, the notebook no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cell.test_foreign_code import CLASSIC_INSPECTOR, LAB_INSPECTOR, VSCODE

if TYPE_CHECKING:
    from ..front_end import Jupyter

NOT_STORED = {"store_history": False, "stop_on_error": False, "allow_stdin": True}


def test_inspectors_get_nothing_and_leave_nothing(jupyter: Jupyter) -> None:
    number = jupyter.do("x = 5").number
    names = jupyter.do("sorted(dir())").value
    told = [jupyter.do(LAB_INSPECTOR, silent=True, stop_on_error=False)]
    told += [
        jupyter.do(code, **NOT_STORED) for code in ("_jupyterlab_variableinspector_dict_list()", CLASSIC_INSPECTOR)
    ]
    told += [jupyter.do(code, **NOT_STORED) for code in ("print(var_dic_list())", *VSCODE)]
    assert [reply.messages for reply in told] == [[]] * len(told)
    assert {reply.number for reply in told} == {number + 1}
    after = jupyter.do("sorted(dir())")
    assert (after.number, after.value) == (number + 2, names)


def test_without_a_board_they_connect_none(plain: Jupyter) -> None:
    number = plain.do("%lsmagic").number
    assert plain.do(LAB_INSPECTOR, silent=True).messages == []
    assert plain.do("_jupyterlab_variableinspector_dict_list()", **NOT_STORED).messages == []
    assert plain.do("%lsmagic").number == number + 1


def test_other_requests_beside_the_cells_run_on_the_board(jupyter: Jupyter) -> None:
    assert jupyter.do("y = 6\ny * 7", **NOT_STORED).value == "42"
    jupyter.do("y += 1", silent=True)
    assert jupyter.do("y").value == "7"
