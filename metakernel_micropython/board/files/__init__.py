"""A board's file system: single files, folders, packages.

Start at ``filesystem``: it decides how a file crosses the line. ``folder_sync`` makes a folder on the board like one on
this computer, ``installed_packages`` keeps the record of packages.

May import ``board.protocol``, ``board.snippets`` and ``errors``.
"""
