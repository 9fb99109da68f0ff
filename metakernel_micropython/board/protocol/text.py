"""What a board prints, as text: decoded incrementally, with the line ends that a notebook expects."""

from __future__ import annotations

import codecs


class TextDecoder:
    r"""Bytes to text, split anywhere.

    UTF-8 that is cut in two waits for its rest; what is not UTF-8 becomes U+FFFD. ``print`` on a board ends lines with
    ``\r\n``, which becomes ``\n``; a lone ``\r`` stays, because programs draw progress with it.
    """

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._carriage_return = False

    def feed(self, data: bytes) -> str:
        """Return the text that ``data`` completes."""
        return self._line_ends(self._utf8.decode(data))

    def flush(self) -> str:
        """Return what waited for a rest that does not come any more."""
        text = self._line_ends(self._utf8.decode(b"", final=True))
        if self._carriage_return:
            self._carriage_return = False
            text += "\r"
        return text

    def _line_ends(self, text: str) -> str:
        if not text:
            return ""
        if self._carriage_return:
            text = "\r" + text
        self._carriage_return = text.endswith("\r")
        if self._carriage_return:
            text = text[:-1]
        return text.replace("\r\n", "\n")


def decode(data: bytes) -> str:
    """Return the text of a whole message, for example a traceback."""
    return data.decode("utf-8", "replace").replace("\r\n", "\n")
