"""A folder of this computer on the board: its files are asked for over the line of the program that uses them.

Start at ``mount.py``, which puts the folder on a board and keeps it there. ``messages.py`` knows the messages and does
no I/O, ``answering.py`` is the thread that answers them, ``file_requests.py`` says what each one means, and
``shared_folder.py`` opens files and lets nobody out of the folder. The board's side is ``board/snippets/mount.py``.
"""
