"""Loops over bytes, compiled by numba. Imported only where documents are extracted."""
