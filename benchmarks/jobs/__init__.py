"""What runs in a fresh process, one module each with a function `run` that returns what JSON can carry.

Belongs here: the work whose cost is measured. Does not: repetition, comparison, targets (`cases/`).
"""
