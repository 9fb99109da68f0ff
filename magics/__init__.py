"""What people type: one module and one Magic class each.

A module here looks exactly like a magic of your own: it imports only from ``metakernel_micropython``, and ends with
``register_magics``.
"""
