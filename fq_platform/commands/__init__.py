"""The commands of `fq` that have a file of their own; `cli.py` registers them."""
