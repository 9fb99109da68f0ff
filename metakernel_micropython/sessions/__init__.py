"""The boards that a kernel is connected to.

Start at ``session``: one board, through losses of its line. ``registry`` keeps them by name and knows on which of them
cells run, ``broadcast`` runs a cell on several at the same time.

May import ``cell``'s programs and output, ``display``, ``board`` and ``transports``; knows the kernel only as
``front_end.FrontEnd``.
"""
