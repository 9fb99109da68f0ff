"""One cell from its text to its reply.

Start at ``runner``: it runs a cell's program on the board. ``parser`` says what a cell is made of, ``program`` makes
its code a program for the board, ``output`` is the chain that takes what the board prints, ``tracebacks`` and ``hints``
are what a person sees of an error.

May import ``display``, ``host`` and what lies below them (``board``, ``transports``); knows the kernel only as
``front_end.FrontEnd``.
"""
