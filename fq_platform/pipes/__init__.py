"""Making tables with a Spark that stands somewhere else, told of and reporting by Dagster Pipes."""
