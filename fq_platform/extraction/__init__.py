"""MongoDB to Arrow as a library: reading, typing, windows, diffing. Never imports Dagster."""
