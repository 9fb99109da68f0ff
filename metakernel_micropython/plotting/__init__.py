"""Plots of the numbers that a program prints.

Start at ``cell_plot``: the plot of one cell. ``readings`` finds the numbers in the output, ``table`` keeps them and
writes the CSV file, ``live_plot`` draws while they come, ``figure`` makes the picture. Needs the extra ``plot`` for
pictures; consoles get characters.

May import ``cell`` and what lies below it (``display``, ``host``, ``board``); knows the kernel only as
``front_end.FrontEnd``.
"""
