"""MicroPython's line protocol.

Start at ``repl``, the state machine: bytes in, events and bytes out, no I/O. The other modules run it on a live line,
with a deadline on every wait, each with its own part of the state:

- ``line_reader``: the line, the thread that always reads it, what is told of it to a tap, and its loss
- ``prompt_session``: the prompt: attached, identified, reset, left; raw I/O mode; unsolicited output
- ``execution``: one program: sent, interrupted, given up, its output; ``patience`` has its deadlines
- ``background_output``: answers with a thread's output between their parts; ``ctrl_c_stream``: many Ctrl-C
- ``diagnosis``: what went wrong, in sentences
- ``capabilities``: what the board can; ``executor``: what files and values need of a board

May import ``transports``, ``board.snippets`` and ``errors``.
"""
