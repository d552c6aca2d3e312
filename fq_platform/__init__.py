"""FQ Platform: MongoDB to an Apache Iceberg lakehouse, orchestrated by Dagster.

Nothing is imported here, so that importing one module costs only that module.
"""
