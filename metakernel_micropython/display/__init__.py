"""What a notebook or a console shows: MIME data, HTML, pictures, file trees, progress bars.

Start at ``mime`` for what a board's ``display()`` gives, at ``html`` for tables and bars of our own. What a board said
is text in all of it, never markup.

May import ``board``; knows the kernel only as ``front_end.FrontEnd``.
"""
