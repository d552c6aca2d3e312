"""The former place of `mongo_changes`."""

from fq_platform.automation.mongo_changes import build_mongo_sensor

__all__ = ["build_mongo_sensor"]
