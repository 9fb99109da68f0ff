"""The boards that a kernel is connected to.

Start at ``session``: one board, through losses of its line. ``registry`` keeps them by name and knows on which of them
cells run, ``board_jobs`` runs a cell on several at the same time, ``broadcast`` shows what they say.

May import ``cell`` and what lies below it (``display``, ``host``, ``board``, ``transports``); knows the kernel only as
``front_end.FrontEnd``.
"""
