"""Parts that can be attached to the virtual board: one class each (see ``part.Part``)."""
