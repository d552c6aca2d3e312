"""Extraction by Spark: the MongoDB Spark Connector reads, executors compare and write, the driver commits."""
