"""A MetaKernel that answers every cell with the cell.

A kernel can hardly do less, so what it takes is the share of Jupyter and MetaKernel.
"""

from __future__ import annotations

from typing import Any

from metakernel import MetaKernel


class EchoKernel(MetaKernel):
    """Sends back what it is sent."""

    implementation = "echo"
    implementation_version = "1"
    language = "text"
    language_version = "1"
    language_info: dict[str, Any] = {"name": "text", "mimetype": "text/plain", "file_extension": ".txt"}  # noqa: RUF012
    banner = "Echo"
    kernel_json: dict[str, Any] = {"argv": ["python"], "display_name": "Echo", "language": "text"}  # noqa: RUF012

    def do_execute_direct(self, code: str, silent: bool = False) -> None:
        """Send the code back as output, in one message."""
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code + "\n"})


if __name__ == "__main__":
    EchoKernel.run_as_main()
