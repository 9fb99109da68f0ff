"""Rewriting a program on this computer so that it tells where it is: for pauses, line times and coverage.

Start at ``rewrite``: from a source and a ``request`` to the source with probes. ``probe_text`` says what probes are,
``scopes`` which names are local in a function, ``reached`` what follows from one statement for another; ``verify``
compares the result with the original. ``board_probes`` brings the function of all probes to a board and its data back,
``cell_probes`` does that around one cell. ``call_probes`` follows functions in place of statements. ``line_times``,
``function_times`` and ``coverage`` make of it what people read.

May import ``cell`` and what lies below it; knows the kernel only as ``front_end.FrontEnd``.
"""
