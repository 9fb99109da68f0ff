"""Long measurements: a program's values from one or many boards as rows of a CSV file, with the time of each.

Start at ``collector``: it runs one measurement, with a thread for each board (``board_rows``). ``measurement`` says
what is asked for, ``row_program`` is one row's program for the board, ``row_values`` makes columns of what comes back,
``board_clock`` knows when a board's ticks were, ``csv_rows`` is the file, ``collection_state`` the file beside it that
tells how it goes. ``worker`` is the process that collects and stays when a notebook goes, ``command`` the command
without a notebook, ``collected_rows`` and ``collection_view`` are what a notebook shows of it.

May import ``sessions``, ``plotting`` and what lies below them. Only ``collection_view`` knows the kernel, as
``front_end.FrontEnd``.
"""
