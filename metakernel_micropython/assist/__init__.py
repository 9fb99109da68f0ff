"""What a front end asks for while a person types: Tab, Shift-Tab and ``name?``.

Start at ``inspection``, which answers these requests. ``completion`` knows what the board and the cell offer,
``documentation`` reads the type stubs that ``stubs`` finds.

May import ``cell`` and what lies below it (``display``, ``host``, ``board``); knows the kernel only as
``front_end.FrontEnd``.
"""
