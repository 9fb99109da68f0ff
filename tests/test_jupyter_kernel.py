"""Jupyter's own tests for kernels, every sample filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import jupyter_kernel_test
import pytest

from metakernel_micropython.install import install

from .boards import needs_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator

# Boards have one output; on the kernel's side this is how a magic says that something is wrong.
COMPLAIN = """
from metakernel_micropython.magic import BoardMagic

class ComplainMagic(BoardMagic):
    def line_complain(self, args):
        '''%complain - say something on the error stream.'''
        self.kernel.Error("something is wrong")

def register_magics(kernel):
    kernel.register_magics(ComplainMagic)
"""


@pytest.fixture(scope="class", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    needs_virtual()
    folder = tmp_path_factory.mktemp("prefix")
    install(prefix=str(folder))
    magics = folder / "ipython" / "metakernel" / "magics"
    magics.mkdir(parents=True)
    (magics / "complain.py").write_text(COMPLAIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("MICROPYTHON_BOARD", "virtual")
        patch.chdir(folder)
        yield


@pytest.mark.usefixtures("installed")
class TestMicroPython(jupyter_kernel_test.KernelTests):
    kernel_name = "micropython"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "%complain"
    code_page_something = "print?"
    code_generate_error = "1/0"
    code_clear_output = (
        "%%python\nfrom metakernel import get_metakernel\nkernel = get_metakernel()\n"
        "kernel.send_response(kernel.iopub_socket, 'clear_output', {'wait': False})"
    )
    code_inspect_sample = "print"
    code_execute_result: ClassVar = [
        {"code": "6*7", "result": "42"},
        {"code": "'text'", "result": "'text'"},
        {"code": "[\n  1,\n  2\n]", "result": "[1, 2]"},
    ]
    code_display_data: ClassVar = [
        {"code": "%%html\n<b>bold</b>", "mime": "text/html"},
        {"code": "%%latex\n$x$", "mime": "text/latex"},
    ]
    completion_samples: ClassVar = [
        {"text": "pri", "matches": {"print"}},
        {"text": "import mach", "matches": {"machine"}},
        {"text": "%disconn", "matches": {"%disconnect"}},
        {"text": "%%tim", "matches": {"%%time", "%%timeit"}},
    ]
    complete_code_samples: ClassVar = ["1", "print('hello, world')", "def f(x):\n  return x*2\n\n", "%connect"]
    incomplete_code_samples: ClassVar = ["print('''hello", "def f(x):\n  x*2", "[1,"]
    invalid_code_samples: ClassVar = ["import = 7q", "1 +* 2"]
    code_history_pattern = "6?7*"
    supported_history_operations = ("tail", "range", "search")

    @classmethod
    def setUpClass(cls) -> None:
        """Start the kernel, and connect: the message about it belongs to no sample."""
        super().setUpClass()
        cls.kc.execute_interactive("1", timeout=30, output_hook=lambda message: None)
