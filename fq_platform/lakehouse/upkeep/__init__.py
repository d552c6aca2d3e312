"""Upkeep of tables: small files merged, old snapshots expired, files that nobody refers to removed."""
