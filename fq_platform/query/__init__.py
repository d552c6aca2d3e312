"""Read-only SQL over the lakehouse: one interface, several engines. Imports Dagster for Spark's session only."""
