"""Pure functions from DataFrames to a DataFrame, named for the table they make. No Dagster, no I/O."""
