"""How Spark writes tables: one module for each mode and each thing that the modes share."""
