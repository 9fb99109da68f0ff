"""A debugger for boards as they are: programs are rewritten on this computer so that they can pause.

Start at ``debug_session.Debugger``, of which a kernel has one. ``sites`` knows where in a source a probe stands, and
which of them are to stop; ``board_side`` gives the board what probes call; ``follower`` rewrites a cell and waits while
it is paused; ``channel`` is the conversation with a paused program; ``frame_values`` asks for frames, names and values.
``adapter`` answers the requests of a front end's debugger (the Debug Adapter Protocol in Jupyter's messages),
``prompt`` those of a person in a console.

May import ``instrument``, ``cell`` and what lies below; knows the kernel only as ``front_end.FrontEnd``.
"""
