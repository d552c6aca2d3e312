"""A lake compared with its source: which documents are there, how often, with which bytes.

Belongs here: the comparison by `_id` and hash. Does not: by value (that is `fq verify`).
"""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lake import Lake
from fq_platform.extraction.batch import index


def run(uri: str, home: str, collection: str) -> dict[str, Any]:
    """Sync once more, then compare.

    Args:
        uri: The replay server.
        home: Folder of the lake.
        collection: The collection's name.

    Returns:
        How many documents are lost, are there more than once, or have other bytes; and the number of snapshots.
    """
    lake = Lake(uri, Path(home) / "lake")
    lake.sync(collection)
    source = _source(lake, collection)
    rows = lake.table(collection).scan(selected_fields=("_id", "_fq_op", "_fq_hash")).to_arrow().to_pylist()
    landed = Counter(row["_id"] for row in rows)
    return {
        "documents": len(source),
        "lost": len(source.keys() - landed.keys()),
        "invented": len(landed.keys() - source.keys()),
        "duplicated": sum(count - 1 for count in landed.values()),
        "different": sum(row["_fq_op"] != "insert" or row["_fq_hash"] != source.get(row["_id"]) for row in rows),
        "snapshots": lake.snapshots(collection),
        "files": len(lake.data_files(collection)),
    }


def _source(lake: Lake, collection: str) -> dict[str, bytes]:
    """The hash of each document by its `_id`, which the server tells a second time, apart from the documents."""
    batches: Any = lake.database[collection].find_raw_batches(sort=[("_id", 1)])  # bytes, whatever its types say
    hashes = [np.ascontiguousarray(index(batch).hashes).view(np.uint8).reshape(-1, 16) for batch in batches]
    ids = [str(document["_id"]) for document in lake.database[collection].find({}, {"_id": 1}).sort("_id")]
    return dict(zip(ids, (row.tobytes() for row in np.concatenate(hashes)), strict=True))
