"""MicroPython's line protocol.

Start at ``repl``, the state machine: bytes in, events and bytes out, no I/O. The other modules run it on a live line,
with a deadline on every wait.

May import ``transports``, ``board.snippets`` and ``errors``.
"""
