"""How the platform grows, computed from what was measured: `python -m benchmarks.scale` prints the page docs/scale.md.

Belongs here: inputs, prices, formulae, the page. Does not: measuring (`benchmarks/cases/scale.py`).
"""
