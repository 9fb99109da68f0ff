"""Tests that run on a board: the functions ``test_*`` and test classes of a cell or of files, one execution for each.

Start at ``suite_runner``: it brings a ``suite`` to a board and runs its cases, each to a ``results.Result``.
``suite`` finds the cases in a source, ``asserts`` has it show both sides of an assert that fails,
``preparation`` makes it ready for a board that lacks ``unittest`` or ``async``. ``single_run`` is one program
on the board with its marks and deadline. ``run`` goes through many suites, ``selection`` is ``-k``,
``report`` and ``junit`` are what people and programs read.

May import ``instrument``, ``cell`` and what lies below; knows neither the kernel nor pytest.
"""
