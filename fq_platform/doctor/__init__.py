"""What `fq doctor` looks at: one check a function, each for one thing that the platform needs.

Belongs here: looking, and saying what to do. Does not: the table that is printed (`commands/doctor.py`).
"""
