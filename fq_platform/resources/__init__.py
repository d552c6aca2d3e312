"""Dagster resources: MongoDB, Spark and what they need to start."""
