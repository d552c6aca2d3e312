"""The sensor `mongo_changes`: what was inserted, changed, moved or deleted in MongoDB becomes runs of raw assets.

Belongs here: noticing, and asking for runs until they have succeeded. Does not: what an event means for days
(`extraction/change_stream.py`), comparing (`extraction/sync.py`), what follows from raw tables (`cascade.py`).
"""

from fq_platform.automation.mongo_changes.requests import REQUEST
from fq_platform.automation.mongo_changes.sensor import NAME, build_mongo_sensor

__all__ = ["NAME", "REQUEST", "build_mongo_sensor"]
