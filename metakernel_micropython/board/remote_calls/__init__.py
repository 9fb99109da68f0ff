"""Functions and objects of a board, called from the host's Python as if they were its own. Without Jupyter.

``scripting.py`` has what scripts see of it; ``conversation.py`` is one request to the board and its answer.
"""
