"""Partitions, schedules, sensors and freshness: when things run."""
