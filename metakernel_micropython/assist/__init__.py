"""What a front end asks for while a person types: Tab, Shift-Tab and ``name?``.

Start at ``inspection``, which answers these requests. ``completion`` knows what the board and the cell offer,
``documentation`` reads the type stubs that ``stubs`` finds.

May import ``host``, ``board`` and ``cell``'s parser; knows the kernel only as ``front_end.FrontEnd``.
"""
