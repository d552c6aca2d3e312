"""How fast extraction is, measured against a server that costs next to nothing. `make bench` runs it.

Belongs here: the replay server, the cases and their table. Does not: tests, or anything that the platform needs.
"""
